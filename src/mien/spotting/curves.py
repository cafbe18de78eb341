"""Arithmetic on score curves (T,), nan where nothing is known: smoothing, contrast, peaks, runs, intervals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mien.metrics.spotting import Spans, iou

Curve = npt.NDArray[np.float64]


def centred(rows: npt.ArrayLike, lag: int) -> Curve:
    """Scores moved to the middle of the motion they measure: row i saw frames i - lag to i, so it speaks of
    i - lag // 2. The last lag // 2 frames become nan."""
    values = np.asarray(rows, dtype=np.float64)
    shift = min(lag // 2, len(values))
    return np.concatenate([values[shift:], np.full(shift, np.nan)])


def window_mean(curve: npt.ArrayLike, half: int) -> Curve:
    """Mean of the known values within `half` frames on either side; nan stays nan."""
    values = np.asarray(curve, dtype=np.float64)
    known = ~np.isnan(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    number = np.concatenate([[0], np.cumsum(known)])
    n = len(values)
    first, last = np.maximum(np.arange(n) - half, 0), np.minimum(np.arange(n) + half + 1, n)
    mean = (total[last] - total[first]) / np.maximum(number[last] - number[first], 1)
    return np.where(known, mean, np.nan)


def contrast(curve: npt.ArrayLike, reach: int) -> Curve:
    """How far each value lies above the mean of those `reach` frames before and after; drifts cancel out.

    Where one neighbour is unknown or outside the video the other stands for both; nan without either.
    """
    values = np.asarray(curve, dtype=np.float64)
    gap = np.full(min(reach, len(values)), np.nan)
    before, after = np.concatenate([gap, values[:-reach]]), np.concatenate([values[reach:], gap])
    before, after = np.where(np.isnan(before), after, before), np.where(np.isnan(after), before, after)
    return np.asarray(values - (before + after) / 2)


def robust_z(curve: npt.ArrayLike, floor: float) -> Curve:
    """(value - median) / (1.4826 MAD) over the known values; the divisor is `floor` at least, so that the tiny noise
    of a still video is not blown up."""
    values = np.asarray(curve, dtype=np.float64)
    if np.isnan(values).all():
        return values.copy()
    median = np.nanmedian(values)
    spread = 1.4826 * np.nanmedian(np.abs(values - median))
    return np.asarray((values - median) / max(float(spread), floor))


def relative_threshold(curve: npt.ArrayLike, p: float) -> float:
    """mean + p (max - mean) of the known values (Moilanen et al. 2014); inf if none is known."""
    values = np.asarray(curve, dtype=np.float64)
    values = values[~np.isnan(values)]
    if not values.size:
        return float("inf")
    return float(values.mean() + p * (values.max() - values.mean()))


def runs(mask: npt.ArrayLike, *, keep_last: bool = True) -> Spans:
    """Maximal stretches of True as (N, 2) inclusive indices.

    Args:
        keep_last: keep a stretch that lasts to the end; the MEGC 2020 baseline drops it.
    """
    on = np.asarray(mask, dtype=bool).astype(np.int8)
    edges = np.diff(np.concatenate([[0], on, [0]]))
    found = np.stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1], axis=1)
    if not keep_last and len(found) and found[-1, 1] == len(on) - 1:
        found = found[:-1]
    return found.astype(np.int64)


def peaks(curve: npt.ArrayLike, distance: int) -> npt.NDArray[np.int64]:
    """Indices of local maxima, no two closer than `distance` frames (the higher one stays)."""
    from scipy.signal import find_peaks

    values = np.asarray(curve, dtype=np.float64)
    if np.isnan(values).all():
        return np.empty(0, np.int64)
    # A value below all others at both ends lets a maximum in the first or last frame count too.
    low = np.nanmin(values) - 1
    padded = np.concatenate([[low], np.where(np.isnan(values), low, values), [low]])
    found, _ = find_peaks(padded, distance=max(distance, 1))
    return np.asarray(found - 1, dtype=np.int64)


def half_peak(curve: Curve, peak: int) -> tuple[int, int]:
    """First and last frame of the stretch around `peak` that stays above half of it; unknown values end it."""
    first = last = peak
    while first > 0 and curve[first - 1] > curve[peak] / 2:
        first -= 1
    while last < len(curve) - 1 and curve[last + 1] > curve[peak] / 2:
        last += 1
    return first, last


def fit_length(
    onset: int, offset: int, middle: int, shortest: int, longest: int, n_frames: int
) -> tuple[int, int]:
    """The interval made as long as allowed: grown or cut about `middle`, within the video."""
    length = offset - onset + 1
    wanted = min(max(length, shortest), longest)
    if wanted > length:
        onset -= (wanted - length) // 2
        offset = onset + wanted - 1
    elif wanted < length:
        onset = min(max(onset, middle - wanted // 2), offset - wanted + 1)
        offset = onset + wanted - 1
    return max(onset, 0), min(offset, n_frames - 1)


def suppress(found: Spans, scores: npt.ArrayLike, limit: float) -> list[int]:
    """Positions that stay, best score first, when of two intervals with IoU > `limit` the weaker one goes."""
    kept: list[int] = []
    overlap = iou(found, found)
    for i in np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable"):
        if not kept or overlap[i, kept].max() <= limit:
            kept.append(int(i))
    return kept
