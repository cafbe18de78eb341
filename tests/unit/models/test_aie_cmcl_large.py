"""AIE-CMCL with R3D-18 and I3D: the smallest clip, the start from a file, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mien.clips import tasks
from mien.errors import UsageError
from mien.experiments.setting import EvaluateConfig, resolve
from mien.models import registry
from mien.models.aie_cmcl_clips import AieCmclClips, AieCmclSmall, SmallOptions
from mien.models.aie_cmcl_large import AieCmclI3d, AieCmclR3d18, LargeOptions
from mien.prepare.prepared import PreparedSet

LARGE = [(AieCmclR3d18, 0.5), (AieCmclI3d, 1.0)]


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
    assert AieCmclSmall(SmallOptions()).notes() == []


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
    small = AieCmclSmall(SmallOptions())
    assert (small.accumulate, small.mixed) == (1, False)
    with pytest.raises(UsageError, match="no option 'accumulate'"):
        registry.create("aie-cmcl", {"accumulate": 2})
