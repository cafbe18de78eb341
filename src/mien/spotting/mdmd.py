"""MDMD: main directional maximal difference, the spotting baseline of MEGC 2020.

He, Wang, Li, Yap: "Spotting macro- and micro-expression intervals in long video sequences", FG 2020, after Wang et al.,
"A main directional maximal difference analysis for spotting facial movements from long-term videos", Neurocomputing
2017. A movement that comes and goes leaves much flow from frame i - k to i and little from i - k to i + k; the
difference in the main direction of each block, averaged over the strongest third, is the score of frame i.

The published program takes the direction as atan(u / v), which folds opposite directions together; here it is atan2.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydantic import Field

from mien.errors import InputError
from mien.models.options import Options
from mien.spotting.blocks import gap, top_third
from mien.spotting.contract import KINDS, Floats, Interval, Kind, VideoSignal
from mien.spotting.curves import Curve, contrast, relative_threshold, runs
from mien.spotting.fitting import Proposals, ThresholdDetector

THRESHOLD = 0.01
#: Shortest and longest micro interval in seconds, 7-16 frames at 30 fps and 47-105 at 200 fps; longer ones are macro.
SHORTEST_S, LONGEST_S = 0.235, 0.525


class MdmdOptions(Options):
    fit_threshold: bool = Field(True, description="fit p on training videos; else the published 0.01 stays")


def region_differences(flow: npt.NDArray[np.floating], lag: int, times: int = 1) -> npt.NDArray[np.floating]:
    """(T, R) how much of the motion of each region goes back: |f(i)| - |f(i) + f(i + k)|, pixels, k = times * lag.

    What `mien.spotting.blocks` measures block by block, for regions of which the mean flow alone is known.

    Flows are joined by adding them up, which is right for the small motions of a face. A region has one vector and
    so one direction.

    Args:
        flow: (T, R, 2), row i from frame i - lag to frame i.
        times: lags that make up the gap k.
    """
    short = np.asarray(flow)
    before: npt.NDArray[np.floating] = sum((_shifted(short, -n * lag) for n in range(1, times)), short)
    return np.asarray(
        np.linalg.norm(before, axis=-1) - np.linalg.norm(before + _shifted(before, times * lag), axis=-1)
    )


class Mdmd(ThresholdDetector):
    """MDMD on the mean flow of facial regions, with the published lengths; p is published (0.01) until fitted."""

    grid = tuple(p / 100 for p in range(1, 100))

    def __init__(self, options: MdmdOptions) -> None:
        self._options = options
        self.fit_threshold = options.fit_threshold
        self.thresholds = dict.fromkeys(KINDS, THRESHOLD)

    def score(self, signal: VideoSignal, kind: Kind) -> Floats:
        """Contrast of the frame feature against k - 1 frames before and after, negatives 0, pixels (T,)."""
        lag = signal.lag[kind]
        times = max(round(gap(kind, signal.fps) / lag), 1)
        return _contrasted(region_differences(signal.region_flow[kind], lag, times), times * lag)

    def proposals(self, signal: VideoSignal, kind: Kind) -> Proposals:
        curve = np.asarray(self.score(signal, kind), dtype=np.float64)
        shortest, longest = allowed_lengths(kind, signal.fps)

        def at(p: float) -> list[Interval]:
            above = curve > relative_threshold(curve, p)
            return [
                _interval(curve, first, last, kind)
                for first, last in runs(above).tolist()
                if shortest <= last - first + 1 <= longest
            ]

        return at


class MdmdBlocks(Mdmd):
    """MDMD as published, on blocks of dense flow."""

    def score(self, signal: VideoSignal, kind: Kind) -> Floats:
        if kind not in signal.block_differences:
            raise InputError(
                "this signal holds no block differences for MDMD",
                found=f"kind {kind}",
                do="build the signal with feeds=['block_differences'], or take the detector mdmd",
            )
        return _contrasted(np.asarray(signal.block_differences[kind]), gap(kind, signal.fps))


MdmdBlocksOptions = MdmdOptions


def _contrasted(differences: npt.NDArray[np.floating], k: int) -> Floats:
    """The feature (T,) of frames from differences (T, places), against the frames k - 1 before and after."""
    return np.asarray(np.maximum(contrast(top_third(differences), max(k - 1, 1)), 0))


def allowed_lengths(kind: Kind, fps: float) -> tuple[int, float]:
    """Shortest and longest interval of a kind, frames: the published 7-16 and 17 upwards at 30 fps, 47-105 and 106
    upwards at 200 fps."""
    shortest, longest = round(SHORTEST_S * fps), round(LONGEST_S * fps)
    return (shortest, longest) if kind == "micro" else (longest + 1, float("inf"))


def _interval(curve: Curve, first: int, last: int, kind: Kind) -> Interval:
    apex = first + int(np.argmax(curve[first : last + 1]))
    return Interval(first, apex, last, kind, float(curve[apex]))


def _shifted(rows: npt.NDArray[np.floating], by: int) -> npt.NDArray[np.floating]:
    """Row i becomes row i + by; nan where there is none."""
    moved = np.full_like(rows, np.nan)
    if abs(by) < len(rows):
        moved[max(-by, 0) : len(rows) - max(by, 0)] = rows[max(by, 0) : len(rows) - max(-by, 0)]
    return moved
