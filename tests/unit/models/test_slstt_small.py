"""The small SLSTT: flips, what learns, sizes that do not fit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mien.clips import tasks
from mien.errors import UsageError
from mien.models import registry
from mien.models.slstt import MIRRORED, SEEN
from mien.models.slstt_small import SlsttSmall

FIVE = tasks.get("casme2-5")


def _network(**options: object) -> SlsttSmall:
    network = registry.create("slstt-small", options)
    assert isinstance(network, SlsttSmall)
    return network


def _flow() -> dict[str, np.ndarray]:
    return {"flow": np.random.default_rng(0).normal(size=(2, 2, 4, 32, 32)).astype(np.float32)}


def test_a_flip_shows_the_mirrored_clip_and_both_are_averaged_at_test() -> None:
    network = _network(size_px=32)
    x = network.tensors(_flow())
    mirrored = _flow()["flow"][..., ::-1].copy()
    mirrored[:, 0] *= -1
    assert torch.equal(x[MIRRORED], network.tensors({"flow": mirrored})[SEEN])
    module = network.build(FIVE).eval()
    flipped = module(x, noise={"flip": torch.tensor([1.0, 0.0])})
    torch.testing.assert_close(flipped[0], module({SEEN: x[MIRRORED]})[0])
    torch.testing.assert_close(flipped[1], module(x)[1])
    seen, other = network.views(x)
    assert torch.equal(seen[SEEN], x[SEEN]) and torch.equal(other[SEEN], x[MIRRORED])


def test_the_small_network_is_as_small_as_its_page_says_and_holds_one_last_norm() -> None:
    module = _network().build(FIVE)
    assert sum(p.numel() for p in module.parameters()) == 150_405
    assert [name for name in module.state_dict() if name.endswith(".norm.weight")] == [
        "aggregator.norm.weight"
    ]


def test_the_small_network_learns_all_of_its_transformer() -> None:
    network = _network(width=8, heads=2, hidden=8)
    module = network.build(FIVE)
    generator = torch.Generator().manual_seed(0)
    module(network.tensors(_flow()), noise=network.draw(2, generator)).square().sum().backward()
    missed = [name for name, p in module.named_parameters() if p.grad is None or not p.grad.any()]
    assert missed == []


@pytest.mark.parametrize("options", [{"patch_px": 7}, {"heads": 5}])
def test_sizes_that_do_not_fit_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="patches do not fill"):
        _network(**options).check(FIVE)
