"""A topology grown step by step: blocks are added to a layer, and layers to a network, while the loss falls.

Heidari and Iosifidis, arXiv 2106.04332. Their loss is that of training, which hardly ever stops falling; here the
caller says what the loss is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

S = TypeVar("S")
Topology = tuple[int, ...]
"""How many blocks each layer has."""


@dataclass(frozen=True)
class Attempt(Generic[S]):
    """A topology that was tried: its loss, and what the next one starts from."""

    topology: Topology
    loss: float
    state: S


Try = Callable[[Topology, Attempt[S] | None], Attempt[S]]
"""Trains a topology, beginning from the last accepted attempt (None for the first)."""


def grow(attempt: Try[S], *, max_layers: int, max_blocks: int, least_gain: float) -> Attempt[S]:
    """The attempt that growth ends with.

    A layer gets blocks until one lowers the loss by no more than the share `least_gain`; that block is dropped. Layers
    are added until one lowers the loss by no more than that share; that layer is dropped. A loss that is not finite is
    no gain. The first block is always kept.
    """
    kept = _widened((), None, attempt, max_blocks, least_gain)
    while len(kept.topology) < max_layers:
        deeper = _widened(kept.topology, kept, attempt, max_blocks, least_gain)
        if not _gains(kept.loss, deeper.loss, least_gain):
            break
        kept = deeper
    return kept


def _widened(
    below: Topology, start: Attempt[S] | None, attempt: Try[S], max_blocks: int, least_gain: float
) -> Attempt[S]:
    """The best that one more layer on top of `below` does."""
    kept = attempt((*below, 1), start)
    for blocks in range(2, max_blocks + 1):
        wider = attempt((*below, blocks), kept)
        if not _gains(kept.loss, wider.loss, least_gain):
            break
        kept = wider
    return kept


def _gains(before: float, after: float, least: float) -> bool:
    """Whether the loss fell by more than the share `least`."""
    if not math.isfinite(after):
        return False
    return not math.isfinite(before) or before - after > least * before
