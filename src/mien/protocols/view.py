"""The leak guard: what a recogniser is given to train on, and the gate before the held-out clips.

A `TrainView` holds copies of the training clips and nothing that leads back to the set they came from. The
held-out clips stay behind a `HeldOut` gate, which opens once, and only for a recogniser whose training on
this very fold has returned:

    view = TrainView.of(arrays, labels, groups, datasets, annotations, task, fold)
    gate = HeldOut.of(arrays, fold)
    fitted = fit(recogniser, view)
    prob = fitted.recogniser.predict_proba(gate.open(fitted))
    gate.opened_at                                # for the record of the run

This guards against mistakes, not against a program that sets out to cheat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from mien.errors import InputError, LeakError, Problems
from mien.protocols.folds import Fold
from mien.protocols.stratify import IntArray, StrArray, spared, subject_parts

if TYPE_CHECKING:
    from mien.clips.tasks import Task
    from mien.facs.annotation import AUAnnotation

Inputs = Mapping[str, npt.NDArray[Any]]


class Fits(Protocol):
    """Anything that learns from a `TrainView` in place."""

    def fit(self, view: TrainView, /) -> object: ...


R = TypeVar("R")
F = TypeVar("F", bound=Fits)


@dataclass(frozen=True, eq=False)
class TrainView:
    """The training clips of one fold: own, read-only copies of their arrays, labels, subjects and AUs.

    Attributes:
        arrays: named arrays, first axis n.
        labels: int64 (n,), class numbers of `task`.
        groups: (n,) subjects, "database/subject".
        datasets: (n,) databases.
        annotations: n parsed AU codings.
        task: the label set.
        fold: the name of the fold.

    Raises:
        InputError: lengths differ, or a label is no class of the task.
    """

    arrays: Inputs
    labels: IntArray
    groups: StrArray
    datasets: StrArray
    annotations: tuple[AUAnnotation, ...]
    task: Task
    fold: str

    def __post_init__(self) -> None:
        own = {
            "arrays": MappingProxyType({name: _own(array) for name, array in self.arrays.items()}),
            "labels": _own(np.asarray(self.labels, dtype=np.int64)),
            "groups": _own(np.asarray(self.groups).astype(str, copy=False)),
            "datasets": _own(np.asarray(self.datasets).astype(str, copy=False)),
            "annotations": tuple(self.annotations),
        }
        for name, value in own.items():
            object.__setattr__(self, name, value)
        self._check()

    def __len__(self) -> int:
        """The number of training clips."""
        return int(self.labels.size)

    def __reduce__(self) -> tuple[type[TrainView], tuple[Any, ...]]:
        """Lets a view travel to another process: a mapping proxy cannot, and arrays arrive there writable."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return TrainView, tuple({**values, "arrays": dict(self.arrays)}.values())

    @classmethod
    def of(
        cls,
        arrays: Inputs,
        labels: npt.ArrayLike,
        groups: npt.ArrayLike,
        datasets: npt.ArrayLike,
        annotations: tuple[AUAnnotation, ...] | list[AUAnnotation],
        task: Task,
        fold: Fold,
    ) -> TrainView:
        """The training side of a fold, copied out of arrays and lists that cover all clips.

        Raises:
            InputError: something does not cover the same clips as the labels do.
        """
        problems = _other_lengths(
            arrays, np.size(labels), np.size(groups), np.size(datasets), len(annotations)
        )
        problems.raise_if_any("arrays and labels do not cover the same clips", where=f"fold '{fold.name}'")
        return cls(
            arrays={name: _rows(array, fold.train) for name, array in arrays.items()},
            labels=_rows(np.asarray(labels, dtype=np.int64), fold.train),
            groups=_rows(np.asarray(groups).astype(str, copy=False), fold.train),
            datasets=_rows(np.asarray(datasets).astype(str, copy=False), fold.train),
            annotations=tuple(annotations[i] for i in fold.train.tolist()),
            task=task,
            fold=fold.name,
        )

    def inner_folds(self, k: int, seed: int) -> list[tuple[TrainView, TrainView]]:
        """Up to k (train, validation) pairs by subject, for choices made within the training side.

        No subject is on both sides and none is validated twice. Every class of this view is on every inner
        training side: a subject whose absence would take a class away stays in training, so some subjects may
        never be validated. With fewer than k subjects there is one pair per subject.

        Raises:
            InputError: no such pair exists, as with a single subject.
        """
        n_subjects = np.unique(self.groups).size
        several = n_subjects > 1
        parts = subject_parts(self.groups, self.labels, min(k, n_subjects), seed) if several else []
        pairs: list[tuple[TrainView, TrainView]] = []
        for part in parts:
            validated = spared(self.groups, self.labels, part)
            if validated.any():
                title = f"{self.fold} > inner {len(pairs) + 1}"
                pairs.append((self._part(~validated, f"{title}, training"), self._part(validated, title)))
        if not pairs:
            raise InputError(
                "the training side cannot be split by subject without losing a class",
                where=f"fold '{self.fold}'",
                found=f"{n_subjects} training subjects",
                do="use more subjects, or fix the option that was to be chosen on inner subjects",
            )
        return pairs

    def _part(self, chosen: npt.NDArray[np.bool_], title: str) -> TrainView:
        at = np.flatnonzero(chosen)
        return TrainView(
            arrays={name: _rows(array, at) for name, array in self.arrays.items()},
            labels=_rows(self.labels, at),
            groups=_rows(self.groups, at),
            datasets=_rows(self.datasets, at),
            annotations=tuple(self.annotations[i] for i in at.tolist()),
            task=self.task,
            fold=title,
        )

    def _check(self) -> None:
        n, classes = len(self), len(self.task.classes)
        problems = _other_lengths(self.arrays, n, self.groups.size, self.datasets.size, len(self.annotations))
        if n and not (self.labels.min() >= 0 and self.labels.max() < classes):
            span = f"{self.labels.min()} to {self.labels.max()}"
            problems.add(f"labels reach from {span}, but there are {classes} classes")
        problems.raise_if_any("a training view is inconsistent", where=f"fold '{self.fold}'")


