"""Recognition scores from one pooled confusion matrix.

A confusion matrix has the truth in rows and the prediction in columns. Every function takes a stack of them,
shape (..., K, K), so that thousands of bootstrap replicates cost one call.

A class that has no clip in the truth has no recall and no F1. UF1 and UAR average over ALL classes of the
task, so both are then NaN; `undefined_reason` says why in words. Skipping the class instead would let a score
rise because a hard class is missing, which is one of the ways in which UF1 is computed in this field. A class
that has clips but is never predicted counts with F1 = 0, as it should.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from mien.errors import InputError

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
AnyArray = npt.NDArray[np.generic]


@dataclass(frozen=True)
class Scores:
    """The four pooled scores of one confusion matrix, each in 0..1 or NaN where it is undefined."""

    n_clips: int
    accuracy: float
    uf1: float
    uar: float
    weighted_f1: float

    def as_dict(self) -> dict[str, float]:
        """The four scores by name, without the number of clips."""
        values = asdict(self)
        del values["n_clips"]
        return values


@dataclass(frozen=True)
class ClassScores:
    """Scores of one class; precision is NaN if it was never predicted, recall and F1 if it has no clip."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


def confusion(truth: npt.ArrayLike, predicted: npt.ArrayLike, n_classes: int) -> IntArray:
    """The (K, K) counts of clips by true class (row) and predicted class (column).

    Raises:
        InputError: lengths differ, or a label is not an integer in 0..K-1.

    >>> confusion([0, 0, 1], [0, 1, 1], 2).tolist()
    [[1, 1], [0, 1]]
    """
    t, p = class_indices(truth, n_classes, "truth"), class_indices(predicted, n_classes, "predicted")
    if t.shape != p.shape:
        raise InputError(
            "truth and prediction must have one label per clip each",
            found=f"{t.size} true and {p.size} predicted labels",
        )
    counts = np.bincount(t * n_classes + p, minlength=n_classes**2)
    return counts.reshape(n_classes, n_classes).astype(np.int64)


def grouped_confusions(
    truth: npt.ArrayLike, predicted: npt.ArrayLike, groups: npt.ArrayLike, n_classes: int
) -> tuple[npt.NDArray[np.str_], IntArray]:
    """Sorted group names (G,) and one confusion matrix per group (G, K, K); they add up to the pooled one.

    Groups are subjects or databases.
    """
    t, p = class_indices(truth, n_classes, "truth"), class_indices(predicted, n_classes, "predicted")
    g = np.asarray(groups).astype(str)
    if not t.shape == p.shape == g.shape:
        raise InputError(
            "truth, prediction and group must be given for every clip",
            found=f"{t.size} true labels, {p.size} predicted labels, {g.size} groups",
        )
    names, index = np.unique(g, return_inverse=True)
    cell = (index * n_classes + t) * n_classes + p
    counts = np.bincount(cell, minlength=names.size * n_classes**2)
    return names, counts.reshape(names.size, n_classes, n_classes).astype(np.int64)


def precision_per_class(matrix: npt.ArrayLike) -> FloatArray:
    """(..., K) share of the clips predicted as a class that are of it; NaN where it was never predicted."""
    c = _square(matrix)
    return _ratio(_diagonal(c), c.sum(-2))


def recall_per_class(matrix: npt.ArrayLike) -> FloatArray:
    """(..., K) share of the clips of a class that were found; NaN where the class has no clip."""
    c = _square(matrix)
    return _ratio(_diagonal(c), c.sum(-1))


def f1_per_class(matrix: npt.ArrayLike) -> FloatArray:
    """(..., K) F1 = 2 TP / (2 TP + FP + FN); NaN where the class has no clip, even if it was predicted."""
    c = _square(matrix)
    support = c.sum(-1)
    return _ratio(2 * _diagonal(c), np.where(support > 0, support + c.sum(-2), 0))


def accuracy(matrix: npt.ArrayLike) -> FloatArray:
    """(...) share of clips on the diagonal; NaN without clips."""
    c = _square(matrix)
    return _ratio(_diagonal(c).sum(-1), c.sum((-2, -1)))


def uf1(matrix: npt.ArrayLike) -> FloatArray:
    """(...) unweighted mean of F1 over all K classes (MEGC 2019); NaN if any class has no clip."""
    return np.asarray(f1_per_class(matrix).mean(-1))


