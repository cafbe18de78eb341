"""From a network to a recogniser: pre-training, members, the training loop, probabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mien.clips.tasks import Task
from mien.models.base import Needs, Network, Noise, Recogniser
from mien.models.images import Images, moved, pieces
from mien.models.options import Plan
from mien.models.registry import Method
from mien.models.stem import FlowStem
from mien.protocols.view import Inputs, TrainView
from mien.training import keys
from mien.training.loop import Curve, Observer, train
from mien.training.material import Material, gather


@dataclass
class NetworkRecogniser:
    """A `Network` that can be fitted: implements `Recogniser`.

    Attributes:
        network: after `fit`, the one that was trained: a method may choose its structure on the training clips.
        compiled: use the compiled CPU kernels where the network has some (same result within float
        tolerance). curves: one training curve per member, after `fit`.
    """

    network: Network
    seed: int
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    compiled: bool = False
    observer: Observer | None = None
    modules: list[nn.Module] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._asked = self.network

    @property
    def needs(self) -> Needs:
        return self.network.needs

    def materials(self, view: TrainView) -> list[Material]:
        """What each member is to be trained on."""
        found = []
        for member in range(self.network.plan.members):
            start = _pretrained(
                type(self.network), self.network.plan, view.task, self.seed, member, self.compiled
            )
            material = gather(
                self.network, view, seed=self.seed, member=member, device=self.device, start=start
            )
            use_kernels(material.module, self.compiled)
            found.append(material)
        return found

    def fit(self, view: TrainView) -> Self:
        self.network = self._asked.structured(view, self._trained)
        materials = self.materials(view)
        curves = [train(material, self.observer) for material in materials]
        return self.adopt([material.module for material in materials], curves)

    def _trained(self, network: Network, view: TrainView) -> NetworkRecogniser:
        """A network trained as this one is, on a part of its clips."""
        return NetworkRecogniser(network, self.seed, self.device, self.compiled).fit(view)

    def adopt(self, modules: list[nn.Module], curves: list[Curve]) -> Self:
        """Take modules that were trained elsewhere (stacked, or read from a file)."""
        self.modules, self.curves = modules, curves
        return self

    def predict_proba(self, inputs: Inputs) -> NDArray[np.float64]:
        return predict(self.network, self.modules, inputs, self.device)

    def samples(self, inputs: Inputs) -> NDArray[np.float64]:
        """Class probabilities (M, N, K) of every member and Monte-Carlo pass; their mean is what it predicts."""
        return member_probabilities(self.network, self.modules, inputs, self.device)

    def logits(self, inputs: Inputs) -> NDArray[np.float64]:
        """What each member and pass says before the softmax (M, N, K), averaged over the views of the input."""
        return _each(self.network, self.modules, inputs, self.device, lambda logits: logits)


def predict(
    network: Network, modules: Sequence[nn.Module], inputs: Inputs, device: torch.device
) -> NDArray[np.float64]:
    """Class probabilities (N, K): the mean over the modules and over the network's views of the input."""
    return np.asarray(member_probabilities(network, modules, inputs, device).mean(axis=0))


def member_probabilities(
    network: Network, modules: Sequence[nn.Module], inputs: Inputs, device: torch.device
) -> NDArray[np.float64]:
    """Class probabilities (M, N, K) of every module, or of every Monte-Carlo pass of every module: means over the
    network's views of the input.

    A pass drops the same values for all clips, so it is one thinned network, and what it says of a clip depends on no
    other. How far the M disagree is the recogniser's doubt (`mien.metrics.uncertainty.mutual_information`).
    """
    return _each(network, modules, inputs, device, lambda logits: torch.softmax(logits, dim=1))


def _each(
    network: Network,
    modules: Sequence[nn.Module],
    inputs: Inputs,
    device: torch.device,
    of: Callable[[Tensor], Tensor],
) -> NDArray[np.float64]:
    """What `of` makes of the logits (N, K) of every module and pass, (M, N, K): means over the network's views."""
    passes = [(module, noise) for module in modules for noise in _noises(network, module, device)]
    with torch.inference_mode():
        parts = []
        for x in pieces(network.tensors(inputs), network.at_once):
            views = network.views(moved(x, device))
            parts.append(torch.stack([_mean(network, module, views, noise, of) for module, noise in passes]))
    return torch.cat(parts, dim=1).cpu().numpy()


def _noises(network: Network, module: nn.Module, device: torch.device) -> list[Noise]:
    """The random numbers of every pass at test, the same in every call and on every device; one empty pass for a
    network without Monte-Carlo passes."""
    drawn = [
        network.thinned(module, keys.generator(torch.device("cpu"), "pass", number))
        for number in range(network.passes)
    ]
    return [{name: value.to(device) for name, value in noise.items()} for noise in drawn] or [{}]


def _mean(
    network: Network, module: nn.Module, views: list[Images], noise: Noise, of: Callable[[Tensor], Tensor]
) -> Tensor:
    given = {"noise": noise} if noise else {}
    found = [of(network.logits(module.eval()(view, **given)).double()) for view in views]
    return torch.stack(found).mean(dim=0)


def use_kernels(module: nn.Module, compiled: bool) -> None:
    """Switch the compiled kernels of all stems of a module on or off."""
    for part in module.modules():
        if isinstance(part, FlowStem):
            part.compiled = compiled


@lru_cache(maxsize=64)
def _pretrained(
    kind: type[Network], plan: Plan, task: Task, seed: int, member: int, compiled: bool
) -> Mapping[str, Tensor] | None:
    """The state a member starts from after the network's own pre-training, or None if it has none.

    It depends on the seed and the member, not on the fold: the folds of a process share it.
    """
    network = kind(plan)
    own = network.pretraining(task, seed)
    if own is None:
        return None
    view, pre_plan = own
    material = gather(network, view, seed=seed, member=member, device=torch.device("cpu"))
    use_kernels(material.module, compiled)
    train(replace(material, plan=pre_plan))
    return {name: value.clone() for name, value in material.module.state_dict().items()}


def recogniser(method: Method, *, seed: int, compiled: bool = False, device: str = "cpu") -> Recogniser:
    """A fresh recogniser for one fold and seed."""
    if isinstance(method, Network):
        return NetworkRecogniser(method, seed, torch.device(device), compiled)
    return method
