"""What one network is trained on: its module, tensors, targets and generator, made from a `TrainView`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mien.models.base import Network, Targets
from mien.models.images import Images, moved, n_clips
from mien.models.options import Plan
from mien.protocols.view import TrainView
from mien.training import keys

#: The exponential schedule: the factor of an epoch, and for how many epochs the rate falls.
DECAY, DECAY_EPOCHS = 0.987, 50


@dataclass
class Material:
    """One network to be trained, and everything that its training may touch.

    Attributes:
        inputs: the training clips (n, ...), on the device.
        generator: the only source of random numbers of the training, keyed by (seed, fold, member).
    """

    network: Network
    module: nn.Module
    inputs: Images
    targets: Targets
    generator: torch.Generator
    plan: Plan

    @property
    def n_clips(self) -> int:
        return n_clips(self.inputs)

    @property
    def steps_per_epoch(self) -> int:
        return math.ceil(self.n_clips / self.plan.batch_size)

    def epoch(self) -> Iterator[Tensor]:
        """The clips of each step of one epoch, in a fresh random order."""
        order = torch.randperm(self.n_clips, generator=self.generator, device=self.generator.device)
        return iter(torch.split(order, self.plan.batch_size))

    def draw(self, n: int) -> dict[str, Tensor]:
        return self.network.draw(n, self.generator)


def gather(
    network: Network,
    view: TrainView,
    *,
    seed: int,
    member: int,
    device: torch.device,
    start: Mapping[str, Tensor] | None = None,
) -> Material:
    """The material of one fold, seed and member; the module begins from `start` if given, else afresh."""
    with keys.seeded(seed, view.fold, member, "start"):
        module = network.build(view.task)
    network.start(module)
    if start is not None:
        module.load_state_dict(dict(start))
    targets = network.targets(view)
    return Material(
        network=network,
        module=module.to(device),
        inputs=moved(network.tensors(view.arrays), device),
        targets=Targets(_to(targets.per_clip, device), _to(targets.fixed, device)),
        generator=keys.generator(device, seed, view.fold, member, "training"),
        plan=network.plan,
    )


def _to(tensors: Mapping[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    return {name: tensor.to(device) for name, tensor in tensors.items()}


def learning_rate(plan: Plan, epoch: int) -> float:
    """The learning rate of an epoch (0-based): linear warm-up, then constant, a half cosine to a tenth, a step to a
    tenth, or a decay."""
    if epoch < plan.warmup_epochs:
        return plan.learning_rate * (epoch + 1) / plan.warmup_epochs
    if plan.schedule == "constant":
        return plan.learning_rate
    if plan.schedule == "step":
        return plan.learning_rate * (0.1 if epoch >= 0.75 * plan.epochs else 1)
    if plan.schedule == "exponential":
        return plan.learning_rate * DECAY ** min(epoch - plan.warmup_epochs, DECAY_EPOCHS)
    done = (epoch - plan.warmup_epochs) / max(plan.epochs - plan.warmup_epochs - 1, 1)
    return plan.learning_rate * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * done)))
