"""What a network is trained on: every clip once an epoch, learning rates of the plan."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch

from mien.experiments.jobs import train_view
from mien.experiments.setting import Setting
from mien.models.options import Plan
from mien.models.ststnet import Ststnet, StstnetOptions
from mien.training.material import gather, learning_rate

CPU = torch.device("cpu")


def test_constant_schedule() -> None:
    plan = Plan(epochs=10, learning_rate=0.1)
    assert [learning_rate(plan, e) for e in range(10)] == [0.1] * 10


def test_warm_up_then_cosine_to_a_tenth() -> None:
    plan = Plan(epochs=12, learning_rate=0.1, schedule="cosine", warmup_epochs=4)
    rates = [learning_rate(plan, e) for e in range(12)]
    assert rates[:4] == pytest.approx([0.025, 0.05, 0.075, 0.1])
    assert rates[4] == pytest.approx(0.1) and rates[-1] == pytest.approx(0.01)
    assert all(a >= b for a, b in pairwise(rates[4:]))


def test_a_step_to_a_tenth_in_the_last_quarter() -> None:
    plan = Plan(epochs=40, learning_rate=0.1, schedule="step")
    assert [learning_rate(plan, e) for e in (0, 29, 30, 39)] == pytest.approx([0.1, 0.1, 0.01, 0.01])


def test_the_exponential_schedule_falls_for_fifty_epochs() -> None:
    plan = Plan(epochs=74, learning_rate=8e-4, schedule="exponential")
    rates = [learning_rate(plan, e) for e in range(74)]
    assert rates[0] == 8e-4 and rates[10] == pytest.approx(8e-4 * 0.987**10)
    assert rates[50] == rates[73] == pytest.approx(8e-4 * 0.987**50)


def test_an_epoch_shows_every_clip_once_and_orders_differ(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("ststnet")
    view = train_view(setting, setting.folds[0])
    material = gather(Ststnet(StstnetOptions(batch_size=10)), view, seed=0, member=0, device=CPU)
    epochs = [torch.cat(list(material.epoch())) for _ in range(2)]
    assert all(sorted(e.tolist()) == list(range(len(view))) for e in epochs)
    assert epochs[0].tolist() != epochs[1].tolist()
    assert material.steps_per_epoch == -(-len(view) // 10) == len(list(material.epoch()))


def test_the_start_depends_on_seed_fold_and_member(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("ststnet")
    network = Ststnet(StstnetOptions())

    def start(fold: int, seed: int, member: int) -> bytes:
        view = train_view(setting, setting.folds[fold])
        module = gather(network, view, seed=seed, member=member, device=CPU).module
        return b"".join(p.detach().numpy().tobytes() for p in module.parameters())

    assert start(0, 0, 0) == start(0, 0, 0)
    assert len({start(0, 0, 0), start(1, 0, 0), start(0, 1, 0), start(0, 0, 1)}) == 4
