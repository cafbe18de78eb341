"""The training loop: one network, one fold, the last epoch counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from mien.models.base import Batch, Network, Terms
from mien.models.images import picked
from mien.models.options import Plan
from mien.training import together
from mien.training.material import Material, learning_rate

Observer = Callable[[int, nn.Module], None]
"""Called after every epoch with its number and the module; it must not change the module."""

Curve = list[dict[str, float]]
"""One row per epoch: the mean of every loss term, and `loss`, their sum."""


class Keeper(Protocol):
    """Keeps the state of a training after every epoch, so that a killed one can go on."""

    def restore(self, material: Material, optimiser: torch.optim.Optimizer) -> Curve:
        """Put the training where it was; the rows of the epochs that are done, none for a new one."""
        ...

    def keep(self, material: Material, optimiser: torch.optim.Optimizer, curve: Curve) -> None:
        """Keep the training as it stands."""
        ...


def train(material: Material, observer: Observer | None = None, keeper: Keeper | None = None) -> Curve:
    """Train the module of `material` in place; the rows of its training curve.

    The held-out clips are not here: `observer` (the audit of peeking) gets the module, and gives nothing
    back.
    """
    plan, module = material.plan, material.module
    optimiser = make_optimiser(parameter_groups(module.named_parameters(), material.network), plan)
    curve: Curve = [] if keeper is None else keeper.restore(material, optimiser)
    for epoch in range(len(curve), plan.epochs):
        module.train()
        set_learning_rate(optimiser, plan, epoch)
        sums: dict[str, Tensor] = {}
        for chosen in material.epoch():
            noise = material.draw(len(chosen))
            optimiser.zero_grad(set_to_none=True)
            for part in together.own_parts(len(chosen), material.network.accumulate):
                terms = _terms(material, chosen[part], {name: drawn[part] for name, drawn in noise.items()})
                share = len(chosen[part]) / len(chosen)
                loss = torch.stack(list(terms.values())).sum() * share
                loss.backward()  # type: ignore[no-untyped-call]
                for name, term in terms.items():
                    sums[name] = sums.get(name, 0.0) + term.detach() * len(chosen[part])
            together.add_gradients(module)
            if plan.clip_norm > 0:
                nn.utils.clip_grad_norm_(module.parameters(), plan.clip_norm)
            optimiser.step()
        together.average_buffers(module)
        means = {name: value / material.n_clips for name, value in together.add_up(sums).items()}
        curve.append({"loss": sum(means.values()), **means})
        if keeper is not None:
            keeper.keep(material, optimiser, curve)
        if observer is not None:
            observer(epoch, module)
    module.eval()
    return curve


def _terms(material: Material, clips: Tensor, noise: dict[str, Tensor]) -> Terms:
    """The named losses of some clips, with gradients."""
    batch = Batch(
        picked(material.inputs, clips),
        {name: target[clips] for name, target in material.targets.per_clip.items()},
        material.targets.fixed,
    )
    mixed = material.network.mixed and clips.device.type == "cuda"
    with torch.autocast(clips.device.type, dtype=torch.bfloat16, enabled=mixed):
        outputs = material.module(batch.inputs, noise=noise)
    return material.network.loss(outputs, batch)


def parameter_groups(parameters: Iterable[tuple[str, Tensor]], network: Network) -> list[dict[str, Any]]:
    """The named parameters by their share of the learning rate, as optimisers take them."""
    groups: dict[float, list[Tensor]] = {}
    for name, parameter in parameters:
        groups.setdefault(network.rate(name), []).append(parameter)
    return [{"params": each, "share": share} for share, each in groups.items()]


def set_learning_rate(optimiser: torch.optim.Optimizer, plan: Plan, epoch: int) -> None:
    """Set the learning rate of this epoch in every group."""
    for group in optimiser.param_groups:
        group["lr"] = learning_rate(plan, epoch) * group.get("share", 1.0)


def make_optimiser(parameters: list[Any], plan: Plan) -> torch.optim.Optimizer:
    """The plan's optimiser; the fused step does all parameters of a small network in one call."""
    if plan.optimiser in ("sgd", "nesterov"):
        return torch.optim.SGD(
            parameters,
            lr=plan.learning_rate,
            momentum=0.9,
            nesterov=plan.optimiser == "nesterov",
            weight_decay=plan.weight_decay,
            fused=True,
        )
    kind = torch.optim.AdamW if plan.optimiser == "adamw" else torch.optim.Adam
    return kind(
        parameters,
        lr=plan.learning_rate,
        betas=(0.9, plan.beta2),
        weight_decay=plan.weight_decay,
        fused=True,
    )
