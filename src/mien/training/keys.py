"""Random generators keyed by what they are for, so that any fold alone draws what it draws among all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def key(*parts: object) -> int:
    """A 63-bit number that depends on the parts (seed, fold, member, purpose) and on nothing else."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generator(device: torch.device, *parts: object) -> torch.Generator:
    """A torch generator on `device`, seeded by `key(*parts)`."""
    return torch.Generator(device).manual_seed(key(*parts))


@contextmanager
def seeded(*parts: object) -> Iterator[None]:
    """torch's global CPU generator seeded by `key(*parts)` inside, restored after."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(key(*parts))
        yield
