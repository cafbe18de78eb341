"""CMG: what it adds to AIE-CMCL's flow network, that AUs stay in training, and that the flagship is as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from mien.clips import tasks
from mien.experiments.jobs import Job, run_job, train_view
from mien.experiments.setting import Setting
from mien.facs.annotation import parse
from mien.models import registry
from mien.models.aie_cmcl_flow import AieCmclFlow, AieFlowOptions, MaskedFlowModule
from mien.models.base import FLOW, Batch
from mien.models.cmg import Cmg, CmgOptions
from mien.models.region_masking import relevance
from mien.training.fit import NetworkRecogniser
from mien.training.material import Material, gather

QUICK = {"synthetic_clips": 0, "text": "multi-hot"}


def _material(setting: Setting, **options: object) -> Material:
    network = Cmg(CmgOptions(**(QUICK | options)))  # type: ignore[arg-type]
    view = train_view(setting, setting.folds[0])
    return gather(network, view, seed=0, member=0, device=torch.device("cpu"))


def _terms(material: Material) -> dict[str, torch.Tensor]:
    batch = Batch(material.inputs, material.targets.per_clip, material.targets.fixed)
    outputs = material.module.train()(batch.inputs, noise=material.draw(material.n_clips))
    return material.network.loss(outputs, batch)


def test_its_loss_has_a_term_for_each_part(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("cmg")
    assert set(_terms(_material(setting))) == {"classification", "structure", "relevance"}
    assert set(_terms(_material(setting, masking="none"))) == {"classification", "structure"}
    assert set(_terms(_material(setting, structure="none"))) == {"classification", "relevance"}
    assert set(_terms(_material(setting, weight=0.5))) == {
        "classification", "contrastive", "structure", "relevance",
    }  # fmt: skip


@pytest.mark.parametrize("structure", ["attributes", "emotion", "clusters", "linear"])
def test_every_structure_gives_a_finite_loss_to_the_embedding(
    structure: str, small_setting: Callable[..., Setting]
) -> None:
    material = _material(small_setting("cmg"), structure=structure)
    term = _terms(material)["structure"]
    term.backward()  # type: ignore[no-untyped-call]
    gradient = material.module.get_parameter("visual_projection.weight").grad
    assert torch.isfinite(term) and gradient is not None and gradient.abs().max() > 0
    assert material.module.get_parameter("classifier.weight").grad is None


def test_only_the_relevance_teaches_the_guide(small_setting: Callable[..., Setting]) -> None:
    material = _material(small_setting("cmg"))
    terms = _terms(material)
    (terms["classification"] + terms["structure"]).backward(retain_graph=True)
    assert all(
        p.grad is None for n, p in material.module.named_parameters() if n.startswith(("guide", "scores"))
    )
    terms["relevance"].backward()
    assert material.module.get_parameter("scores.weight").grad is not None


def test_the_guide_learns_where_action_units_show(small_setting: Callable[..., Setting]) -> None:
    """Trained on synthetic people, it ranks the regions of another's clips far better than chance."""
    setting = small_setting("cmg", epochs=30, batch_size=8, learning_rate=3e-3, shift_px=0, **QUICK)
    view = train_view(setting, setting.folds[0])
    network = Cmg(CmgOptions.parse(setting.options, model="cmg"))
    learner = NetworkRecogniser(network, 0)
    learner.fit(view)
    held_out = setting.folds[0].held_out
    with torch.inference_mode():
        scores = learner.modules[0].eval()(network.tensors({FLOW: setting.arrays[FLOW][held_out]})).relevance
    needed, told = relevance([setting.annotations[i] for i in held_out])
    from sklearn.metrics import roc_auc_score

    keep = told == 1
    assert roc_auc_score(needed[keep].ravel(), scores.numpy()[keep].ravel()) > 0.7


def test_masks_change_what_the_encoder_sees() -> None:
    module = Cmg(CmgOptions(**QUICK)).build(tasks.get("megc-3")).eval()  # type: ignore[arg-type]
    assert isinstance(module, MaskedFlowModule)
    x = torch.zeros(1, 3, 28, 28)
    x[:, :, 24:] = 1  # the chin alone moves
    with torch.no_grad():
        module.scores.weight.zero_()
        module.scores.bias.copy_(torch.tensor([9.0] * 8 + [-40.0]))
        hidden, still = module(x), module(torch.zeros_like(x))
        torch.testing.assert_close(hidden.visual, still.visual)
        module.scores.bias.fill_(9.0)
        assert not torch.allclose(module(x).visual, still.visual, atol=1e-4)


