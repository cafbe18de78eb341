"""AIE-CMCL on the flow image: what it is made of, where gradients go, and that text stays in training."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable

import numpy as np
import pytest
import torch

from mien.clips import tasks
from mien.errors import UsageError
from mien.experiments.jobs import Job, run_job, train_view
from mien.experiments.setting import Setting
from mien.facs.annotation import parse
from mien.models.aie_cmcl import AieCmclModule
from mien.models.aie_cmcl_flow import AieCmclFlow, AieFlowOptions
from mien.models.base import FLOW, Batch
from mien.training.fit import NetworkRecogniser
from mien.training.material import gather

CPU = torch.device("cpu")


def _step(setting: Setting, **options: object) -> tuple[dict[str, torch.Tensor], torch.nn.Module]:
    network = AieCmclFlow(AieFlowOptions(**options))  # type: ignore[arg-type]
    material = gather(network, train_view(setting, setting.folds[0]), seed=0, member=0, device=CPU)
    targets = material.targets
    batch = Batch(material.inputs, targets.per_clip, targets.fixed)
    outputs = material.module.train()(batch.inputs, noise=material.draw(len(batch.inputs)))
    return network.loss(outputs, batch), material.module


def test_loss_has_both_terms_and_reaches_both_projections(small_setting: Callable[..., Setting]) -> None:
    terms, module = _step(small_setting("aie-cmcl-flow"), text="sentences", weight=0.5)
    assert set(terms) == {"classification", "contrastive"}
    terms["contrastive"].backward()
    assert isinstance(module, AieCmclModule)
    for layer in (module.visual_projection, module.text_projection, module.fusion):
        assert layer.weight.grad is not None and layer.weight.grad.abs().max() > 0
    assert module.classifier.weight.grad is None
    assert module.log_scale.grad is not None


def test_without_text_there_is_no_contrastive_term(small_setting: Callable[..., Setting]) -> None:
    for options in ({"text": "none"}, {"weight": 0}):
        terms, _ = _step(small_setting("aie-cmcl-flow"), **options)
        assert set(terms) == {"classification"}


@pytest.mark.parametrize("positives", ["multi", "soft", "diagonal"])
@pytest.mark.parametrize("columns", ["bank", "batch"])
@pytest.mark.parametrize("text", ["sentences", "names", "emotion", "multi-hot", "shuffled"])
def test_every_form_of_the_loss_is_finite(
    positives: str, columns: str, text: str, small_setting: Callable[..., Setting]
) -> None:
    terms, _ = _step(
        small_setting("aie-cmcl-flow"), positives=positives, columns=columns, text=text, weight=1
    )
    assert all(torch.isfinite(t) for t in terms.values()) and float(terms["contrastive"].detach()) > 0


def test_the_temperature_can_be_fixed(small_setting: Callable[..., Setting]) -> None:
    _, module = _step(small_setting("aie-cmcl-flow"), learn_temperature=False, temperature=0.1)
    assert isinstance(module, AieCmclModule) and not module.log_scale.requires_grad
    assert float(module.log_scale.exp()) == pytest.approx(10, rel=1e-5)


def test_prediction_takes_no_action_units() -> None:
    assert list(inspect.signature(NetworkRecogniser.predict_proba).parameters) == ["self", "inputs"]
    assert "noise" in inspect.signature(AieCmclModule.forward).parameters
    assert not {"au", "text", "annotations"} & set(inspect.signature(AieCmclModule.forward).parameters)


def test_test_flip_makes_mirror_images_equal(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("aie-cmcl-flow", epochs=1, members=1, synthetic_clips=0, test_flip=True)
    learner = NetworkRecogniser(AieCmclFlow(AieFlowOptions.parse(setting.options, model="x")), 0)
    learner.fit(train_view(setting, setting.folds[0]))
    flow = setting.arrays[FLOW][:4]
    mirrored = flow[..., ::-1].copy()
    mirrored[:, 0] *= -1
    np.testing.assert_allclose(
        learner.predict_proba({FLOW: flow}), learner.predict_proba({FLOW: mirrored}), atol=1e-5
    )


def test_embeds_held_out_clips_beside_training_texts(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("aie-cmcl-flow", epochs=1, members=1, synthetic_clips=0)
    found = run_job(setting, Job(0, 0), compiled=False).embedding
    n = len(setting.folds[0].held_out)
    assert found is not None and found.visual.shape[0] == len(found.nearest) == len(found.similarity) == n
    np.testing.assert_allclose(np.linalg.norm(found.visual, axis=1), 1, atol=1e-5)


def test_clips_without_any_action_units_are_classified_all_the_same(
    small_setting: Callable[..., Setting],
) -> None:
    setting = small_setting("aie-cmcl-flow", epochs=2, synthetic_clips=0, learning_rate=0.01)
    uncoded = dataclasses.replace(setting, annotations=tuple(parse(None) for _ in setting.annotations))
    for columns in ("bank", "batch"):
        options = {**uncoded.options, "columns": columns}
        result = run_job(dataclasses.replace(uncoded, options=options), Job(0, 0), compiled=False)
        assert np.isfinite(result.prob).all() and result.embedding is None
        assert (result.curve[0, :, result.curve_names.index("contrastive")] == 0).all()


def test_synthetic_pre_training_changes_the_start_and_repeats_itself(
    small_setting: Callable[..., Setting],
) -> None:
    few = {"epochs": 1, "members": 1, "synthetic_epochs": 1}
    prob = [
        run_job(small_setting("aie-cmcl-flow", synthetic_clips=n, **few), Job(0, 0), compiled=False).prob
        for n in (0, 40, 40)
    ]
    assert prob[1].tobytes() == prob[2].tobytes() != prob[0].tobytes()


def test_synthetic_pre_training_needs_a_task_that_covers_it() -> None:
    network = AieCmclFlow(AieFlowOptions(synthetic_clips=8))
    with pytest.raises(UsageError, match="not possible for task 'casme2-5'"):
        network.check(tasks.get("casme2-5"))
