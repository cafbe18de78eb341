"""`pst-bln`: a bilinear network whose layers and widths are grown on inner subjects of each fold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

import numpy as np
from pydantic import Field, PositiveInt, field_validator
from torch import Tensor, nn

from mien.clips.tasks import Task
from mien.models.base import Train
from mien.models.bilinear import BilinearModule, Shape, carry_over
from mien.models.face_graph import n_nodes
from mien.models.growth import Attempt, Topology, grow
from mien.models.registry import ModelCard, register
from mien.models.st_bln import PAPER, BilinearNetwork, BlnOptions
from mien.protocols.view import TrainView

#: Channels of one block.
BLOCK = 5
TINY = 1e-12

Weights = Mapping[str, Tensor]
State = tuple[Weights, ...]
"""The weights of an attempt, one set per inner fold."""


class PstBlnOptions(BlnOptions):
    topology: tuple[PositiveInt, ...] = Field(
        (), description="blocks of 5 channels in each layer, such as 2,3; empty = grown on inner subjects"
    )
    inner_folds: int = Field(2, ge=2, le=20, description="inner folds of subjects that growth is judged on")
    least_gain: float = Field(
        0.01,
        ge=0,
        lt=1,
        description="a block or layer stays if the validation loss falls by more than this share",
    )
    max_layers: int = Field(2, ge=1, le=20, description="most layers")
    max_blocks: int = Field(6, ge=1, le=100, description="most blocks of a layer")

    @field_validator("topology", mode="before")
    @classmethod
    def _from_text(cls, given: object) -> object:
        """Lets a command line say 2,3."""
        return tuple(part for part in given.split(",") if part) if isinstance(given, str) else given


@register(
    ModelCard(
        name="pst-bln",
        title="PST-BLN",
        paper=PAPER,
        summary="bilinear layers on landmarks, grown block by block on inner subjects; Monte-Carlo dropout",
        confirmed="blocks, sizes, initial weights, dropout 0.2, growth by blocks and layers with weights carried over "
        "(authors' code); SGD with Nesterov momentum, rate 0.1, decay 5e-4, batch 128, 350 epochs for CK+",
        assumed="growth by the loss of inner subjects, not by the training loss; the chosen topology is trained "
        "afresh on all training clips; Adam at 0.01 for 40 epochs, displacement over the inter-ocular distance, "
        "mirrored clips; edges of one neutral face",
    ),
    PstBlnOptions,
)
class PstBln(BilinearNetwork):
    """PST-BLN of a given topology, or of the one that `structured` finds."""

    plan: PstBlnOptions

    def __init__(self, plan: PstBlnOptions, smaller: tuple[Topology, Weights] | None = None) -> None:
        super().__init__(plan)
        self._smaller = smaller

    @property
    def topology(self) -> Topology:
        """Blocks of each layer; the smallest where it is still to be grown."""
        return self.plan.topology or (1,)

    @property
    def shape(self) -> Shape:
        return self._shape(BLOCK * blocks for blocks in self.topology)

    def _shape(self, widths: Iterable[int]) -> Shape:
        return Shape(tuple(widths), n_nodes(self.plan.nodes), fixed=False)

    def rebuild(self, task: Task, weights: Weights) -> BilinearModule:
        """A module of the topology that these weights have: each fold grows its own."""
        width_of = {
            int(name.split(".")[1]): bias.shape[1]
            for name, bias in weights.items()
            if name.endswith(".bilinear.bias")
        }
        widths = (width_of[layer] for layer in sorted(width_of))
        return BilinearModule(self._shape(widths), self.plan.nodes, len(task.classes))

    def start(self, module: nn.Module) -> None:
        if self._smaller is not None:
            topology, weights = self._smaller
            carry_over(module, weights, same_depth=len(topology) == len(self.topology))

    def structured(self, view: TrainView, train: Train) -> Self:
        """The network whose topology had the least mean loss on inner subjects of `view`.

        Every candidate starts from the last accepted one of its inner fold.
        """
        if self.plan.topology:
            return self
        inner = view.inner_folds(self.plan.inner_folds, seed=0)

        def attempt(topology: Topology, accepted: Attempt[State] | None) -> Attempt[State]:
            plan = self.plan.model_copy(update={"topology": topology, "members": 1})
            losses, states = [], []
            for i, (part, held) in enumerate(inner):
                smaller = None if accepted is None else (accepted.topology, accepted.state[i])
                trained = train(type(self)(plan, smaller), part)
                losses.append(_log_loss(trained.predict_proba(held.arrays), held.labels))
                states.append(trained.modules[0].state_dict())
            return Attempt(topology, float(np.mean(losses)), tuple(states))

        found = grow(
            attempt,
            max_layers=self.plan.max_layers,
            max_blocks=self.plan.max_blocks,
            least_gain=self.plan.least_gain,
        )
        return type(self)(self.plan.model_copy(update={"topology": found.topology}))


def _log_loss(prob: np.ndarray, labels: Sequence[int] | np.ndarray) -> float:
    """Mean of -log of the probability that each clip's class was given."""
    chosen = prob[np.arange(len(labels)), np.asarray(labels)]
    return float(-np.log(np.clip(chosen, TINY, None)).mean())