@dataclass(frozen=True)
class Fitted(Generic[R]):
    """Proof that training on a fold has returned; made by `fit`, or by a trainer of many folds at once."""

    recogniser: R
    fold: str
    fitted_at: datetime = field(default_factory=lambda: datetime.now(UTC))


def fit(recogniser: F, view: TrainView) -> Fitted[F]:
    """The recogniser after its training on the view, with the name of the fold it has learnt from."""
    recogniser.fit(view)
    return Fitted(recogniser, view.fold)


class HeldOut:
    """The gate before the held-out clips of a fold: opens once, after training on that fold has returned."""

    def __init__(self, arrays: Inputs, indices: IntArray, fold: str) -> None:
        self._arrays: Inputs | None = arrays
        self._indices = indices
        self.fold = fold
        self.opened_at: datetime | None = None

    @classmethod
    def of(cls, arrays: Inputs, fold: Fold) -> HeldOut:
        """The closed gate of a fold; `arrays` cover all clips."""
        return cls(arrays, fold.held_out, fold.name)

    def __len__(self) -> int:
        """The number of held-out clips; known without opening."""
        return int(self._indices.size)

    def __repr__(self) -> str:
        state = "closed" if self.opened_at is None else f"opened {self.opened_at.isoformat()}"
        return f"HeldOut(fold={self.fold!r}, n={len(self)}, {state})"

    def open(self, fitted: Fitted[Any]) -> Inputs:
        """Read-only copies of the held-out rows of every array: no labels, no AUs. Works once.

        Raises:
            LeakError: opened before, without proof of training, or with a recogniser trained on another fold
                (which may have learnt from these very clips).
        """
        if self._arrays is None:
            raise LeakError(
                "the held-out clips were opened a second time", where=f"fold '{self.fold}'", found=repr(self)
            )
        if not isinstance(fitted, Fitted):
            raise LeakError(
                "the held-out clips were asked for before training had returned",
                where=f"fold '{self.fold}'",
                found=f"a {type(fitted).__name__}",
                do="train with mien.protocols.view.fit and pass on what it returns",
            )
        if fitted.fold != self.fold:
            raise LeakError(
                "the held-out clips were asked for by a recogniser trained on another fold",
                where=f"fold '{self.fold}'",
                found=f"trained on '{fitted.fold}'",
            )
        rows = {name: _own(_rows(array, self._indices)) for name, array in self._arrays.items()}
        self._arrays, self.opened_at = None, datetime.now(UTC)
        return MappingProxyType(rows)


def _rows(array: npt.NDArray[Any], at: npt.NDArray[np.integer[Any]]) -> npt.NDArray[Any]:
    """A fresh, read-only array of some rows; it owns its memory, so nothing leads back to the others."""
    rows = np.take(np.asarray(array), at, axis=0)
    rows.flags.writeable = False
    return rows


def _own(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array itself if it is read-only and owns its memory, else a copy of that kind."""
    if type(array) is np.ndarray and array.flags.owndata and not array.flags.writeable:
        return array
    copy = np.array(array, copy=True, subok=False)
    copy.flags.writeable = False
    return copy


def _other_lengths(arrays: Inputs, n: int, groups: int, datasets: int, annotations: int) -> Problems:
    """What does not have n rows, as problems in words."""
    lengths = {name: array.shape[0] if array.ndim else 0 for name, array in arrays.items()}
    lengths |= {"groups": groups, "datasets": datasets, "annotations": annotations}
    problems = Problems()
    problems.extend(f"{name}: {rows} rows for {n} labels" for name, rows in lengths.items() if rows != n)
    return problems
