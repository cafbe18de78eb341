"""The timeline of a video: scores, candidates, quality and gaps over time, to be zoomed by the page's script.

Everything that moves with time is drawn in seconds inside one group; a transform puts it on the page, so that zooming
changes that transform and nothing else. Without the script the whole video is shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from mien.analysis.result import FrameRow, VideoAnalysis
from mien.export import facts
from mien.report.charts.svg import number, tag, text, ticks

FloatArray = npt.NDArray[np.float64]

WIDTH, LEFT, RIGHT = 960.0, 84.0, 10.0
_TOP, _PLOT = 26.0, 150.0
_STRIP, _GAP = 12.0, 7.0
_FIRST_STRIP = _TOP + _PLOT + 12.0
STRIPS = ("face", "confidence", "facing", "sharpness")
BASE = _FIRST_STRIP + len(STRIPS) * (_STRIP + _GAP)
HEIGHT = BASE + 36.0
#: A turn of the head by this much counts as not facing the camera at all.
AWAY_DEG = 30.0
#: Points of a curve at most: of longer videos each stretch keeps its highest and lowest.
MOST_POINTS = 30_000
_BINS = 240
_LEVELS = 5


def timeline(analysis: VideoAnalysis) -> Markup:
    """The chart, with the numbers that the script needs in `data-` attributes."""
    rows = analysis.frames
    ends_s = facts.shown_until_s(rows)
    length_s = max([end for end in ends_s if not math.isnan(end)], default=0.0) or 1.0
    top = _top(rows)
    scale = (WIDTH - LEFT - RIGHT) / length_s
    moving = tag(
        "g",
        *_bands(analysis, ends_s),
        *_gaps(analysis, ends_s),
        *_quality(rows, length_s),
        _curve(rows, "macro", top),
        _curve(rows, "micro", top),
        class_="zoomed",
        transform=f"translate({number(LEFT)} 0) scale({scale:.8g} 1)",
    )
    inside = tag("rect", x=LEFT, y=0.0, width=WIDTH - LEFT - RIGHT, height=BASE)
    return tag(
        "svg",
        tag("clipPath", inside, id="timeline-window"),
        *_y_axis(top),
        tag("g", *_x_axis(length_s, scale), class_="x-axis"),
        tag("g", moving, clip_path="url(#timeline-window)"),
        tag("g", *_numbers(analysis, scale), class_="numbers"),
        viewBox=f"0 0 {number(WIDTH)} {number(HEIGHT)}",
        class_="chart timeline",
        role="img",
        aria_label=_words(analysis, length_s),
        data_length_s=f"{length_s:.6g}",
        data_left=number(LEFT),
        data_right=number(RIGHT),
        data_top=number(_TOP),
        data_base=number(BASE),
        data_height=number(HEIGHT),
    )


def clock(seconds: float, step_s: float) -> str:
    """A time as the axis shows it: seconds, or minutes and seconds, as fine as the step."""
    digits = max(0, -math.floor(math.log10(step_s))) if step_s < 1 else 0
    minutes, rest = divmod(seconds, 60)
    width = 2 if not digits else 3 + digits
    return f"{int(minutes)}:{rest:0{width}.{digits}f}"


def _words(analysis: VideoAnalysis, length_s: float) -> str:
    n_micro, n_macro = (len(facts.of_kind(analysis, kind)) for kind in ("micro", "macro"))
    return (
        f"Timeline of {length_s:.1f} seconds: {n_micro} micro and {n_macro} macro candidates; the face is lost in "
        f"{100 * analysis.lost_share:.0f} % of the frames. The candidates are listed below."
    )


def _top(rows: Sequence[FrameRow]) -> float:
    scores = [s for row in rows for s in (row.micro_score, row.macro_score) if math.isfinite(s)]
    return max(5.0, 1.05 * max(scores, default=0.0))


def _y(score: FloatArray, top: float) -> FloatArray:
    return np.asarray(_TOP + _PLOT * (1 - np.clip(score, 0, top) / top))


def _curve(rows: Sequence[FrameRow], kind: str, top: float) -> Markup:
    """A line through the scores of a kind; it breaks where nothing is known."""
    time_s = np.array([row.timestamp for row in rows])
    score = np.array([getattr(row, f"{kind}_score") for row in rows])
    known = np.isfinite(time_s) & np.isfinite(score)
    kept = _thinned(score, known)
    y = _y(np.nan_to_num(score), top)
    parts, drawing = [], False
    for i in kept:
        if known[i]:
            parts.append(
                f"{'L' if drawing else 'M'}{time_s[i]:.4g},{y[i]:.1f}"
                if time_s[i] < 1
                else f"{'L' if drawing else 'M'}{time_s[i]:.3f},{y[i]:.1f}"
            )
        drawing = bool(known[i])
    return tag("path", d="".join(parts), class_=f"score {kind}")


def _thinned(score: FloatArray, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Places that are drawn: all, or of a long video the highest, the lowest and one unknown of each stretch."""
    if len(score) <= MOST_POINTS:
        return np.arange(len(score))
    kept: set[int] = set()
    for stretch in np.array_split(np.arange(len(score)), MOST_POINTS // 3):
        seen = stretch[known[stretch]]
        kept.update(stretch[~known[stretch]][:1].tolist())
        if len(seen):
            kept.update((int(seen[score[seen].argmax()]), int(seen[score[seen].argmin()])))
    return np.array(sorted(kept))


def _bands(analysis: VideoAnalysis, ends_s: Sequence[float]) -> list[Markup]:
    """One band per candidate, from its onset to the end of its offset frame, with a line at its apex."""
    drawn = []
    for event in analysis.events:
        end_s = ends_s[event.offset_frame]
        said = event.label or ("the recogniser abstains" if event.abstained else "no label")
        title = tag(
            "title", f"Candidate {event.event_id}, {event.kind}: {event.onset_s:.3f} to {end_s:.3f} s\n{said}"
        )
        drawn.append(
            tag(
                "rect",
                title,
                x=_s(event.onset_s),
                y=_TOP,
                width=_s(end_s - event.onset_s),
                height=BASE - _TOP - _GAP,
                class_=f"event {event.kind}",
            )
        )
        drawn.append(tag("path", d=f"M{_s(event.apex_s)},{_TOP:g}v{_PLOT:g}", class_=f"apex {event.kind}"))
    return drawn


def _gaps(analysis: VideoAnalysis, ends_s: Sequence[float]) -> list[Markup]:
    """The strip that shows where there is a face, and the bands of what was taken out."""
    rows, y = analysis.frames, _FIRST_STRIP
    drawn = []
    for start_s, end_s in analysis.excluded:
        title = tag("title", f"Taken out by the user: {start_s:.3f} to {end_s:.3f} s")
        drawn.append(
            tag(
                "rect",
                title,
                x=_s(start_s),
                y=_TOP,
                width=_s(end_s - start_s),
                height=BASE - _TOP - _GAP,
                class_="excluded",
            )
        )
    for success, run in groupby(range(len(rows)), key=lambda i: rows[i].success):
        places = list(run)
        start_s, end_s = rows[places[0]].timestamp, ends_s[places[-1]]
        if math.isnan(start_s) or math.isnan(end_s):
            continue
        reasons = sorted({rows[i].lost or "no face" for i in places}) if not success else []
        words = f"Face lost, {start_s:.3f} to {end_s:.3f} s: {', '.join(reasons)}"
        drawn.append(
            tag(
                "rect",
                *([tag("title", words)] if reasons else []),
                x=_s(start_s),
                y=y,
                width=_s(end_s - start_s),
                height=_STRIP,
                class_="seen" if success else "lost",
            )
        )
        if not success:
            drawn.append(
                tag(
                    "rect", x=_s(start_s), y=_TOP, width=_s(end_s - start_s), height=_PLOT, class_="lost-veil"
                )
            )
    return drawn


def _quality(rows: Sequence[FrameRow], length_s: float) -> list[Markup]:
    """Strips of quality, fuller is better: stretches of equal level."""
    time_s = np.array([row.timestamp for row in rows])
    blur = np.array([row.blur for row in rows])
    usual = float(np.nanmedian(blur)) if np.isfinite(blur).any() else math.nan
    turned = np.array([max(abs(row.yaw_deg), abs(row.pitch_deg)) for row in rows])
    values = (
        np.array([row.confidence if row.success else math.nan for row in rows]),
        1 - np.clip(turned / AWAY_DEG, 0, 1),
        np.clip(blur / usual, 0, 1) if usual > 0 else np.full(len(rows), math.nan),
    )
    place = np.clip((np.nan_to_num(time_s) / length_s * _BINS).astype(int), 0, _BINS - 1)
    width_s = length_s / _BINS
    drawn = []
    for strip, value in enumerate(values, start=1):
        known = np.isfinite(value)
        n = np.bincount(place[known], minlength=_BINS)
        means = np.divide(
            np.bincount(place[known], value[known], _BINS), n, where=n > 0, out=np.full(_BINS, math.nan)
        )
        # of a short video some bins hold no frame: they show what the frame before shows
        filled = _carried(means, np.bincount(place, minlength=_BINS) == 0)
        y = _FIRST_STRIP + strip * (_STRIP + _GAP)
        levels = [-1 if math.isnan(mean) else round(mean * _LEVELS) for mean in filled]
        for level, run in groupby(range(_BINS), key=levels.__getitem__):
            places = list(run)
            if level >= 0:
                drawn.append(
                    tag(
                        "rect",
                        x=_s(places[0] * width_s),
                        y=y,
                        width=_s(len(places) * width_s),
                        height=_STRIP,
                        class_="quality",
                        fill_opacity=max(0.06, level / _LEVELS),
                    )
                )
    return drawn


def _carried(means: FloatArray, empty: npt.NDArray[np.bool_]) -> FloatArray:
    last = np.maximum.accumulate(np.where(empty, 0, np.arange(len(means))))
    return np.asarray(means[last])


def _numbers(analysis: VideoAnalysis, scale: float) -> list[Markup]:
    """The candidates' numbers above their bands, as links; those that would run into the one before are hidden."""
    drawn, free_from = [], -math.inf
    for event in analysis.events:
        middle_s = (event.onset_s + event.offset_s) / 2
        x = LEFT + scale * middle_s
        label = f"{event.event_id}"
        half = 4 + 4 * len(label)
        hidden = x - half < free_from
        if not hidden:
            free_from = x + half
        mark = text(0, 0, label, text_anchor="middle", class_=f"number {event.kind}")
        drawn.append(
            tag(
                "a",
                mark,
                href=f"#event-{event.event_id}",
                class_="off" if hidden else None,
                transform=f"translate({number(x)} {_TOP - 8:g})",
                data_s=_s(middle_s),
                data_half=f"{half}",
                aria_label=f"Candidate {event.event_id}",
            )
        )
    return drawn


def _y_axis(top: float) -> list[Markup]:
    drawn = []
    for value in ticks(0, top, 4):
        y = float(_y(np.array(value), top))
        drawn.append(tag("line", x1=LEFT, y1=y, x2=WIDTH - RIGHT, y2=y, class_="grid across"))
        drawn.append(text(LEFT - 7, y + 4, f"{value:g}", text_anchor="end", class_="tick"))
    drawn.append(text(0, _TOP - 8, "score", class_="axis"))
    for strip, name in enumerate(STRIPS):
        y = _FIRST_STRIP + strip * (_STRIP + _GAP) + _STRIP - 2
        drawn.append(text(0, y, name, class_="tick"))
    return drawn


def _x_axis(length_s: float, scale: float) -> list[Markup]:
    """The axis of the whole video; the script draws the others in the same way."""
    places = ticks(0, length_s, 8)
    step_s = places[1] - places[0] if len(places) > 1 else 1.0
    drawn = [tag("line", x1=LEFT, y1=BASE, x2=WIDTH - RIGHT, y2=BASE, class_="base across")]
    for value in places:
        x = LEFT + scale * value
        drawn.append(tag("line", x1=x, y1=_TOP, x2=x, y2=BASE, class_="grid"))
        drawn.append(text(x, BASE + 16, clock(value, step_s), text_anchor="middle", class_="tick"))
    drawn.append(text(0, BASE + 16, "min:s", class_="tick"))
    return drawn


def _s(seconds: float) -> str:
    """Seconds as a coordinate, fine enough to be enlarged."""
    return f"{seconds:.4f}".rstrip("0").rstrip(".")
