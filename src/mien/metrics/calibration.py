"""How far a recogniser's probabilities can be believed: reliability bins, ECE, Brier score; temperature, abstention."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien.errors import InputError, Problems, UsageError
from mien.metrics.recognition import FloatArray, IntArray, class_indices

# Probabilities written with six digits still add up to 1 within this.
SUM_TOLERANCE = 1e-3
TINY = 1e-12
TEMPERATURES = (0.05, 20.0)


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


def tempered(prob: npt.ArrayLike, temperature: float) -> FloatArray:
    """Probabilities (..., K) made softer (temperature above 1) or sharper: p ** (1 / temperature), adding up to 1.

    Raises:
        UsageError: the temperature is not positive.
    """
    if not temperature > 0:
        raise UsageError("a temperature is a positive number", found=temperature)
    logits = np.log(np.clip(np.asarray(prob, dtype=np.float64), TINY, None)) / temperature
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def fit_temperature(prob: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """The temperature in 0.05..20 with the least log loss on these clips (Guo et al., ICML 2017, section 4.2).

    Fit it on clips that the recogniser was not trained on. It changes no ranking of the classes of a clip.

    Raises:
        InputError: no clips, or no probabilities.
    """
    from scipy.optimize import minimize_scalar

    p, t = _checked(prob, truth)
    if not t.size:
        raise InputError("a temperature cannot be fitted without clips")

    def log_loss(log_temperature: float) -> float:
        chosen = tempered(p, float(np.exp(log_temperature)))[np.arange(t.size), t]
        return float(-np.log(np.clip(chosen, TINY, None)).mean())

    found = minimize_scalar(log_loss, bounds=np.log(TEMPERATURES), method="bounded")
    return float(np.exp(found.x))


@dataclass(frozen=True)
class Abstention:
    """A least confidence, and what it does: the share of clips that are answered, and their accuracy."""

    below: float
    coverage: float
    accuracy: float


def fit_abstention(prob: npt.ArrayLike, truth: npt.ArrayLike, target_accuracy: float) -> Abstention:
    """The least confidence from which on the answered clips are right at `target_accuracy` or more often.

    Among the confidences of the clips, the smallest that reaches the target; if none does, the one with the most
    accurate answers. Optimistic for the clips it was fitted on, the more so the fewer they are.

    Raises:
        InputError: no clips, or no probabilities.
    """
    p, t = _checked(prob, truth)
    if not t.size:
        raise InputError("an abstention cannot be fitted without clips")
    confidence, right = p.max(axis=1), p.argmax(axis=1) == t
    order = np.argsort(-confidence, kind="stable")
    accuracy = np.cumsum(right[order]) / np.arange(1, t.size + 1)
    # A threshold answers all clips of its confidence: only the last of equal ones can be one.
    ends = np.append(np.diff(confidence[order]) < 0, True)
    reached = np.flatnonzero(ends & (accuracy >= target_accuracy))
    last = reached[-1] if reached.size else np.flatnonzero(ends)[accuracy[ends].argmax()]
    return Abstention(float(confidence[order][last]), float((last + 1) / t.size), float(accuracy[last]))


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
