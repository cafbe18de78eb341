"""What follows from an analysis by counting: shares, seconds and rates, the same in every output."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isnan
from statistics import median

from mien.analysis.result import Event, FrameRow, VideoAnalysis

NAN = float("nan")


def frame_steps_s(frames: Sequence[FrameRow]) -> list[float]:
    """How long each frame is shown, seconds; the last, which nothing follows, as long as the median.

    0 for a frame whose time, or whose successor's time, the file does not tell.
    """
    steps = [later.timestamp - row.timestamp for row, later in pairwise(frames)]
    known = [step for step in steps if not isnan(step)]
    last = median(known) if known and not isnan(frames[-1].timestamp) else 0.0
    return [0.0 if isnan(step) else step for step in steps] + [last] * bool(frames)


def seconds(analysis: VideoAnalysis, *, excluded: bool) -> float:
    """Seconds that the user took out, or (`excluded` false) that could be analysed: face seen, not taken out."""
    timed = zip(analysis.frames, frame_steps_s(analysis.frames), strict=True)
    if excluded:
        return sum(step for row, step in timed if row.excluded)
    return sum(step for row, step in timed if row.success and not row.excluded)


def of_kind(analysis: VideoAnalysis, kind: str) -> list[Event]:
    return [event for event in analysis.events if event.kind == kind]


def per_minute(analysis: VideoAnalysis, kind: str) -> float:
    """Candidates of a kind per minute that could be analysed; nan if there was none to analyse."""
    analysed_s = seconds(analysis, excluded=False)
    return 60 * len(of_kind(analysis, kind)) / analysed_s if analysed_s > 0 else NAN


def mean_duration_s(analysis: VideoAnalysis, kind: str) -> float:
    """Mean seconds from onset to offset; nan without events of the kind."""
    found = of_kind(analysis, kind)
    return sum(event.duration_s for event in found) / len(found) if found else NAN


def classes(analysis: VideoAnalysis) -> tuple[str, ...]:
    """The classes of the model in its own order, as its card or else its first answer names them."""
    if named := analysis.model.get("classes"):
        return tuple(map(str, named))
    return next((tuple(event.prob) for event in analysis.events if event.prob), ())


def lost_runs(frames: Sequence[FrameRow]) -> list[tuple[int, int, str]]:
    """First frame, last frame and reason of every stretch without a face, by place in `frames`."""
    runs: list[tuple[int, int, str]] = []
    for place, row in enumerate(frames):
        if row.success:
            continue
        reason = row.lost or "no face"
        if runs and runs[-1][1] == place - 1 and runs[-1][2] == reason:
            runs[-1] = (runs[-1][0], place, reason)
        else:
            runs.append((place, place, reason))
    return runs


def shown_until_s(frames: Sequence[FrameRow]) -> list[float]:
    """When the picture of each frame ends, seconds."""
    return [row.timestamp + step for row, step in zip(frames, frame_steps_s(frames), strict=True)]
