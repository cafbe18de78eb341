"""Contracts of spotting: what is known of a video frame by frame, and what a detector makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, Self, get_args

import numpy as np
import numpy.typing as npt

Kind = Literal["micro", "macro"]
KINDS: tuple[Kind, ...] = ("micro", "macro")
Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Interval:
    """A stretch of a video in which a face moved; frame indices count from 0, both ends belong to it.

    Attributes:
        score: how far it stands out, in the detector's own unit; larger is surer.
    """

    onset: int
    apex: int
    offset: int
    kind: Kind
    score: float

    @property
    def n_frames(self) -> int:
        return self.offset - self.onset + 1


#: Parts of a signal that are made only if a detector reads them.
Feed = Literal["flow_maps", "block_differences"]
FEEDS: tuple[Feed, ...] = get_args(Feed)


@dataclass(frozen=True, eq=False)
class VideoSignal:
    """What detectors read of one video: a row per frame, nan where the face was not seen.

    Attributes:
        fps: frames per second (mean).
        time_s: (T,) presentation times.
        lag: frames over which the flow of each kind was taken: row i is the motion from frame i - lag to frame i.
        regions: names of the R regions of the face.
        region_flow: by kind, (T, R, 2) mean u, v of each region in pixels of the aligned crop, the head's rigid
            motion removed.
        flow_maps: by kind, (T, 3, 42, 42) u, v, strain of brows and mouth, for the networks; absent if not asked for.
        block_differences: by kind, (T, 36) what `mien.spotting.blocks.block_differences` gives for the flows from
            frame i - k to i and from i - k to i + k, where k is `mien.spotting.blocks.gap` (not the lag), pixels; nan
            in the first and last k rows; absent if not asked for.
    """

    fps: float
    time_s: Floats
    lag: Mapping[Kind, int]
    regions: tuple[str, ...]
    region_flow: Mapping[Kind, Floats]
    flow_maps: Mapping[Kind, Floats] = field(default_factory=dict)
    block_differences: Mapping[Kind, Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.time_s)


@dataclass(frozen=True, eq=False)
class CodedVideo:
    """A video with what a coder found in it, to learn from or to be scored on."""

    key: str
    subject: str
    signal: VideoSignal
    truth: tuple[Interval, ...]


class Detector(Protocol):
    """Finds intervals. Whatever it fits (thresholds, lengths, weights) it fits on the videos of `fit` alone."""

    def fit(self, videos: Sequence[CodedVideo]) -> Self:
        """Learn from training videos; a detector that was not fitted uses its published or default values."""
        ...

    def score(self, signal: VideoSignal, kind: Kind) -> Floats:
        """How much each frame stands out (T,); nan where nothing is known."""
        ...

    def detect(self, signal: VideoSignal) -> list[Interval]:
        """The intervals of both kinds, by onset; overlapping ones only between kinds."""
        ...
