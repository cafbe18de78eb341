"""Spotting scores by the protocol of the Micro-Expression Grand Challenges (MEGC).

An interval found in a video is right if it overlaps a coded one of the same kind with IoU >= 0.5. Intervals are (N, 2)
whole numbers, first and last frame, both inclusive; whether frames count from 0 or 1 does not matter as long as truth
and prediction agree. Counts are added up over all videos, those without any event included, and only then turned into
precision, recall and F1: an F1 averaged over videos is another figure.

Two ways of counting are in use. *One-to-one* (MEGC 2021 and later): a prediction and a truth can each be used once.
*Label-found* (MEGC 2020): a truth is found if any prediction overlaps it enough, so that one prediction may find two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from mien.errors import InputError
from mien.metrics.intervals import Interval, draw_subjects, percentile_interval

Spans = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
Matching = Literal["greedy", "maximum"]

IOU = 0.5
IOUS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
OVERALL = "all"


@dataclass(frozen=True)
class Counts:
    """Hits, false alarms and misses, pooled; precision, recall and F1 are NaN where nothing defines them.

    >>> (Counts(1, 1, 0) + Counts(1, 0, 2)).f1
    0.5714285714285714
    """

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    @property
    def precision(self) -> float:
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)


@dataclass(frozen=True)
class FoundCounts:
    """The counting of MEGC 2020: truths found by any prediction, beside the numbers of predictions and of truths."""

    predictions: int = 0
    found: int = 0
    labels: int = 0

    def __add__(self, other: FoundCounts) -> FoundCounts:
        return FoundCounts(
            self.predictions + other.predictions, self.found + other.found, self.labels + other.labels
        )

    @property
    def precision(self) -> float:
        return _ratio(self.found, self.predictions)

    @property
    def recall(self) -> float:
        return _ratio(self.found, self.labels)

    @property
    def f1(self) -> float:
        return _ratio(2 * self.found, self.predictions + self.labels)


@dataclass(frozen=True, eq=False)
class SpottedVideo:
    """What was coded and what was found in one video, by kind; a kind that is absent has no interval."""

    key: str
    subject: str
    fps: float
    n_frames: int
    truth: Mapping[str, Spans]
    predicted: Mapping[str, Spans]

    @property
    def minutes(self) -> float:
        return self.n_frames / self.fps / 60


@dataclass(frozen=True)
class TimingErrors:
    """Prediction minus truth over the matched pairs, milliseconds; NaN without a pair."""

    onset_median_abs_ms: float
    offset_median_abs_ms: float
    onset_mean_ms: float
    offset_mean_ms: float


@dataclass(frozen=True)
class KindScores:
    """Everything that is reported of one kind, pooled over the videos."""

    counts: Counts
    found: FoundCounts
    errors: TimingErrors
    false_alarms_per_min: float
    minutes: float


def spans(pairs: Iterable[tuple[int, int]]) -> Spans:
    """The intervals as an array (N, 2), also when there is none.

    Raises:
        InputError: an interval ends before it begins.
    """
    found = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
    wrong = found[found[:, 1] < found[:, 0]]
    if len(wrong):
        raise InputError("an interval ends before it begins", found=f"{wrong[0, 0]}..{wrong[0, 1]}")
    return found


def iou(predicted: npt.ArrayLike, truth: npt.ArrayLike) -> FloatArray:
    """Intersection over union (P, G) in frames, both ends inclusive, 0 where two intervals do not meet.

    >>> iou([[1, 4]], [[3, 6], [5, 9]]).round(2).tolist()
    [[0.33, 0.0]]
    """
    p, g = (np.asarray(x, dtype=np.int64).reshape(-1, 2) for x in (predicted, truth))
    first, last = np.maximum(p[:, None, 0], g[None, :, 0]), np.minimum(p[:, None, 1], g[None, :, 1])
    inter = np.maximum(last - first + 1, 0)
    lengths = (p[:, 1] - p[:, 0] + 1)[:, None] + (g[:, 1] - g[:, 0] + 1)[None, :]
    return np.asarray(inter / (lengths - inter), dtype=np.float64)


def match(
    predicted: npt.ArrayLike, truth: npt.ArrayLike, threshold: float = IOU, matching: Matching = "greedy"
) -> list[tuple[int, int]]:
    """Pairs (prediction, truth) with IoU >= threshold, each used once at most, by ascending prediction.

    Args:
        matching: "greedy" takes the pair of largest IoU first, ties by position, as the challenges do; "maximum"
            takes as many pairs as possible and of those choices the one of largest total IoU. They differ only
            where intervals of one kind overlap each other.
    """
    overlap = iou(predicted, truth)
    if matching == "maximum":
        from scipy.optimize import linear_sum_assignment

        # The IoUs of all pairs together weigh less than one pair more.
        weight = (overlap >= threshold) * (1 + overlap / (min(overlap.shape) + 1))
        rows, columns = linear_sum_assignment(weight, maximize=True)
        return [(int(p), int(g)) for p, g in zip(rows, columns, strict=True) if overlap[p, g] >= threshold]
    pairs: list[tuple[int, int]] = []
    p_left, g_left = np.ones(overlap.shape[0], bool), np.ones(overlap.shape[1], bool)
    rows, columns = np.nonzero(overlap >= threshold)
    for i in np.argsort(-overlap[rows, columns], kind="stable"):
        p, g = int(rows[i]), int(columns[i])
        if p_left[p] and g_left[g]:
            pairs.append((p, g))
            p_left[p] = g_left[g] = False
    return sorted(pairs)


def count(
    predicted: npt.ArrayLike, truth: npt.ArrayLike, threshold: float = IOU, matching: Matching = "greedy"
) -> Counts:
    """One-to-one counts of one video and kind."""
    tp = len(match(predicted, truth, threshold, matching))
    n_predicted, n_truth = np.size(predicted) // 2, np.size(truth) // 2
    return Counts(tp, n_predicted - tp, n_truth - tp)


def count_found(predicted: npt.ArrayLike, truth: npt.ArrayLike, threshold: float = IOU) -> FoundCounts:
    """Label-found counts (MEGC 2020) of one video and kind."""
    overlap = iou(predicted, truth)
    return FoundCounts(overlap.shape[0], int((overlap >= threshold).any(axis=0).sum()), overlap.shape[1])


def scores(
    videos: Sequence[SpottedVideo],
    kinds: Sequence[str] = ("micro", "macro"),
    *,
    threshold: float = IOU,
    matching: Matching = "greedy",
) -> dict[str, KindScores]:
    """The pooled scores by kind and, under "all", of the kinds together (their counts added, never their F1)."""
    minutes = sum(video.minutes for video in videos)
    counts = dict.fromkeys(kinds, Counts())
    found = dict.fromkeys(kinds, FoundCounts())
    errors: dict[str, list[FloatArray]] = {kind: [] for kind in kinds}
    for video in videos:
        for kind in kinds:
            p, g = _of(video.predicted, kind), _of(video.truth, kind)
            pairs = match(p, g, threshold, matching)
            counts[kind] += Counts(len(pairs), len(p) - len(pairs), len(g) - len(pairs))
            found[kind] += count_found(p, g, threshold)
            errors[kind] += [(p[i] - g[j]) * (1000 / video.fps) for i, j in pairs]
    every = {
        **{kind: (counts[kind], found[kind], errors[kind]) for kind in kinds},
        OVERALL: (
            sum(counts.values(), Counts()),
            sum(found.values(), FoundCounts()),
            [row for kind in kinds for row in errors[kind]],
        ),
    }
    return {
        name: KindScores(c, f, _timing(rows), _ratio(c.fp, minutes), minutes)
        for name, (c, f, rows) in every.items()
    }


def sensitivity(
    videos: Sequence[SpottedVideo],
    kinds: Sequence[str] = ("micro", "macro"),
    thresholds: Sequence[float] = IOUS,
) -> dict[float, dict[str, float]]:
    """The pooled F1 by IoU threshold and kind ("all" included): how much of a score hangs on the 0.5."""
    return {
        threshold: {name: row.counts.f1 for name, row in scores(videos, kinds, threshold=threshold).items()}
        for threshold in thresholds
    }


def bootstrap(
    videos: Sequence[SpottedVideo],
    kinds: Sequence[str] = ("micro", "macro"),
    *,
    unit: Literal["subject", "video"] = "subject",
    replicates: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    threshold: float = IOU,
) -> dict[str, Interval]:
    """Percentile intervals of the pooled F1 by kind and "all", by drawing subjects (or videos) with replacement.

    Replicates in which F1 is undefined (nothing coded, nothing found) are left out; NaN with fewer than two units.
    """
    units = [video.subject if unit == "subject" else video.key for video in videos]
    names, index = np.unique(units, return_inverse=True)
    table = np.zeros((names.size, len(kinds) + 1, 3))
    for at, video in zip(index, videos, strict=True):
        for column, kind in enumerate(kinds):
            c = count(_of(video.predicted, kind), _of(video.truth, kind), threshold)
            table[at, column] += (c.tp, c.fp, c.fn)
    table[:, -1] = table[:, :-1].sum(axis=1)
    if names.size < 2:
        return dict.fromkeys((*kinds, OVERALL), Interval(np.nan, np.nan))
    drawn = draw_subjects(np.zeros(names.size, np.int64), replicates, seed)
    tp, fp, fn = np.moveaxis(np.tensordot(drawn, table, axes=1), -1, 0)
    below = 2 * tp + fp + fn
    f1 = np.divide(2 * tp, below, out=np.full(below.shape, np.nan), where=below > 0)
    return {name: percentile_interval(f1[:, column], level) for column, name in enumerate((*kinds, OVERALL))}


def _of(by_kind: Mapping[str, Spans], kind: str) -> Spans:
    return by_kind.get(kind, np.empty((0, 2), np.int64))


def _timing(rows: Sequence[FloatArray]) -> TimingErrors:
    if not rows:
        return TimingErrors(*[float("nan")] * 4)
    table = np.stack(rows)
    return TimingErrors(
        *(float(x) for x in np.median(np.abs(table), axis=0)), *(float(x) for x in table.mean(axis=0))
    )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
