"""AIE-CMCL on sequences: streams, needs, gradients, the start from a file, and what a test clip is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from mien.clips import tasks
from mien.errors import InputError, UsageError
from mien.experiments.jobs import Job, run_job, train_view
from mien.experiments.setting import EvaluateConfig, Setting, resolve
from mien.models import registry
from mien.models.aie_cmcl_clips import AieCmclClips, AieCmclI3d, AieCmclR3d18, AieCmclSmall, LargeOptions
from mien.models.base import Batch
from mien.models.images import picked
from mien.prepare.prepared import PreparedSet
from mien.training.fit import NetworkRecogniser
from mien.training.material import gather

CPU = torch.device("cpu")
SMALL = {"width": 8, "features": 16, "shared": 16, "epochs": 1}
LARGE = [(AieCmclR3d18, 0.5), (AieCmclI3d, 1.0)]


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
        ({"frames": 9}, r"\(3, 8, 32, 32\) per clip; needed: 3 channels, then at least \(9, 18, 18\)"),
        ({"frames": 8, "crop": 0.5, "model": "aie-cmcl-i3d"}, r"then at least \(8, 64, 64\)"),
        ({"model": "aie-cmcl-r3d18"}, r"then at least \(16, 18, 18\)"),
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


@pytest.mark.parametrize(("kind", "crop"), LARGE)
def test_the_smallest_legal_clip_goes_through_the_large_encoders(
    kind: type[AieCmclClips], crop: float
) -> None:
    network = kind(LargeOptions(frames=8, crop=crop, text="none"))
    at_least = network.needs.at_least
    x = {
        "rgb": torch.zeros(1, *at_least["rgb"], dtype=torch.uint8),
        "flow": torch.zeros(1, *at_least["flow"]),
    }
    module = network.build(tasks.get("casme2-5")).eval()
    with torch.inference_mode():
        assert network.logits(module(x)).shape == (1, 5)


@pytest.mark.parametrize(("kind", "crop"), LARGE)
def test_a_start_from_a_file_is_loaded_noted_and_shared_by_both_streams(
    kind: type[AieCmclClips], crop: float, tmp_path: Path
) -> None:
    torch.manual_seed(5)
    published = kind(LargeOptions()).encoder(3)
    state = published.state_dict()
    path = tmp_path / "kinetics.safetensors"
    save_file({**state, "fc.weight": torch.zeros(400, published.n_features)}, path)
    network = kind(LargeOptions(weights=path, text="none"))
    network.check(tasks.get("megc-3"))
    module = network.build(tasks.get("megc-3"))
    network.start(module)
    stem = str(published.stem_weight)
    rgb, flow = module.streams["rgb"].state_dict(), module.streams["flow"].state_dict()
    assert all(torch.equal(rgb[name], tensor) for name, tensor in state.items())
    assert all(torch.equal(flow[name], tensor) for name, tensor in state.items() if name != stem)
    torch.testing.assert_close(flow[stem][:, 1], state[stem].mean(dim=1) * 1.5)
    notes = network.notes()
    assert notes[0].startswith("the rgb stream starts from") and "kinetics.safetensors" in notes[0]
    assert "random" not in "".join(notes)


def test_without_a_file_the_run_says_that_weights_are_random() -> None:
    assert AieCmclR3d18(LargeOptions()).notes() == [
        "the rgb stream starts from random weights",
        "the flow stream starts from random weights",
    ]
    assert _network().notes() == []


def test_pickled_weights_are_refused_before_anything_is_written(small_clips: PreparedSet) -> None:
    config = EvaluateConfig(
        model="aie-cmcl-r3d18",
        data=str(small_clips.path),
        task="megc-3",
        options={"weights": "r3d_18.pth", "frames": "8"},
    )
    with pytest.raises(UsageError, match="can run code"):
        resolve(config)


def test_only_the_small_network_can_be_stacked_and_only_large_ones_mix_precision() -> None:
    assert AieCmclSmall.stackable and not AieCmclR3d18.stackable
    large = AieCmclI3d(LargeOptions(accumulate=4))
    assert (large.accumulate, large.mixed) == (4, True)
    assert (_network().accumulate, _network().mixed) == (1, False)
    with pytest.raises(UsageError, match="no option 'accumulate'"):
        _network(accumulate=2)
