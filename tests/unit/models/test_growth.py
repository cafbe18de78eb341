"""Growth on losses that a hand can follow."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from mien.models.growth import Attempt, Topology, grow

Attempts = list[tuple[Topology, Topology | None]]


def run(losses: Mapping[Topology, float], **limits: float) -> tuple[Attempt[Topology], Attempts]:
    """What growth ends with, and all attempts in their order with what each began from."""
    tried: Attempts = []

    def attempt(topology: Topology, start: Attempt[Topology] | None) -> Attempt[Topology]:
        tried.append((topology, start.topology if start else None))
        return Attempt(topology, losses[topology], topology)

    given = {"max_layers": 5, "max_blocks": 5, "least_gain": 0.1} | limits
    return grow(attempt, **given), tried  # type: ignore[arg-type]


def test_blocks_then_layers_until_neither_helps() -> None:
    losses = {
        (1,): 1.0,
        (2,): 0.8,
        (3,): 0.75,
        (2, 1): 0.9,
        (2, 2): 0.6,
        (2, 3): 0.59,
        (2, 2, 1): 0.55,
        (2, 2, 2): 0.5505,
    }
    found, tried = run(losses)
    assert (found.topology, found.loss, found.state) == ((2, 2), 0.6, (2, 2))
    assert tried == [
        ((1,), None),
        ((2,), (1,)),
        ((3,), (2,)),
        ((2, 1), (2,)),
        ((2, 2), (2, 1)),
        ((2, 3), (2, 2)),
        ((2, 2, 1), (2, 2)),
        ((2, 2, 2), (2, 2, 1)),
    ]


def test_a_gain_of_just_the_threshold_is_none() -> None:
    found, _ = run({(1,): 1.0, (2,): 0.75, (1, 1): 2.0, (1, 2): 2.0}, least_gain=0.25)
    assert found.topology == (1,)
    found, _ = run({(1,): 1.0, (2,): 0.74, (3,): 1, (2, 1): 2.0, (2, 2): 2.0}, least_gain=0.25)
    assert found.topology == (2,)


def test_limits_end_growth_that_never_stops_helping() -> None:
    class Falling(dict[Topology, float]):
        def __missing__(self, topology: Topology) -> float:
            return 0.5 ** sum(topology)

    found, tried = run(Falling(), max_layers=2, max_blocks=3)
    assert found.topology == (3, 3)
    assert len(tried) == 6


def test_a_worse_layer_is_dropped_with_all_its_blocks() -> None:
    found, _ = run({(1,): 0.5, (2,): 0.6, (1, 1): 3.0, (1, 2): 1.0, (1, 3): 0.49, (1, 4): 0.48}, max_blocks=4)
    assert found.topology == (1,)


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_a_loss_that_is_no_number_is_no_gain(broken: float) -> None:
    found, _ = run({(1,): 0.5, (2,): broken, (1, 1): broken, (1, 2): broken})
    assert found.topology == (1,)
    found, _ = run({(1,): broken, (2,): 0.5, (3,): 0.5, (2, 1): 0.5, (2, 2): 0.5})
    assert found.topology == (2,)


def test_a_loss_of_nothing_cannot_be_beaten() -> None:
    found, _ = run({(1,): 0.0, (2,): 0.0, (1, 1): 0.0, (1, 2): 0.0})
    assert found.topology == (1,)
