"""MIACNet: its sizes, and that both branches reach the classifier evenly."""

from __future__ import annotations

import pytest
import torch

from mien.clips import tasks
from mien.models.ma2mi import Ma2mi, Ma2miSmall, MiacPlan, SmallPlan

TASK = tasks.get("casme2-5")


def test_the_action_branch_is_that_of_mmnet_with_a_level_end() -> None:
    module = Ma2mi(MiacPlan()).build(TASK)
    assert sum(p.numel() for p in module.action.parameters()) == 5220 + 2523664 + 2 * 512
    assert sum(p.numel() for p in module.head.parameters()) == 512 * 5 + 5


@pytest.mark.parametrize("side", [32, 64, 80])
def test_the_small_one_reads_any_size_from_32(side: int) -> None:
    network = Ma2miSmall(SmallPlan(width=8))
    assert network.needs.at_least == {"key_frames": (3, 5, 32, 32)}
    clips = torch.randint(0, 255, (2, 3, 5, side, side), dtype=torch.uint8)
    assert network.build(TASK).eval()(clips).shape == (2, 5)


def test_neither_branch_drowns_the_other_at_the_start() -> None:
    torch.manual_seed(0)
    module, size = Ma2miSmall(SmallPlan()).build(TASK), {}
    for name in ("action", "position"):
        getattr(module, name).register_forward_hook(
            lambda _, given, out, name=name: size.update({name: out.square().mean().item()})
        )
    module(torch.randint(0, 255, (8, 3, 5, 32, 32), dtype=torch.uint8))
    assert 0.5 < size["action"] / size["position"] < 2


def test_dropout_takes_whole_features_and_keeps_the_mean() -> None:
    network = Ma2miSmall(SmallPlan(dropout=0.5))
    keep = network.draw(2000, torch.Generator().manual_seed(0))["keep"]
    assert keep.shape == (2000, 128) and set(keep.unique().tolist()) == {0.0, 2.0}
    assert keep.mean().item() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("network", "expected"), [(Ma2mi(MiacPlan()), 4_646_329), (Ma2miSmall(SmallPlan()), 274_709)]
)
def test_parameters_of_both_sizes(network: Ma2mi | Ma2miSmall, expected: int) -> None:
    assert sum(p.numel() for p in network.build(TASK).parameters()) == expected
