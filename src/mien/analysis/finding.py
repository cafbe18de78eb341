"""From the motion of a video to candidate intervals: what is left out, what is usual for this person, and the apex."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mien.analysis.settings import AnalyseSettings, Range
from mien.errors import InputError, UsageError
from mien.spotting.blocks import GAPS_S, top_third
from mien.spotting.contract import KINDS, Detector, Interval, Kind, VideoSignal
from mien.spotting.contrast import eye_regions, motion
from mien.spotting.fitting import ThresholdDetector

Curve = npt.NDArray[np.float64]
#: A baseline shorter than this says little about what is usual.
_SHORTEST_BASELINE_S = 2.0


@dataclass(frozen=True, eq=False)
class Found:
    """What a detector made of a video.

    Attributes:
        intervals: by onset. scores: by kind, (T,) robust standard deviations above what is usual; nan where nothing
            is known. moved_px: by kind, (T,) mean motion of the strongest third of the regions.
        excluded: (T,) whether the frame was taken out.
    """

    intervals: tuple[Interval, ...]
    scores: dict[Kind, Curve]
    moved_px: dict[Kind, Curve]
    excluded: npt.NDArray[np.bool_]


def find(signal: VideoSignal, detector: Detector, settings: AnalyseSettings) -> Found:
    """The candidate intervals of a video.

    Raises:
        UsageError: a baseline or another sensitivity is asked of a detector without thresholds.
        InputError: the baseline shows no face, or is too short.
    """
    excluded = within(signal.time_s, settings.exclude)
    left = without(signal, settings.exclude)
    raw = {kind: np.asarray(detector.score(left, kind), np.float64) for kind in KINDS}
    usual = {kind: _usual(raw[kind], left, settings.baseline) for kind in KINDS}
    ready = detector
    if settings.baseline is not None or settings.sensitivity != 1:
        ready = _adapted(detector, usual if settings.baseline else {}, settings.sensitivity)
    found = [
        replace(interval, apex=apex_of(left, interval))
        for interval in ready.detect(left)
        if not excluded[interval.onset : interval.offset + 1].any()
    ]
    return Found(
        intervals=tuple(sorted(found, key=lambda one: (one.onset, one.offset))),
        scores={kind: (raw[kind] - usual[kind][0]) / usual[kind][1] for kind in KINDS},
        moved_px={kind: motion(left, kind) for kind in KINDS},
        excluded=excluded,
    )


def within(time_s: npt.NDArray[np.floating], ranges: Sequence[Range]) -> npt.NDArray[np.bool_]:
    """(T,) whether each time lies in one of the ranges."""
    inside = np.zeros(len(time_s), bool)
    for start, end in ranges:
        inside |= (time_s >= start) & (time_s <= end)
    return inside


def without(signal: VideoSignal, ranges: Sequence[Range]) -> VideoSignal:
    """The signal with nan wherever its motion begins or ends in one of the ranges.

    Flow maps are changed in place, since those of a long video lie on the disk; the rest of the given signal stays.
    """
    if not ranges:
        return signal
    flow, blocks = {}, {}
    for kind in KINDS:
        lag_s, gap_s = signal.lag[kind] / signal.fps, GAPS_S[kind]
        gone = within(signal.time_s, [(start, end + lag_s) for start, end in ranges])
        flow[kind] = signal.region_flow[kind].copy()
        flow[kind][gone] = np.nan
        if kind in signal.flow_maps:
            signal.flow_maps[kind][gone] = np.nan
        if kind in signal.block_differences:
            around = within(signal.time_s, [(start - gap_s, end + gap_s) for start, end in ranges])
            blocks[kind] = signal.block_differences[kind].copy()
            blocks[kind][around] = np.nan
    return replace(signal, region_flow=flow, block_differences=blocks)


def apex_of(signal: VideoSignal, interval: Interval) -> int:
    """The frame of an interval in which the face is farthest from its onset.

    The motion of one lag is added to where the face was one lag before; before the onset it stood still. Where
    frames are unknown the detector's own apex stays.
    """
    lag, rows = signal.lag[interval.kind], signal.region_flow[interval.kind]
    seen = np.flatnonzero(~eye_regions(signal))
    moved = np.zeros((interval.n_frames, len(seen), 2))
    for place in range(1, interval.n_frames):
        step = rows[interval.onset + place, seen].astype(np.float64)
        moved[place] = step + (moved[place - lag] if place >= lag else 0.0)
    size = top_third(np.linalg.norm(moved, axis=-1))
    size[np.isnan(size)] = -1
    if interval.n_frames < 2 or size.max() <= 0:
        return interval.apex
    return interval.onset + int(size.argmax())


def _usual(score: Curve, signal: VideoSignal, baseline: Range | None) -> tuple[float, float]:
    """Centre and spread (1.4826 MAD) of the scores, of the baseline if one is marked."""
    known = np.isfinite(score)
    if baseline is not None:
        inside = known & within(signal.time_s, [baseline])
        seen_s = inside.sum() / signal.fps
        if seen_s < _SHORTEST_BASELINE_S:
            raise InputError(
                "the baseline shows the face for too short a time",
                found=f"{seen_s:.1f} s of {baseline[0]:g} to {baseline[1]:g} s",
                do=f"mark a range with {_SHORTEST_BASELINE_S:g} s at least in which the face is seen, and not excluded",
            )
        known = inside
    if not known.any():
        return 0.0, 1.0
    centre = float(np.median(score[known]))
    spread = 1.4826 * float(np.median(np.abs(score[known] - centre)))
    return centre, spread or 1.0


def _adapted(detector: Detector, usual: dict[Kind, tuple[float, float]], sensitivity: float) -> Detector:
    """The detector with thresholds in units of what is usual for this person, and as sensitive as asked for."""
    if not isinstance(detector, ThresholdDetector):
        raise UsageError(
            "this detector has no threshold that a baseline or a sensitivity could change",
            found=type(detector).__name__,
            do="take the detector contrast, or leave out --baseline and --sensitivity",
        )
    adapted = copy.copy(detector)
    changed = {}
    for kind, threshold in detector.thresholds.items():
        centre, spread = usual.get(kind, (0.0, 1.0))
        changed[kind] = centre + spread * threshold / sensitivity
    adapted.thresholds = changed
    return adapted
