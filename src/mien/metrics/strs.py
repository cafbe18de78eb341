"""Spot-then-recognise score (STRS, MEGC 2022 and later): how well events are found, times how well they are named.

The product hides which stage fails, so every result here carries both factors and the counts behind them. The second
factor rests on the events that were found: often a handful, and then very noisy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien.errors import InputError
from mien.metrics import recognition
from mien.metrics.spotting import Counts


@dataclass(frozen=True)
class Analysis:
    """Recognition of the events that were found.

    Attributes:
        n: found events that have a class of the task; only these count.
        precision, recall: means over the classes that occur among them, in truth or prediction; a class that was
            never predicted, or never true, counts 0 there.
        f1: 2 PR / (P + R) of these means (not the mean of the classes' F1); 0 if nothing is right.
        uf1, uar: over all classes of the task; NaN if one of them is absent from the found events.
    """

    n: int
    precision: float
    recall: float
    f1: float
    uf1: float
    uar: float


@dataclass(frozen=True)
class Strs:
    """Spot-then-recognise: the score never comes without its factors and counts."""

    spotting: Counts
    analysis: Analysis

    @property
    def score(self) -> float:
        """F1 of spotting times F1 of the analysis; NaN if either is undefined."""
        return self.spotting.f1 * self.analysis.f1

    def __str__(self) -> str:
        c, a = self.spotting, self.analysis
        return (
            f"STRS {self.score:.4f} = spotting F1 {c.f1:.4f} (TP {c.tp}, FP {c.fp}, FN {c.fn}) "
            f"x analysis F1 {a.f1:.4f} (P {a.precision:.4f}, R {a.recall:.4f}, {a.n} events)"
        )


def analysis(truth: npt.ArrayLike, predicted: npt.ArrayLike, n_classes: int) -> Analysis:
    """Scores of the class numbers of the true positives; events of other classes (true label -1) are left out.

    Raises:
        InputError: lengths differ, or a label is out of range.
    """
    t, p = np.asarray(truth, dtype=np.int64), np.asarray(predicted, dtype=np.int64)
    if t.shape != p.shape or t.ndim != 1:
        raise InputError(
            "truth and prediction must have one label per found event",
            found=f"shapes {t.shape} and {p.shape}",
        )
    kept = t >= 0
    nan = float("nan")
    if not kept.any():
        return Analysis(0, nan, nan, nan, nan, nan)
    matrix = recognition.confusion(t[kept], p[kept], n_classes)
    occurs = (matrix.sum(axis=0) + matrix.sum(axis=1)) > 0
    precision, recall = (
        float(np.nan_to_num(per_class(matrix))[occurs].mean())
        for per_class in (recognition.precision_per_class, recognition.recall_per_class)
    )
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    whole = recognition.scores(matrix)
    return Analysis(int(kept.sum()), precision, recall, f1, whole.uf1, whole.uar)


def strs(spotting: Counts, found: Analysis) -> Strs:
    """The score of one dataset, or of several whose counts and found events were pooled before.

    Raises:
        InputError: more events were analysed than were found.
    """
    if found.n > spotting.tp:
        raise InputError(
            "only true positives are analysed", found=f"{found.n} events analysed, {spotting.tp} found"
        )
    return Strs(spotting, found)
