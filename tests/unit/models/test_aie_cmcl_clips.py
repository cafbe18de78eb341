"""AIE-CMCL on sequences: streams, needs, gradients, the start from a file, and what a test clip is shown."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from mien.errors import InputError
from mien.experiments.jobs import Job, run_job, train_view
from mien.experiments.setting import EvaluateConfig, Setting, resolve
from mien.models import registry
from mien.models.aie_cmcl_clips import AieCmclClips
from mien.models.base import Batch
from mien.models.images import picked
from mien.prepare.prepared import PreparedSet
from mien.training.fit import NetworkRecogniser
from mien.training.material import gather

CPU = torch.device("cpu")
SMALL = {"width": 8, "features": 16, "shared": 16, "epochs": 1}


def _network(name: str = "aie-cmcl", **options: object) -> AieCmclClips:
    network = registry.create(name, options)
    assert isinstance(network, AieCmclClips)
    return network


@pytest.mark.parametrize(
    ("streams", "arrays"), [("rgb", {"rgb"}), ("flow", {"flow"}), ("both", {"rgb", "flow"})]
)
@pytest.mark.parametrize("fusion", ["concat", "sum", "late"])
def test_streams_decide_what_is_read_and_gradients_reach_every_weight(
    streams: str, arrays: set[str], fusion: str, small_setting: Callable[..., Setting]
) -> None:
    setting = small_setting("aie-cmcl", **SMALL, streams=streams, fusion=fusion)
    assert set(setting.arrays) == arrays
    network = _network(**setting.options)
    material = gather(network, train_view(setting, setting.folds[0]), seed=0, member=0, device=CPU)
    outputs = material.module.train()(material.inputs, noise=material.draw(material.n_clips))
    batch = Batch(material.inputs, material.targets.per_clip, material.targets.fixed)
    terms = network.loss(outputs, batch)
    sum(terms.values()).backward()
    for name, parameter in material.module.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, name


def test_the_arrays_are_taken_as_they_are_stored(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("aie-cmcl", **SMALL)
    view = train_view(setting, setting.folds[0])
    found = _network(**setting.options).tensors(view.arrays)
    assert found["rgb"].dtype == torch.uint8
    for name, tensor in found.items():
        assert tensor.data_ptr() == view.arrays[name].__array_interface__["data"][0]


def test_values_of_another_type_are_refused(small_setting: Callable[..., Setting]) -> None:
    arrays = dict(small_setting("aie-cmcl", **SMALL).arrays)
    arrays["flow"] = arrays["flow"].astype(np.uint8)
    with pytest.raises(InputError, match=r"'flow' has values of another type(.|\n)*uint8(.|\n)*float32"):
        _network(**SMALL).tensors(arrays)


def test_clips_converted_in_batches_are_those_converted_together(
    small_setting: Callable[..., Setting],
) -> None:
    setting = small_setting("aie-cmcl", **SMALL)
    network = _network(**setting.options)
    module = network.build(setting.task)
    x = network.tensors(setting.arrays)
    for name, stored in x.items():
        together = module._values(name, stored, {})
        parts = [module._values(name, picked(x, torch.arange(i, i + 8))[name], {}) for i in range(0, 40, 8)]
        assert torch.equal(torch.cat(parts), together)


def test_test_flip_makes_mirror_images_equal(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("aie-cmcl", **SMALL)
    learner = NetworkRecogniser(_network(**setting.options), 0)
    learner.fit(train_view(setting, setting.folds[0]))
    clips = {name: array[:4] for name, array in setting.arrays.items()}
    mirrored = {name: array[..., ::-1].copy() for name, array in clips.items()}
    mirrored["flow"][:, 0] *= -1
    np.testing.assert_allclose(learner.predict_proba(clips), learner.predict_proba(mirrored), atol=1e-6)


def test_held_out_clips_are_embedded_beside_training_texts(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("aie-cmcl", **SMALL, batch_size=5)
    found = run_job(setting, Job(0, 0), compiled=False).embedding
    assert found is not None and found.visual.shape == (len(setting.folds[0].held_out), 16)
    np.testing.assert_allclose(np.linalg.norm(found.visual, axis=1), 1, atol=1e-5)


def test_it_learns_what_moves(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting(
        "aie-cmcl", width=8, epochs=12, crop=1, text="none", learning_rate=3e-3, dropout=0
    )
    result = run_job(setting, Job(0, 0), compiled=False)
    assert result.curve[0, -1, 0] < 0.8 * result.curve[0, 0, 0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frames": 9}, "'rgb' is 3 x 8 x 32 x 32 per clip; needed: 3 channels of 9 x 18 x 18 at least"),
        ({"frames": 8, "crop": 0.5, "model": "aie-cmcl-i3d"}, "needed: 3 channels of 8 x 64 x 64 at least"),
        ({"model": "aie-cmcl-r3d18"}, "needed: 3 channels of 16 x 18 x 18 at least"),
    ],
)
def test_sets_that_are_too_small_are_refused(
    options: dict[str, object], message: str, small_clips: PreparedSet
) -> None:
    given = {"model": "aie-cmcl", **options}
    config = EvaluateConfig(
        model=str(given.pop("model")),
        data=str(small_clips.path),
        task="megc-3",
        options={name: str(value) for name, value in given.items()},
    )
    with pytest.raises(InputError, match=message):
        resolve(config)
