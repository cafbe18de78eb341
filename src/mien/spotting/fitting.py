"""What detectors learn from training videos: how long movements last, and how high the threshold must be."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Self

import numpy as np

from mien.metrics.spotting import IOU, Counts, Spans, count, spans
from mien.spotting.contract import CodedVideo, Floats, Interval, Kind, VideoSignal
from mien.spotting.curves import runs

Proposals = Callable[[float], list[Interval]]
"""The intervals of one video and kind at a threshold."""


class ThresholdDetector(ABC):
    """A detector that ends in one threshold per kind: implements `Detector`.

    Attributes:
        grid: the thresholds that `fit` tries, rising.
        thresholds: the one in force by kind; until `fit`, published or default.
        fit_threshold: whether `fit` chooses it by the pooled F1 of the training videos, or leaves it.
    """

    grid: tuple[float, ...]
    thresholds: dict[Kind, float]
    fit_threshold: bool = True

    def learn(self, videos: Sequence[CodedVideo]) -> None:
        """Learn everything but the threshold; by default nothing."""
        return

    @abstractmethod
    def score(self, signal: VideoSignal, kind: Kind) -> Floats:
        """How much each frame stands out (T,)."""

    @abstractmethod
    def proposals(self, signal: VideoSignal, kind: Kind) -> Proposals:
        """The intervals of one kind as a function of the threshold; what does not hang on it is done once."""

    @property
    def fitted(self) -> Mapping[str, object]:
        """Every value that `fit` may set, for records and for the test that no held-out video moves one."""
        return {f"threshold {kind}": value for kind, value in self.thresholds.items()}

    def fit(self, videos: Sequence[CodedVideo]) -> Self:
        self.learn(videos)
        if self.fit_threshold:
            for kind in self.thresholds:
                counts = counts_by_threshold(self, videos, kind)
                best = best_threshold(self.grid, counts)
                if best is not None:
                    self.thresholds[kind] = best
        return self

    def detect(self, signal: VideoSignal) -> list[Interval]:
        found = [
            interval
            for kind in self.thresholds
            if kind in signal.lag
            for interval in self.proposals(signal, kind)(self.thresholds[kind])
        ]
        return sorted(found, key=lambda interval: (interval.onset, interval.offset))


def counts_by_threshold(
    detector: ThresholdDetector, videos: Sequence[CodedVideo], kind: Kind
) -> list[Counts]:
    """Counts at IoU 0.5 pooled over the videos, one for every threshold of the detector's grid."""
    pooled = [Counts()] * len(detector.grid)
    for video in videos:
        if kind not in video.signal.lag:
            continue
        at = detector.proposals(video.signal, kind)
        truth = truth_spans(video.truth, kind)
        pooled = [
            total + count(to_spans(at(threshold)), truth, IOU)
            for total, threshold in zip(pooled, detector.grid, strict=True)
        ]
    return pooled


def best_threshold(grid: Sequence[float], counts: Sequence[Counts]) -> float | None:
    """The threshold of the largest F1; None where no threshold finds anything.

    Where a stretch of thresholds is equally good, the middle of the longest one: its ends are where the training
    videos happened to have their weakest movement or their strongest disturbance.
    """
    f1 = np.nan_to_num([c.f1 for c in counts])
    if not f1.max(initial=0.0):
        return None
    best = runs(f1 == f1.max())
    first, last = best[np.argmax(best[:, 1] - best[:, 0])]
    return float(grid[(first + last + 1) // 2])


def mean_duration_s(videos: Sequence[CodedVideo], kind: Kind) -> float | None:
    """Mean duration of the coded events of a kind, seconds; None without any."""
    found = [
        interval.n_frames / video.signal.fps
        for video in videos
        for interval in video.truth
        if interval.kind == kind
    ]
    return float(np.mean(found)) if found else None


def half_length(duration_s: float, fps: float) -> int:
    """k = floor((N + 1) / 2) for a mean length of N frames, 1 at least (Liong et al. 2021)."""
    return max(int((duration_s * fps + 1) / 2), 1)


def to_spans(intervals: Sequence[Interval]) -> Spans:
    """(N, 2) first and last frames."""
    return spans((interval.onset, interval.offset) for interval in intervals)


def truth_spans(truth: Sequence[Interval], kind: Kind) -> Spans:
    """(N, 2) first and last frames of the events of one kind."""
    return to_spans([interval for interval in truth if interval.kind == kind])
