"""Contrast: peaks of the motion of facial regions against what was there just before and after. Ours; no training but a
threshold per kind and the mean duration of coded events.

After Moilanen, Zhao, Pietikainen 2014 (contrast of a feature against its surroundings) and Liong et al. 2021 (flow of
a lag of half a movement, smoothing over its length).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from pydantic import Field

from mien.face.areas import is_eye
from mien.metrics.spotting import Spans, match, spans
from mien.models.options import Options
from mien.spotting.blocks import top_third
from mien.spotting.contract import KINDS, CodedVideo, Floats, Interval, Kind, VideoSignal
from mien.spotting.curves import (
    Curve,
    centred,
    contrast,
    fit_length,
    half_peak,
    peaks,
    robust_z,
    suppress,
    window_mean,
)
from mien.spotting.fitting import (
    Proposals,
    ThresholdDetector,
    half_length,
    mean_duration_s,
    to_spans,
    truth_spans,
)

#: Least matched events of training videos from which the timing of intervals is corrected.
ENOUGH = 5


class ContrastOptions(Options):
    micro_threshold: float = Field(1.13, gt=0, description="robust standard deviations, until fitted")
    macro_threshold: float = Field(0.61, gt=0, description="robust standard deviations, until fitted")
    micro_duration_s: float = Field(0.37, gt=0, description="mean duration, until fitted")
    macro_duration_s: float = Field(1.63, gt=0, description="mean duration, until fitted")
    micro_widening_s: float = Field(0.07, description="added to either end of a micro interval, until fitted")
    macro_widening_s: float = Field(0.25, description="added to either end of a macro interval, until fitted")
    fit_threshold: bool = Field(True, description="fit the threshold on training videos")
    micro_s: float = Field(
        0.5, gt=0, description="a movement up to this long, seconds, is micro; longer is macro"
    )
    reach: float = Field(
        2.0, gt=0, description="distance of the frames compared with, in half lengths of the kind"
    )
    eye_share: float = Field(
        0.7, gt=0, le=1, description="movements with more of their energy in eye regions are taken as blinks"
    )
    whole_face: float = Field(
        0.15,
        gt=0,
        le=1,
        description="macro-movements in which the stillest quarter of the regions moves more than this share of the "
        "strongest third are taken as moves of the head",
    )
    returns: float = Field(
        0.5, gt=0, le=1, description="a micro-movement ends within this share of its greatest excursion"
    )
    overlap: float = Field(
        0.3, ge=0, lt=1, description="of two intervals with a larger IoU the weaker one goes"
    )
    micro_floor_px: float = Field(0.02, gt=0, description="least spread of the contrast, pixels of the crop")
    macro_floor_px: float = Field(0.15, gt=0, description="least spread of the contrast, pixels of the crop")


class Contrast(ThresholdDetector):
    """Peaks of the smoothed motion of the strongest third of the regions, in robust standard deviations."""

    grid = tuple(float(z) for z in np.geomspace(0.5, 200, 60))

    def __init__(self, options: ContrastOptions) -> None:
        self._options = options
        self.fit_threshold = options.fit_threshold
        self.thresholds = {"micro": options.micro_threshold, "macro": options.macro_threshold}
        self.duration_s: dict[Kind, float] = {
            "micro": options.micro_duration_s,
            "macro": options.macro_duration_s,
        }
        self.widening_s: dict[Kind, float] = {
            "micro": options.micro_widening_s,
            "macro": options.macro_widening_s,
        }

    @property
    def fitted(self) -> Mapping[str, object]:
        by_name = {"threshold": self.thresholds, "duration_s": self.duration_s, "widening_s": self.widening_s}
        return {f"{kind}_{name}": values[kind] for name, values in by_name.items() for kind in KINDS}

    @property
    def options(self) -> ContrastOptions:
        """Options that make this detector again as it is now, fitted values included."""
        return self._options.model_copy(update=dict(self.fitted))

    def learn(self, videos: Sequence[CodedVideo]) -> None:
        """Mean durations, then how much too short the intervals are at their ends."""
        for kind in KINDS:
            self.duration_s[kind] = mean_duration_s(videos, kind) or self.duration_s[kind]
            self.widening_s[kind] = 0.0
            missing = self._missing_s(videos, kind)
            if len(missing) >= ENOUGH:
                self.widening_s[kind] = float(np.median(missing))

    def _missing_s(self, videos: Sequence[CodedVideo], kind: Kind) -> list[float]:
        """By how much an interval that met a coded event is too short at either end, on average, seconds."""
        missing = []
        for video in videos:
            if kind in video.signal.lag:
                found = to_spans(self.proposals(video.signal, kind)(self.grid[0]))
                truth = truth_spans(video.truth, kind)
                for p, g in match(found, truth, self._options.overlap):
                    short = (truth[g, 1] - truth[g, 0]) - (found[p, 1] - found[p, 0])
                    missing.append(float(short) / 2 / video.signal.fps)
        return missing

    def score(self, signal: VideoSignal, kind: Kind) -> Floats:
        """Contrast of the smoothed motion in robust standard deviations of this video (T,)."""
        half = half_length(self.duration_s[kind], signal.fps)
        smooth = window_mean(motion(signal, kind), half)
        reach = max(round(self._options.reach * half), 1)
        floor = {"micro": self._options.micro_floor_px, "macro": self._options.macro_floor_px}
        return robust_z(contrast(smooth, reach), floor[kind])

    def proposals(self, signal: VideoSignal, kind: Kind) -> Proposals:
        curve = np.asarray(self.score(signal, kind), dtype=np.float64)
        lag, length = signal.lag[kind], self.duration_s[kind] * signal.fps
        usual = usual_motion(signal, kind)
        moved = window_mean(motion(signal, kind), lag // 4)
        if np.isfinite(moved).any():
            moved -= np.nanmedian(moved)
        found, extents = [], []
        for peak in peaks(curve, half_length(self.duration_s[kind], signal.fps)).tolist():
            if curve[peak] < self.grid[0]:
                continue
            onset, offset = extent(moved, lag, *half_peak(curve, peak))
            if not self._is_of(signal, kind, onset, offset, usual):
                continue
            extents.append((onset, offset))
            wider = round(self.widening_s[kind] * signal.fps)
            onset, offset = fit_length(
                onset - wider,
                offset + wider,
                peak,
                max(round(length / 2), 2),
                round(1.5 * length),
                len(signal),
            )
            apex = min(max(peak, onset), offset)
            found.append(Interval(onset, apex, offset, kind, float(curve[peak])))
        # Several peaks of one movement have one extent, whatever of it their intervals are cut to.
        found = self._apart(found, spans(extents))
        ranked = self._apart(found, to_spans(found))  # by falling score: a threshold cuts this list
        return lambda threshold: [interval for interval in ranked if interval.score >= threshold]

    def _apart(self, found: Sequence[Interval], places: Spans) -> list[Interval]:
        """The intervals by falling score, without those whose place a stronger one has taken."""
        kept = suppress(places, [interval.score for interval in found], self._options.overlap)
        return [found[i] for i in kept]

    def _is_of(
        self,
        signal: VideoSignal,
        kind: Kind,
        onset: int,
        offset: int,
        usual: npt.NDArray[np.float64],
    ) -> bool:
        """Whether a stretch is a movement of this kind: neither a blink nor a move of the whole head."""
        if eye_share(signal, kind, onset, offset) > self._options.eye_share:
            return False
        short = offset - onset + 1 <= self._options.micro_s * signal.fps
        if kind == "macro":
            return not short and whole_face(signal, kind, onset, offset, usual) <= self._options.whole_face
        return short and remaining(signal, kind, onset, offset) <= self._options.returns


def motion(signal: VideoSignal, kind: Kind) -> Curve:
    """Mean flow magnitude of the strongest third of the regions without the eyes (T,), pixels, in the middle of its
    lag."""
    seen = ~eye_regions(signal)
    size = np.linalg.norm(signal.region_flow[kind][:, seen], axis=-1)
    return centred(top_third(size), signal.lag[kind])


def eye_regions(signal: VideoSignal) -> npt.NDArray[np.bool_]:
    """(R,) which regions blinks move, by their names."""
    return np.array([is_eye(name) for name in signal.regions])


def eye_share(signal: VideoSignal, kind: Kind, onset: int, offset: int) -> float:
    """Share of the squared flow between onset and offset that lies in eye regions; 0 if no region is one."""
    shift = signal.lag[kind] // 2
    rows = signal.region_flow[kind][onset + shift : offset + shift + 1]
    energy = np.nansum(np.square(rows, dtype=np.float64), axis=(0, 2))
    total = float(energy.sum())
    return float(energy[eye_regions(signal)].sum()) / total if total else 0.0


def usual_motion(signal: VideoSignal, kind: Kind) -> npt.NDArray[np.float64]:
    """(R,) median flow magnitude of every region in the video: mostly noise, pixels; 0 where nothing is known."""
    size = np.linalg.norm(signal.region_flow[kind], axis=-1)
    known = ~np.isnan(size).any(axis=1)
    return np.median(size[known], axis=0) if known.any() else np.zeros(size.shape[1])


def whole_face(
    signal: VideoSignal, kind: Kind, onset: int, offset: int, usual: npt.NDArray[np.float64]
) -> float:
    """How much the stillest quarter of the regions moves between onset and offset beyond what is `usual` there, as a
    share of the strongest third. No expression moves all of a face: what does is left over from the head's motion."""
    shift = signal.lag[kind] // 2
    size = np.linalg.norm(signal.region_flow[kind][onset + shift : offset + shift + 1], axis=-1)
    moved = np.sort((np.nanmean(size, axis=0) - usual)[~eye_regions(signal)])
    strongest = float(top_third(moved))
    return float(moved[: max(len(moved) // 4, 1)].mean()) / strongest if strongest > 0 else 0.0


def extent(moved: Curve, lag: int, first: int, last: int) -> tuple[int, int]:
    """Onset and offset of the movement around a stretch: the frames of more than a quarter of its strongest motion,
    rests no longer than the lag included, less the half lag that the flow adds at either side.

    Args:
        moved: (T,) motion beyond what is usual in the video.
    """
    most = float(np.nanmax(moved[first : last + 1]))
    if most <= 0:
        return first, last
    limit = most / 4
    while (more := np.flatnonzero(moved[max(first - 1 - lag, 0) : first] > limit)).size:
        first = max(first - 1 - lag, 0) + int(more[0])
    while (more := np.flatnonzero(moved[last + 1 : last + 2 + lag] > limit)).size:
        last += 1 + int(more[-1])
    inside = first + np.flatnonzero(moved[first : last + 1] > limit)
    onset, offset = int(inside[0]) + lag // 2, int(inside[-1]) - lag // 2
    middle = (onset + offset) // 2
    return min(onset, middle), max(offset, middle)


def remaining(signal: VideoSignal, kind: Kind, onset: int, offset: int) -> float:
    """How far the face is from its start after a movement, in the direction and as a share of its greatest
    excursion: 0 when it came back, 1 when it stayed. Flow of one lag after the other is added up; 0 where frames are
    unknown."""
    lag = signal.lag[kind]
    rows = signal.region_flow[kind]
    steps = rows[max(onset - lag // 2, 0) + lag : min(offset + lag // 2 + lag, len(rows)) : lag]
    if not len(steps) or np.isnan(steps).any():
        return 0.0
    way = np.cumsum(steps, axis=0, dtype=np.float64)
    size = (way**2).sum(axis=(1, 2))
    most = int(size.argmax())
    return float((way[-1] * way[most]).sum() / size[most]) if size[most] else 0.0
