"""Random peaks: as many intervals of the same lengths as another detector finds, anywhere in the video.

What remains of a score when the timing is taken away: a method has to beat this, or it has only counted well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from pydantic import Field

from mien.models.options import Options
from mien.spotting.contract import CodedVideo, Detector, Floats, Interval, Kind, VideoSignal

TRIES = 100


class RandomPeaksOptions(Options):
    counted: str = Field("contrast", description="the detector whose counts and lengths are taken over")
    seed: int = Field(0, ge=0, description="of the places")


class RandomPeaks:
    """The baseline for any detector: implements `Detector`. `reference` is the one whose intervals are moved."""

    def __init__(self, reference: Detector, seed: int = 0) -> None:
        self._reference, self._seed = reference, seed

    def fit(self, videos: Sequence[CodedVideo]) -> Self:
        self._reference.fit(videos)
        return self

    def score(self, signal: VideoSignal, kind: Kind) -> Floats:
        """Uniform numbers (T,), the same at every call."""
        return np.random.default_rng([self._seed, len(signal)]).random(len(signal))

    def detect(self, signal: VideoSignal) -> list[Interval]:
        """The intervals of the reference at random places, apart from others of their kind where there is room."""
        reference = self._reference.detect(signal)
        rng = np.random.default_rng([self._seed, len(signal), len(reference)])
        placed: list[Interval] = []
        for interval in sorted(reference, key=lambda interval: -interval.n_frames):
            taken = [other for other in placed if other.kind == interval.kind]
            for _ in range(TRIES):
                shift = int(rng.integers(len(signal) - interval.n_frames + 1)) - interval.onset
                moved = Interval(
                    interval.onset + shift,
                    interval.apex + shift,
                    interval.offset + shift,
                    interval.kind,
                    float(rng.random()),
                )
                if all(moved.offset < other.onset or other.offset < moved.onset for other in taken):
                    break
            placed.append(moved)
        return sorted(placed, key=lambda interval: (interval.onset, interval.offset))
