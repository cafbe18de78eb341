"""SlowFast: its published size, its two speeds, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mien.clips.tasks import Task
from mien.errors import InputError
from mien.models.slowfast import CLIPS, PeopleSlowFast, SlowFast, SlowFastOptions

TINY = SlowFastOptions(width=8, epochs=1)


def tiny(alpha: int = 4) -> SlowFast:
    torch.manual_seed(0)
    return SlowFast(3, "small", 8, alpha, 4).eval()


@pytest.mark.parametrize(
    ("people", "beta", "parameters", "features"),
    [
        (400, 8, 34_566_488, 2304),  # 34.57 million in the model zoo of its authors
        (26, 8, 33_704_418, 2304),
        (26, 16, 32_495_198, 2176),
        (26, 32, 32_041_260, 2112),
    ],
)
def test_the_published_network_has_its_published_size(
    people: int, beta: int, parameters: int, features: int
) -> None:
    with torch.device("meta"):
        network = SlowFast(people, "resnet50", 64, 4, beta)
    assert sum(p.numel() for p in network.parameters()) == parameters
    assert network.n_features == features


def test_stages_have_the_published_channels_and_sides() -> None:
    with torch.device("meta"):
        network = SlowFast(26, "resnet50", 64, 8, 8)
        seen: dict[str, tuple[int, ...]] = {}
        for name, part in [*network.slow.named_children(), *network.fast.named_children()]:
            path = "slow" if part in list(network.slow) else "fast"
            part.register_forward_hook(
                lambda _m, _i, o, key=f"{path}{name}": seen.update({key: tuple(o.shape[1:])})
            )
        network.eval()(torch.empty(1, 3, 64, 224, 224))
    for stage, (channels, side) in enumerate([(256, 56), (512, 28), (1024, 14), (2048, 7)]):
        assert seen[f"slow{stage}"] == (channels, 8, side, side)
        assert seen[f"fast{stage}"] == (channels // 8, 64, side, side)


def test_the_slow_path_reads_every_alphath_frame_and_the_fast_path_all() -> None:
    network = tiny()
    for lateral in network.laterals:
        for parameter in lateral.parameters():
            torch.nn.init.zeros_(parameter)  # the paths no longer speak to each other
    clip, n_fast = torch.rand(1, 3, 8, 32, 32), 32 * 2
    before = network.features(clip)
    read: dict[str, list[int]] = {"slow": [], "fast": []}
    for frame in range(8):
        changed = clip.clone()
        changed[:, :, frame] = 0
        after = network.features(changed)
        read["slow"] += [] if torch.equal(before[:, :-n_fast], after[:, :-n_fast]) else [frame]
        read["fast"] += [] if torch.equal(before[:, -n_fast:], after[:, -n_fast:]) else [frame]
    # with 8 frames and alpha 4 the slow path reads the first and the last; the authors' sampler gave one frame 59 times
    assert read == {"slow": [0, 7], "fast": list(range(8))}


def test_clips_are_scored_each_on_its_own() -> None:
    network = tiny()
    clips = torch.rand(5, 3, 8, 32, 32)
    torch.testing.assert_close(network(clips)[3:4], network(clips[3:4]), atol=1e-5, rtol=1e-4)


def test_frames_that_cannot_be_shared_out_are_refused() -> None:
    with pytest.raises(InputError, match="6 frames, alpha 4"):
        tiny()(torch.rand(1, 3, 6, 32, 32))


def test_dropped_features_reach_the_classifier_as_zeros() -> None:
    network = PeopleSlowFast(TINY)
    module = network.build(Task("people", "", ("a", "b"), "", {})).eval()
    noise = network.draw(2, torch.Generator().manual_seed(0))
    x = network.tensors({CLIPS: np.random.default_rng(0).random((2, 3, 8, 32, 32))})
    assert noise["keep"].shape == (2, module.n_features)
    assert set(noise["keep"].unique().tolist()) == {0, 2}
    nothing = module(x, {"keep": torch.zeros_like(noise["keep"])})
    torch.testing.assert_close(nothing, module.classifier.bias.expand(2, 2))
