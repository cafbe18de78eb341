"""The training loop: it learns, tells its curve, and the observer only looks on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from mien.experiments.jobs import train_view
from mien.experiments.setting import Setting
from mien.models.options import Plan
from mien.models.ststnet import Ststnet, StstnetOptions
from mien.training.loop import make_optimiser, train
from mien.training.material import Material, gather
from mien.training.weights import fingerprint


def _material(setting: Setting, **options: object) -> Material:
    network = Ststnet(StstnetOptions(**options))  # type: ignore[arg-type]
    view = train_view(setting, setting.folds[0])
    return gather(network, view, seed=0, member=0, device=torch.device("cpu"))


def test_the_loss_falls(small_setting: Callable[..., Setting]) -> None:
    curve = train(_material(small_setting("ststnet"), epochs=30, learning_rate=1e-2, batch_size=16))
    assert len(curve) == 30 and set(curve[0]) == {"loss", "classification"}
    assert curve[-1]["loss"] < 0.7 * curve[0]["loss"]


def test_the_observer_sees_every_epoch_and_changes_nothing(small_setting: Callable[..., Setting]) -> None:
    seen: list[int] = []

    def observe(epoch: int, module: nn.Module) -> None:
        seen.append(epoch)
        module.eval()(torch.zeros(2, 3, 28, 28))

    watched, alone = (_material(small_setting("ststnet"), epochs=3) for _ in range(2))
    train(watched, observe)
    train(alone)
    assert seen == [0, 1, 2]
    assert fingerprint([watched.module]) == fingerprint([alone.module])


def test_gradients_can_be_clipped(small_setting: Callable[..., Setting]) -> None:
    free, held = (_material(small_setting("ststnet"), epochs=1, clip_norm=c) for c in (0.0, 1e-3))
    train(free)
    train(held)
    assert fingerprint([free.module]) != fingerprint([held.module])


@pytest.mark.parametrize(("name", "kind"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)])
def test_optimisers(name: str, kind: type) -> None:
    plan = Plan.parse({"optimiser": name}, model="x")
    assert type(make_optimiser([torch.nn.Parameter(torch.ones(2))], plan)) is kind
