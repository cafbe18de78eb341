"""The plan's learning rates, random keys, and what the loop does with the last epoch."""

from __future__ import annotations

import pytest
import torch

from mien.models.options import Plan
from mien.training import keys
from mien.training.loop import make_optimiser
from mien.training.material import learning_rate


def test_constant_schedule() -> None:
    plan = Plan(epochs=10, learning_rate=0.1)
    assert [learning_rate(plan, e) for e in range(10)] == [0.1] * 10


def test_warm_up_then_cosine_to_a_tenth() -> None:
    plan = Plan(epochs=12, learning_rate=0.1, schedule="cosine", warmup_epochs=4)
    rates = [learning_rate(plan, e) for e in range(12)]
    assert rates[:4] == pytest.approx([0.025, 0.05, 0.075, 0.1])
    assert rates[4] == pytest.approx(0.1) and rates[-1] == pytest.approx(0.01)
    assert all(a >= b for a, b in zip(rates[4:], rates[5:], strict=False))


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


def test_optimisers() -> None:
    p = [torch.nn.Parameter(torch.ones(2))]
    assert type(make_optimiser(p, Plan(optimiser="adam"))) is torch.optim.Adam
    assert type(make_optimiser(p, Plan(optimiser="adamw"))) is torch.optim.AdamW
