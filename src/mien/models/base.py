"""Contracts of the recognisers: what a method reads, what a network must define, what training hands it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mien.clips.tasks import Task
from mien.models.images import Images
from mien.models.options import Options, Plan
from mien.prepare.prepared import PreparedSet
from mien.protocols.view import Inputs, TrainView

FLOW = "onset_apex_flow"
#: Arrays that no prepared set holds and every evaluation has: the AUs of a clip, and a row per clip with nothing in it.
ORACLE = "action_units"
CLIPS = "clips"
GIVEN = frozenset({ORACLE, CLIPS})


@dataclass(frozen=True)
class Needs:
    """What a recogniser reads.

    Attributes:
        arrays: names of the arrays of a prepared set, or of `GIVEN`, with their shape in words.
        action_units: how it uses the AU coding: never, in training only, or (an upper reference) at test.
        sizes: the size of one clip's array, where the method takes that size only.
        at_least: the smallest size of one clip's array (C, ...), where the method takes any from there on; its
            first number, the channels, must be met exactly.
    """

    arrays: Mapping[str, str]
    action_units: Literal["never", "training", "test"] = "never"
    sizes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    at_least: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def unmet(self, shapes: Mapping[str, tuple[int, ...]]) -> str | None:
        """What keeps it from reading arrays of these sizes per clip (C, ...), in words; None if nothing does."""
        if missing := [name for name in self.arrays if name not in GIVEN and name not in shapes]:
            return f"it has {', '.join(shapes)}; needed: {', '.join(missing)}"
        for name, size in self.sizes.items():
            if shapes[name] != size:
                return f"'{name}' is {_size(shapes[name])} per clip; needed: {_size(size)}"
        for name, least in self.at_least.items():
            found = shapes[name]
            same_kind = len(found) == len(least) and found[0] == least[0]
            if not same_kind or any(have < need for have, need in zip(found, least, strict=True)):
                rest = _size(least[1:])
                return f"'{name}' is {_size(found)} per clip; needed: {least[0]} channels of {rest} at least"
        return None


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(str(length) for length in shape)


class Recogniser(Protocol):
    """Every method: learns from a `TrainView`, then gives class probabilities for arrays alone."""

    @property
    def needs(self) -> Needs:
        """What it reads."""
        ...

    def fit(self, view: TrainView) -> Self:
        """Learn from the training clips."""
        ...

    def predict_proba(self, inputs: Inputs) -> NDArray[np.float64]:
        """Class probabilities (N, K), rows summing to 1, in the order of the task's classes."""
        ...


class Trained(Protocol):
    """A network after its training."""

    modules: list[nn.Module]

    def predict_proba(self, inputs: Inputs) -> NDArray[np.float64]:
        """Class probabilities (N, K)."""
        ...


Train = Callable[["Network", TrainView], Trained]
"""Trains a network on some clips: how a method that has to try networks is lent the one training loop."""

Noise = Mapping[str, Tensor]
Terms = dict[str, Tensor]


@dataclass(frozen=True)
class Batch:
    """One step's clips: inputs (B, ...), per-clip targets (B, ...), targets of the whole fold, and validity.

    `valid` (B,) is 1 for a clip and 0 for padding; padding must change nothing. None means all ones.
    """

    inputs: Images
    targets: Mapping[str, Tensor]
    fixed: Mapping[str, Tensor]
    valid: Tensor | None = None


@dataclass(frozen=True)
class Targets:
    """What a network is trained towards: one row per clip, and tensors of the whole fold.

    Tensors of `fixed` are padded with zeros at the end of every axis when folds are stacked, so a network
    that uses one must carry a mask beside it.
    """

    per_clip: Mapping[str, Tensor]
    fixed: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Embedding:
    """Where held-out clips lie in the space shared with text: unit vectors (n, d), the nearest AU sentence of
    the training bank for each clip, and the cosine to it (n,)."""

    visual: NDArray[np.float32]
    nearest: tuple[str, ...]
    similarity: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class TextSpace:
    """Sentences in the space that a network shares between clips and texts: unit vectors (S, d), one each."""

    sentences: tuple[str, ...]
    vectors: NDArray[np.float32]

    def beside(self, visual: NDArray[np.float32]) -> Embedding:
        """Clips (n, d) of the same space, each with its nearest sentence."""
        cosine = visual @ self.vectors.T
        best = cosine.argmax(axis=1)
        return Embedding(
            visual,
            tuple(self.sentences[i] for i in best),
            cosine[np.arange(len(best)), best].astype(np.float32),
        )


