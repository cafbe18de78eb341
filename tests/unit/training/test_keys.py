"""Random generators keyed by what they are for."""

from __future__ import annotations

import torch

from mien.training import keys


def test_keys_depend_on_every_part() -> None:
    base = keys.key(0, "casme2/sub01", 0)
    assert base == keys.key(0, "casme2/sub01", 0)
    others = [keys.key(1, "casme2/sub01", 0), keys.key(0, "casme2/sub02", 0), keys.key(0, "casme2/sub01", 1)]
    assert len({base, *others}) == 4


def test_seeded_leaves_the_global_generator_as_it_was() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    with keys.seeded("anything"):
        inside = torch.rand(1)
    assert torch.rand(1) == expected and inside != expected