def test_the_control_gives_each_clip_the_regions_of_another(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("cmg")
    true, other = (_material(setting, masking=m).targets.per_clip for m in ("au", "shuffled"))
    assert torch.equal(true["told"], other["told"])
    assert not torch.equal(true["needed"], other["needed"])
    assert sorted(map(tuple, true["needed"].tolist())) == sorted(map(tuple, other["needed"].tolist()))


def test_clips_without_any_action_units_are_classified_all_the_same(
    small_setting: Callable[..., Setting],
) -> None:
    setting = small_setting("cmg", epochs=1, **QUICK)
    uncoded = replace(setting, annotations=tuple(parse(None) for _ in setting.annotations))
    for structure in ("emotion", "linear"):
        options = {**uncoded.options, "structure": structure}
        result = run_job(replace(uncoded, options=options), Job(0, 0), compiled=False)
        assert np.isfinite(result.prob).all()
        for name in ("structure", "relevance"):
            assert (result.curve[0, :, result.curve_names.index(name)] == 0).all()


def test_the_flagship_draws_and_builds_nothing_new_by_default(small_setting: Callable[..., Setting]) -> None:
    network = AieCmclFlow(AieFlowOptions(synthetic_clips=0))
    setting = small_setting("aie-cmcl-flow")
    view = train_view(setting, setting.folds[0])
    material = gather(network, view, seed=0, member=0, device=torch.device("cpu"))
    assert set(material.draw(4)) == {"flip", "shift", "keep_encoded", "keep_fused", "phrasing"}
    assert set(material.targets.per_clip) == {"label", "weight", "set", "coded"}
    assert set(material.targets.fixed) == {"bank", "bank_valid", "alike"}
    assert not any(n.startswith(("guide", "scores")) for n, _ in material.module.named_parameters())


def test_both_parts_are_options_of_the_flagship(small_setting: Callable[..., Setting]) -> None:
    """Beside its contrast with texts; they are the parts of CMG, under the same loss."""
    parts = {"masking": "au", "structure": "emotion"}
    setting = small_setting("aie-cmcl-flow", **QUICK)
    view = train_view(setting, setting.folds[0])
    found = {}
    for name, more in (("aie-cmcl-flow", parts), ("cmg", {"weight": 0.5, "learn_temperature": True})):
        network = registry.create(name, QUICK | more)
        assert isinstance(network, AieCmclFlow)
        found[name] = _terms(gather(network, view, seed=0, member=0, device=torch.device("cpu")))
    assert set(found["aie-cmcl-flow"]) == {"classification", "contrastive", "structure", "relevance"}
    for term, value in found["cmg"].items():
        torch.testing.assert_close(value, found["aie-cmcl-flow"][term])


def test_no_text_is_projected_unless_it_is_asked_for() -> None:
    projected = {
        weight: Cmg(CmgOptions(**QUICK, weight=weight))  # type: ignore[arg-type]
        .build(tasks.get("megc-3"))
        .text_projection.weight.requires_grad
        for weight in (0.0, 0.5)
    }
    assert projected == {0.0: False, 0.5: True}


def test_half_of_the_clips_are_not_compared_with_their_own_person(
    small_setting: Callable[..., Setting],
) -> None:
    material = _material(small_setting("cmg"))
    spared = material.network.draw(4000, torch.Generator().manual_seed(0))["spared"]
    assert set(spared.tolist()) == {0, 1} and spared.mean().item() == pytest.approx(0.5, abs=0.03)
    batch = Batch(material.inputs, material.targets.per_clip, material.targets.fixed)
    noise = material.draw(material.n_clips)
    found = []
    for every in (0.0, 1.0):
        drawn = noise | {"spared": torch.full_like(noise["spared"], every)}
        outputs = material.module.train()(batch.inputs, noise=drawn)
        found.append(material.network.loss(outputs, batch)["structure"].item())
    assert found[0] != pytest.approx(found[1], rel=1e-3)