class Network(ABC):
    """A published network: its module, loss and plan. `mien.training` turns it into a `Recogniser`.

    Networks whose modules keep to tensor operations that `torch.func.vmap` understands, and take every random
    number from `draw`, can be trained many folds at once (`stackable`).

    Attributes:
        accumulate: parts that a step's clips are split into, one after another, to spare memory.
        mixed: train in bfloat16 where the device is a GPU; the loss stays in float32.
        at_once: most clips in one pass at test; None = all.
        passes: Monte-Carlo passes at test, each with the random numbers of `thinned`; 0 = one pass without any.
    """

    needs: Needs = Needs({FLOW: "(N, 3, 28, 28): u, v, strain"}, sizes={FLOW: (3, 28, 28)})
    stackable: bool = True
    accumulate: int = 1
    mixed: bool = False
    at_once: int | None = None
    passes: int = 0

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    @abstractmethod
    def tensors(self, inputs: Inputs) -> Images:
        """The module's input (N, ...), each clip prepared from itself alone.

        All training clips are held in this form: large arrays are handed on as they are (uint8), and the module
        converts the clips of a step.
        """

    @abstractmethod
    def build(self, task: Task) -> nn.Module:
        """A freshly initialised module (from torch's global generator, which the caller seeds)."""

    def rebuild(self, task: Task, weights: Mapping[str, Tensor]) -> nn.Module:
        """A module that these weights fit; by default one as `build` makes it."""
        return self.build(task)

    def start(self, module: nn.Module) -> None:
        """Set the weights that training begins from, where they are not random; by default nothing."""
        return

    def notes(self) -> list[str]:
        """What a reader of a run must know about how training begins; kept with the run's warnings."""
        return []

    def targets(self, view: TrainView) -> Targets:
        """What to train towards; by default the labels and their class weights."""
        weights = class_weights(view.labels, len(view.task.classes), self.plan.balance)
        labels = torch.tensor(view.labels)
        return Targets({"label": labels, "weight": weights[labels]})

    def draw(self, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        """All random numbers of one training step of `n` clips; by default none."""
        return {}

    def thinned(self, module: nn.Module, generator: torch.Generator) -> dict[str, Tensor]:
        """The random numbers of one Monte-Carlo pass (1, ...): dropout alone, the same for every clip."""
        raise NotImplementedError(f"{type(self).__name__} has no dropout at test")

    def structured(self, view: TrainView, train: Train) -> Network:
        """The network to train on these clips; by default this one.

        A method whose structure follows from the data chooses it here, on inner folds of `view`, and returns a network
        that no longer has to choose.
        """
        return self

    def check(self, task: Task) -> None:
        """Raise `UsageError` if the options do not suit the task; called before anything is written."""
        return

    def admit(self, sources: Sequence[PreparedSet], held_out: Collection[str]) -> None:
        """Raise `InputError` if what training begins from forbids to judge it on these held-out subjects
        (`database/subject`) of these sets; by default nothing does."""
        return

    def rate(self, parameter: str) -> float:
        """The learning rate of a parameter of this name, as a share of the plan's; by default all of it."""
        return 1.0

    def pretraining(self, task: Task, seed: int) -> tuple[TrainView, Plan] | None:
        """Clips of the method's own (synthetic ones) to train on first, and how; by default none."""
        return None

    def views(self, x: Any) -> list[Any]:
        """The forms of the input whose probabilities are averaged at test; by default the input alone."""
        return [x]

    def texts(self, module: nn.Module, view: TrainView) -> TextSpace | None:
        """The texts of the training clips where the module puts them; None for networks without text."""
        return None

    def visual(self, module: nn.Module, inputs: Inputs) -> NDArray[np.float32]:
        """Where clips lie in the space of the texts: unit vectors (n, d). Only for networks with text."""
        raise NotImplementedError(f"{type(self).__name__} has no texts")

    def logits(self, outputs: Any) -> Tensor:
        """The class scores (B, K) among what the module returns; by default that is all it returns."""
        return torch.as_tensor(outputs)

    @abstractmethod
    def loss(self, outputs: Any, batch: Batch) -> Terms:
        """Named terms of the loss; their sum is minimised."""


def class_weights(labels: NDArray[np.int64], n_classes: int, balance: float) -> Tensor:
    """Weights (K,) proportional to clips-per-class ** -balance, with mean 1 over the clips."""
    counts = np.bincount(labels, minlength=n_classes).astype(np.float64)
    raw = np.where(counts > 0, np.maximum(counts, 1.0) ** -balance, 0.0)
    scale = counts.sum() / max(float((raw * counts).sum()), 1e-12)
    return torch.from_numpy(raw * scale).float()


def weighted_cross_entropy(logits: Tensor, batch: Batch, smoothing: float = 0.0) -> Tensor:
    """Mean over the valid clips of weight * cross-entropy (with label smoothing)."""
    log_prob = torch.log_softmax(logits, dim=1)
    picked = log_prob.gather(1, batch.targets["label"][:, None])[:, 0]
    loss = -(1 - smoothing) * picked - smoothing * log_prob.mean(dim=1)
    weight = batch.targets["weight"]
    return masked_mean(weight * loss, batch.valid)


def dropout_mask(shape: tuple[int, ...], dropout: float, generator: torch.Generator) -> Tensor:
    """Factors that drop a share of the values and keep the mean: 0 or 1 / (1 - dropout)."""
    kept = torch.rand(shape, generator=generator, device=generator.device).ge_(dropout)
    return kept.mul_(1 / (1 - dropout))


def masked_mean(values: Tensor, valid: Tensor | None) -> Tensor:
    """Mean of `values` (B,) over the clips whose `valid` is 1."""
    if valid is None:
        return values.mean()
    return (values * valid).sum() / valid.sum().clamp_min(1.0)


__all__ = [
    "CLIPS",
    "FLOW",
    "GIVEN",
    "ORACLE",
    "Batch",
    "Embedding",
    "Needs",
    "Network",
    "Noise",
    "Options",
    "Plan",
    "Recogniser",
    "Targets",
    "Terms",
    "TextSpace",
    "Train",
    "Trained",
    "class_weights",
    "dropout_mask",
    "masked_mean",
    "weighted_cross_entropy",
]
