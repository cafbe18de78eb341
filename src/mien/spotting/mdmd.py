"""MDMD: main directional maximal difference, the spotting baseline of MEGC 2020.

He, Wang, Li, Yap: "Spotting macro- and micro-expression intervals in long video sequences", FG 2020, after Wang et al.,
"A main directional maximal difference analysis for spotting facial movements from long-term videos", Neurocomputing
2017. A movement that comes and goes leaves much flow from frame i - k to i and little from i - k to i + k; the
difference in the main direction of each block, averaged over the strongest third, is the score of frame i.

The published program takes the direction as atan(u / v), which folds opposite directions together; here it is atan2.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from mien.errors import InputError
from mien.models.options import Options
from mien.spotting.contract import KINDS, Floats, Interval, Kind, VideoSignal
from mien.spotting.curves import Curve, contrast, relative_threshold, runs
from mien.spotting.fitting import Proposals, ThresholdDetector

BLOCKS = 6
DIRECTIONS = 4
THRESHOLD = 0.01
#: Shortest and longest micro interval in seconds, 7-16 frames at 30 fps and 47-105 at 200 fps; longer ones are macro.
SHORTEST_S, LONGEST_S = 0.235, 0.525
#: The gap k between the frames compared.
GAPS_S: dict[Kind, float] = {"micro": 0.4, "macro": 1.3}


class MdmdOptions(Options):
    feed: Literal["regions", "blocks"] = Field(
        "regions",
        description="regions: mean flow of facial regions, two lags added; blocks: the published 6x6 blocks of dense "
        "flow, where the signal holds them",
    )
    fit_threshold: bool = Field(True, description="fit p on training videos; else the published 0.01 stays")


def block_differences(first: npt.ArrayLike, second: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(36,) main directional difference of every block of 6 x 6, pixels.

    Args:
        first: (2, H, W) flow u, v from frame i - k to frame i.
        second: (2, H, W) flow from frame i - k to frame i + k.

    Raises:
        InputError: the shapes differ or a side is shorter than 6.
    """
    one, two = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != two.shape or one.ndim != 3 or len(one) != 2 or min(one.shape[1:]) < BLOCKS:
        raise InputError(
            "MDMD needs two flows (2, H, W) of one size, 6 x 6 at least", found=f"{one.shape} and {two.shape}"
        )
    height, width = one.shape[1] // BLOCKS, one.shape[2] // BLOCKS
    direction = _direction(one)
    difference = np.hypot(*one) - np.hypot(*two)
    found = np.empty(BLOCKS * BLOCKS)
    for b in range(found.size):
        row, column = divmod(b, BLOCKS)
        block = np.s_[row * height : (row + 1) * height, column * width : (column + 1) * width]
        inside = direction[block]
        main = np.bincount(inside.ravel(), minlength=DIRECTIONS).argmax()
        found[b] = top_third(difference[block][inside == main])
    return found


def region_differences(flow: npt.NDArray[np.floating], lag: int, times: int = 1) -> npt.NDArray[np.floating]:
    """(T, R) the same for regions whose mean flow alone is known: |f(i)| - |f(i) + f(i + k)|, pixels, k = times * lag.

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


def gap(kind: Kind, fps: float) -> int:
    """The published gap k in frames: 12 and 39 at 30 fps, 80 and 260 at 200 fps."""
    return max(round(GAPS_S[kind] * fps), 1)


def top_third(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Mean of the largest third along the last axis (of one value at least); nan if a value is."""
    ordered = np.sort(np.asarray(values, dtype=np.float64), axis=-1)
    n = max(int(ordered.shape[-1] / 3 + 0.5), 1)
    return np.asarray(ordered[..., -n:].mean(axis=-1))


class Mdmd(ThresholdDetector):
    """MDMD with the published lengths; p is published (0.01) until fitted."""

    grid = tuple(p / 100 for p in range(1, 100))

    def __init__(self, options: MdmdOptions) -> None:
        self._options = options
        self.fit_threshold = options.fit_threshold
        self.thresholds = dict.fromkeys(KINDS, THRESHOLD)

    def score(self, signal: VideoSignal, kind: Kind) -> Floats:
        """Contrast of the frame feature against k - 1 frames before and after, negatives 0, pixels (T,)."""
        k = gap(kind, signal.fps)
        differences: npt.NDArray[np.floating]
        if self._options.feed == "blocks":
            if kind not in signal.block_differences:
                raise InputError(
                    "this signal holds no block differences for MDMD",
                    found=f"kind {kind}",
                    do="build the signal with them, or use feed=regions",
                )
            differences = np.asarray(signal.block_differences[kind])
        else:
            lag = signal.lag[kind]
            times = max(round(k / lag), 1)
            k = times * lag
            differences = region_differences(signal.region_flow[kind], lag, times)
        return np.asarray(np.maximum(contrast(top_third(differences), max(k - 1, 1)), 0))

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


def _direction(flow: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """(H, W) quarter of the circle that each vector points to, 0..3."""
    angle = np.arctan2(flow[1], flow[0])
    return np.asarray(np.floor(angle / (2 * np.pi / DIRECTIONS)).astype(np.int64) % DIRECTIONS)
