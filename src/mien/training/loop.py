"""The training loop: one network, one fold, the last epoch counts."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from mien.models.base import Batch
from mien.models.options import Plan
from mien.training.material import Material, learning_rate

Observer = Callable[[int, nn.Module], None]
"""Called after every epoch with its number and the module; it must not change the module."""

Curve = list[dict[str, float]]
"""One row per epoch: the mean of every loss term, and `loss`, their sum."""


def train(material: Material, observer: Observer | None = None) -> Curve:
    """Train the module of `material` in place; the rows of its training curve.

    The held-out clips are not here: `observer` (the audit of peeking) gets the module, and gives nothing
    back.
    """
    plan, module = material.plan, material.module
    optimiser = make_optimiser(list(module.parameters()), plan)
    curve: Curve = []
    for epoch in range(plan.epochs):
        module.train()
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(plan, epoch)
        sums: dict[str, torch.Tensor] = {}
        for chosen in material.epoch():
            batch = Batch(
                material.inputs[chosen],
                {name: target[chosen] for name, target in material.targets.per_clip.items()},
                material.targets.fixed,
            )
            outputs = module(batch.inputs, noise=material.draw(len(chosen)))
            terms = material.network.loss(outputs, batch)
            optimiser.zero_grad(set_to_none=True)
            torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
            if plan.clip_norm > 0:
                nn.utils.clip_grad_norm_(module.parameters(), plan.clip_norm)
            optimiser.step()
            for name, term in terms.items():
                sums[name] = sums.get(name, 0.0) + term.detach() * len(chosen)
        means = {name: float(value) / len(material.inputs) for name, value in sums.items()}
        curve.append({"loss": sum(means.values()), **means})
        if observer is not None:
            observer(epoch, module)
    module.eval()
    return curve


def make_optimiser(parameters: list[torch.Tensor], plan: Plan) -> torch.optim.Optimizer:
    """The plan's optimiser; the fused step does all parameters of a small network in one call."""
    kind = torch.optim.AdamW if plan.optimiser == "adamw" else torch.optim.Adam
    return kind(parameters, lr=plan.learning_rate, weight_decay=plan.weight_decay, fused=True)