def uar(matrix: npt.ArrayLike) -> FloatArray:
    """(...) unweighted mean of recall over all K classes (MEGC 2019); NaN if any class has no clip."""
    return np.asarray(recall_per_class(matrix).mean(-1))


def weighted_f1(matrix: npt.ArrayLike) -> FloatArray:
    """(...) mean of F1 weighted by the number of true clips; classes without clips weigh nothing."""
    c = _square(matrix)
    support = c.sum(-1)
    return _ratio((np.nan_to_num(f1_per_class(c)) * support).sum(-1), support.sum(-1))


METRICS: Mapping[str, Callable[[npt.ArrayLike], FloatArray]] = MappingProxyType(
    {"accuracy": accuracy, "uf1": uf1, "uar": uar, "weighted_f1": weighted_f1}
)


def scores(matrix: npt.ArrayLike) -> Scores:
    """The pooled scores of one (K, K) confusion matrix.

    >>> scores([[1, 1], [0, 2]]).uar
    0.75
    """
    c = _square(matrix)
    if c.ndim != 2:
        raise InputError("scores are those of one confusion matrix", found=f"an array of shape {c.shape}")
    return Scores(n_clips=int(c.sum()), **{name: float(metric(c)) for name, metric in METRICS.items()})


def per_class(matrix: npt.ArrayLike, classes: Sequence[str]) -> tuple[ClassScores, ...]:
    """Precision, recall, F1 and support of every class, in the order of `classes`."""
    c = _square(matrix)
    if c.shape != (len(classes), len(classes)):
        raise InputError(
            "the confusion matrix and the class list do not belong together",
            found=f"a matrix of shape {c.shape} and {len(classes)} classes",
        )
    columns = (precision_per_class(c), recall_per_class(c), f1_per_class(c), c.sum(-1))
    return tuple(
        ClassScores(name, float(precision), float(recall), float(f1), int(support))
        for name, precision, recall, f1, support in zip(classes, *columns, strict=True)
    )


def undefined_reason(matrix: npt.ArrayLike, classes: Sequence[str]) -> str:
    """Why UF1 and UAR of this matrix are NaN, in words; "" when they are defined."""
    absent = [row.name for row in per_class(matrix, classes) if row.support == 0]
    if not absent:
        return ""
    if len(absent) == len(classes):
        return "there is no clip to score"
    names = ", ".join(f"'{name}'" for name in absent)
    which = f"class {names} is" if len(absent) == 1 else f"the classes {names} are"
    return f"UF1 and UAR are means over all {len(classes)} classes, and {which} absent from the true labels"


def class_indices(labels: npt.ArrayLike, n_classes: int, what: str) -> IntArray:
    """The labels as int64 (N,); `what` names them in the error raised when one is no integer in 0..K-1."""
    values = np.asarray(labels)
    if values.ndim != 1 or (values.size and not np.issubdtype(values.dtype, np.integer)):
        raise InputError(
            f"the {what} labels must be a list of class numbers",
            found=f"an array of shape {values.shape} and type {values.dtype}",
        )
    outside = np.flatnonzero((values < 0) | (values >= n_classes)) if values.size else values
    if outside.size:
        raise InputError(
            f"a {what} label is outside 0..{n_classes - 1}",
            where=f"position {outside[0]}",
            found=int(values[outside[0]]),
            do="leave out the clips that the task does not use before scoring",
        )
    return values.astype(np.int64)


def _square(matrix: npt.ArrayLike) -> FloatArray:
    c = np.asarray(matrix, dtype=np.float64)
    if c.ndim < 2 or c.shape[-1] != c.shape[-2] or c.shape[-1] == 0:
        raise InputError("a confusion matrix must be square", found=f"an array of shape {c.shape}")
    return c


def _diagonal(c: FloatArray) -> FloatArray:
    return np.asarray(np.diagonal(c, axis1=-2, axis2=-1))


def _ratio(part: npt.ArrayLike, whole: npt.ArrayLike) -> FloatArray:
    """part / whole, NaN where whole is 0."""
    below = np.asarray(whole, dtype=np.float64)
    return np.asarray(np.divide(part, below, out=np.full(below.shape, np.nan), where=below != 0))
