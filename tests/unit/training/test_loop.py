"""The training loop: it learns, tells its curve, and the observer only looks on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from mien.clips import tasks
from mien.experiments.jobs import train_view
from mien.experiments.setting import Setting
from mien.models import registry
from mien.models.base import Network
from mien.models.options import Optimiser, Plan
from mien.models.ststnet import Ststnet, StstnetOptions
from mien.training.loop import make_optimiser, parameter_groups, set_learning_rate, train
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


@pytest.mark.parametrize(
    ("name", "kind"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD)]
)
def test_optimisers(name: str, kind: type) -> None:
    plan = Plan.parse({"optimiser": name}, model="x")
    assert type(make_optimiser([torch.nn.Parameter(torch.ones(2))], plan)) is kind


def test_a_step_in_parts_gives_the_gradients_of_the_whole_step(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("aie-cmcl", width=8, epochs=1, batch_size=64, text="none", clip_norm=0)
    view = train_view(setting, setting.folds[0])
    found = []
    for parts in (1, 3):
        network = registry.create("aie-cmcl", setting.options)
        assert isinstance(network, Network)
        network.accumulate = parts
        material = gather(network, view, seed=0, member=0, device=torch.device("cpu"))
        (row,) = train(material)
        gradients = [p.grad for p in material.module.parameters() if p.grad is not None]
        found.append((row["loss"], torch.cat([g.flatten() for g in gradients])))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-5)
    torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-4, atol=1e-6)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_mixed_precision_trains_on_a_gpu_close_to_float32(small_setting: Callable[..., Setting]) -> None:
    options = {"frames": 8, "crop": 1, "epochs": 2, "text": "none"}
    setting = small_setting("aie-cmcl-r3d18", **options)
    view = train_view(setting, setting.folds[0])
    losses = []
    for mixed in (True, False):
        network = registry.create("aie-cmcl-r3d18", {**options, "mixed": mixed})
        assert isinstance(network, Network)
        material = gather(network, view, seed=0, member=0, device=torch.device("cuda"))
        losses.append([row["loss"] for row in train(material)])
        assert all(p.dtype == torch.float32 for p in material.module.parameters())
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], rel=0.1)


@pytest.mark.parametrize("name", ["sgd", "nesterov"])
def test_sgd_has_momentum_and_decay(name: Optimiser) -> None:
    """Two steps by hand: v <- 0.9 v + g + decay w, then w <- w - rate v, or with Nesterov's (g + decay w + 0.9 v)."""
    weight = torch.nn.Parameter(torch.tensor([1.0]))
    optimiser = make_optimiser(
        [weight],
        Plan(optimiser=name, learning_rate=0.1, weight_decay=0.5),  # type: ignore[call-arg]
    )
    expected, velocity = 1.0, 0.0
    for gradient in (2.0, -1.0):
        weight.grad = torch.tensor([gradient])
        optimiser.step()
        whole = gradient + 0.5 * expected
        velocity = 0.9 * velocity + whole
        expected -= 0.1 * (whole + 0.9 * velocity if name == "nesterov" else velocity)
        assert weight.item() == pytest.approx(expected)


class _SlowConvolutions(Ststnet):
    def rate(self, parameter: str) -> float:
        return 0.5 if parameter.startswith("stem.") else 1.0


def test_parameters_learn_at_the_share_that_their_network_gives_them() -> None:
    network = _SlowConvolutions(StstnetOptions(learning_rate=0.1))
    module = network.build(tasks.get("megc-3"))
    optimiser = make_optimiser(parameter_groups(module.named_parameters(), network), network.plan)
    set_learning_rate(optimiser, network.plan, 0)
    rates = {id(p): group["lr"] for group in optimiser.param_groups for p in group["params"]}
    assert {name: rates[id(p)] for name, p in module.named_parameters()} == {
        name: 0.05 if name.startswith("stem.") else 0.1 for name, _ in module.named_parameters()
    }
