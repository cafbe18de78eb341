"""How well a detector spots in the videos of people it has not seen: folds of subjects, counts pooled over them.

Whatever a detector fits, it fits on the training subjects of a fold; a held-out video is opened after `fit` has
returned. Every video counts, those without any event too: they can only add false alarms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mien.errors import InputError
from mien.metrics import intervals, spotting
from mien.metrics.spotting import OVERALL, Counts, KindScores, SpottedVideo
from mien.protocols.folds import make_folds
from mien.spotting.contract import KINDS, CodedVideo, Detector, Interval, Kind
from mien.spotting.fitting import (
    ThresholdDetector,
    best_threshold,
    counts_by_threshold,
    to_spans,
    truth_spans,
)


@dataclass(frozen=True)
class Fold:
    """One fold: who was held out, how many videos were trained on, and every value that was fitted on them."""

    name: str
    held_out: tuple[str, ...]
    n_training_videos: int
    fitted: Mapping[str, object]


@dataclass(frozen=True)
class Peeked:
    """Invalid as a result: one threshold per kind chosen on the held-out videos themselves, over all folds.

    How much it lies above the honest score says what a better threshold could give at most.
    """

    thresholds: Mapping[Kind, float]
    counts: Mapping[str, Counts]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Pooled scores of a detector.

    Attributes:
        videos: truth and prediction of every video, in the order given.
        scores: by kind and "all". intervals: bootstrap of F1 over subjects.
        sensitivity: F1 by IoU threshold, then by kind.
        peeked: None for detectors that have no threshold.
    """

    videos: tuple[SpottedVideo, ...]
    predictions: Mapping[str, tuple[Interval, ...]]
    folds: tuple[Fold, ...]
    scores: Mapping[str, KindScores]
    intervals: Mapping[str, intervals.Interval]
    sensitivity: Mapping[float, Mapping[str, float]]
    peeked: Peeked | None

    def as_dict(self) -> dict[str, Any]:
        """The figures for a JSON file."""
        return {
            "kinds": {name: self._row(name) for name in self.scores},
            "f1_by_iou": {f"{iou:g}": dict(row) for iou, row in self.sensitivity.items()},
            "folds": [
                {"name": fold.name, "held_out": list(fold.held_out), "fitted": dict(fold.fitted)}
                for fold in self.folds
            ],
        }

    def _row(self, name: str) -> dict[str, Any]:
        row, interval = self.scores[name], self.intervals[name]
        peeked = self.peeked.counts[name].f1 if self.peeked else None
        return {
            "tp": row.counts.tp,
            "fp": row.counts.fp,
            "fn": row.counts.fn,
            "precision": row.counts.precision,
            "recall": row.counts.recall,
            "f1": row.counts.f1,
            "f1_low": interval.low,
            "f1_high": interval.high,
            "f1_label_found": row.found.f1,
            "false_alarms_per_min": row.false_alarms_per_min,
            "onset_median_abs_ms": row.errors.onset_median_abs_ms,
            "offset_median_abs_ms": row.errors.offset_median_abs_ms,
            "f1_peeked_invalid": peeked,
        }


def evaluate(
    videos: Sequence[CodedVideo],
    make: Callable[[], Detector],
    *,
    protocol: str = "loso",
    seed: int = 0,
    replicates: int = 2000,
) -> Evaluation:
    """The scores of the detectors that `make` makes, one fresh one per fold.

    Args:
        protocol: "loso", "kfold[:k]" or "holdout[:share]", over subjects; see `mien.protocols.folds`.

    Raises:
        InputError: fewer than two subjects, or two videos of one name.
    """
    keys = [video.key for video in videos]
    if len(set(keys)) < len(keys):
        raise InputError("two videos have the same name", found=next(k for k in keys if keys.count(k) > 1))
    zeros = np.zeros(len(videos), np.int64)
    subjects = [video.subject for video in videos]
    folds: list[Fold] = []
    found: dict[str, tuple[Interval, ...]] = {}
    by_threshold: dict[Kind, list[list[Counts]]] = {kind: [] for kind in KINDS}
    grid: tuple[float, ...] = ()
    for fold in make_folds(protocol, groups=subjects, datasets=zeros, labels=zeros, seed=seed):
        detector = make().fit([videos[i] for i in fold.train])
        held_out = [videos[i] for i in fold.held_out]
        for video in held_out:
            found[video.key] = tuple(detector.detect(video.signal))
        names = tuple(sorted({video.subject for video in held_out}))
        fitted = dict(detector.fitted) if isinstance(detector, ThresholdDetector) else {}
        folds.append(Fold(fold.name, names, len(fold.train), fitted))
        if isinstance(detector, ThresholdDetector):
            grid = detector.grid
            for kind in KINDS:
                by_threshold[kind].append(counts_by_threshold(detector, held_out, kind))
    spotted = tuple(_spotted(video, found[video.key]) for video in videos if video.key in found)
    return Evaluation(
        spotted,
        found,
        tuple(folds),
        spotting.scores(spotted, KINDS),
        spotting.bootstrap(spotted, KINDS, replicates=replicates, seed=seed),
        spotting.sensitivity(spotted, KINDS),
        _peek(grid, by_threshold) if grid else None,
    )


def _spotted(video: CodedVideo, found: Sequence[Interval]) -> SpottedVideo:
    return SpottedVideo(
        video.key,
        video.subject,
        video.signal.fps,
        len(video.signal),
        {kind: truth_spans(video.truth, kind) for kind in KINDS},
        {kind: to_spans([interval for interval in found if interval.kind == kind]) for kind in KINDS},
    )


def _peek(grid: Sequence[float], by_threshold: Mapping[Kind, list[list[Counts]]]) -> Peeked:
    thresholds: dict[Kind, float] = {}
    counts: dict[str, Counts] = {}
    for kind, folds in by_threshold.items():
        pooled = [sum(column, Counts()) for column in zip(*folds, strict=True)]
        best = best_threshold(grid, pooled)
        thresholds[kind] = grid[-1] if best is None else best
        counts[kind] = pooled[list(grid).index(thresholds[kind])]
    counts[OVERALL] = sum(counts.values(), Counts())
    return Peeked(thresholds, counts)
