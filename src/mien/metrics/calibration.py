"""How far a recogniser's probabilities can be believed: reliability bins, ECE and Brier score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien.errors import InputError, Problems
from mien.metrics.recognition import FloatArray, IntArray, class_indices

# Probabilities written with six digits still add up to 1 within this.
SUM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class ReliabilityBin:
    """Clips with a confidence in (low, high]: their mean confidence and accuracy, NaN if there are none."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


def reliability_curve(
    prob: npt.ArrayLike, truth: npt.ArrayLike, bins: int = 15
) -> tuple[ReliabilityBin, ...]:
    """Bins of equal width over 0..1 by top-label confidence, with mean confidence and accuracy in each.

    The confidence of a clip is its largest probability, the label the first class that has it. A bin
    excludes its low edge, except the first.

    Args:
        prob: (N, K) probabilities that add up to 1 for every clip.
        truth: (N,) class numbers.
        bins: how many.

    Raises:
        InputError: not probabilities, or lengths differ.
    """
    p, t = _checked(prob, truth)
    if bins < 1:
        raise InputError("there must be at least one bin", found=bins)
    edges = np.linspace(0, 1, bins + 1)
    confidence, right = p.max(1), p.argmax(1) == t
    # side="left" puts a confidence that equals an edge into the bin below it.
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    n = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        mean_confidence = np.bincount(place, confidence, minlength=bins) / n
        accuracy = np.bincount(place, right, minlength=bins) / n
    return tuple(
        ReliabilityBin(float(low), float(high), int(count), float(mean), float(share))
        for low, high, count, mean, share in zip(
            edges[:-1], edges[1:], n, mean_confidence, accuracy, strict=True
        )
    )


def ece(prob: npt.ArrayLike, truth: npt.ArrayLike, bins: int = 15) -> float:
    """Expected calibration error: mean |accuracy - confidence| of the bins, weighted by clips.

    The top-label form with bins of equal width (Guo et al., On Calibration of Modern Neural Networks, ICML
    2017); NaN without clips. It depends on the number of bins and is biased upwards for few clips: compare
    only at equal N and bins.
    """
    filled = [b for b in reliability_curve(prob, truth, bins) if b.n]
    n = sum(b.n for b in filled)
    return sum(b.n * abs(b.accuracy - b.confidence) for b in filled) / n if n else float("nan")


def brier(prob: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """Brier score: squared error of the probabilities, summed over classes, mean over clips.

    The original multi-class form (Brier, 1950): 0 is perfect, 2 the worst, (K - 1) / K the uniform guess.
    For two classes it is twice the score that only looks at the positive class. NaN without clips.
    """
    p, t = _checked(prob, truth)
    if not t.size:
        return float("nan")
    return float(((p - np.eye(p.shape[1])[t]) ** 2).sum(1).mean())


def _checked(prob: npt.ArrayLike, truth: npt.ArrayLike) -> tuple[FloatArray, IntArray]:
    p = np.asarray(prob, dtype=np.float64)
    if p.ndim != 2 or p.shape[1] == 0:
        raise InputError("probabilities must be (clips, classes)", found=f"shape {p.shape}")
    t = class_indices(truth, p.shape[1], "true")
    problems = Problems()
    if p.shape[0] != t.size:
        problems.add(f"{p.shape[0]} rows of probabilities for {t.size} true labels")
    faults = {
        "not finite": ~np.isfinite(p).all(1),
        "outside 0..1": ((p < -SUM_TOLERANCE) | (p > 1 + SUM_TOLERANCE)).any(1),
        "not adding up to 1": np.abs(p.sum(1) - 1) > SUM_TOLERANCE,
    }
    for words, rows in faults.items():
        if rows.any():
            problems.add(f"{int(rows.sum())} rows {words}, first row {int(rows.argmax())}")
    problems.raise_if_any("these are no class probabilities", do="pass softmax outputs, one row per clip")
    return p, t
