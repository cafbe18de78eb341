"""One self-contained HTML file about one video: timeline, candidates, quality, and how far to trust all that."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from mien.analysis.result import VideoAnalysis
from mien.export import facts
from mien.export.naming import video_name
from mien.report.charts.timeline import timeline
from mien.report.events import event_cards
from mien.report.html import parts, write_page

#: What each file is, by its name or folder.
_ABOUT = {
    "events.csv": "one row per candidate",
    "events.xlsx": "the same for spreadsheets, with summary and dictionary",
    "events.json": "everything but the frames, for programs",
    "events.eaf": "tiers for ELAN",
    "frames.csv": "one row per frame",
    "summary.csv": "one row for this video",
    "dictionary.csv": "what every column means",
    "overlay.mp4": "the video with everything drawn on it",
}
#: Below these a face is hard to measure; the page says so.
FEW_FPS, SMALL_INTEROCULAR_PX, MUCH_LOST = 50.0, 60.0, 0.1


@dataclass(frozen=True)
class FileLink:
    """A file beside the page."""

    name: str
    href: str
    about: str


@dataclass(frozen=True)
class RecordRow:
    """One line of the model's record, in words."""

    on: str
    protocol: str
    clips: str
    uf1: str
    uar: str
    apex: str


def write_analysis_report(analysis: VideoAnalysis, out: Path, written: Iterable[Path] = ()) -> Path:
    """The HTML file that was written.

    Args:
        out: its name.
        written: the files of the analysis (`mien.export.write_all`), which the page links by their way from it.

    Raises:
        UsageError: `out` is a folder.
    """
    return write_page(rendered(analysis, out.parent, written), out)


def rendered(analysis: VideoAnalysis, folder: Path, written: Iterable[Path] = ()) -> Iterator[str]:
    """The page piece by piece, for a file in this folder: a long video has more pictures than should be held at
    once."""
    links = [_link(path, folder) for path in written]
    clips = {each.name: each.href for each in links if each.name.startswith("magnified/")}
    context = {
        "analysis": analysis,
        "name": video_name(analysis),
        "facts": _facts(analysis),
        "counts": {kind: len(facts.of_kind(analysis, kind)) for kind in ("micro", "macro")},
        "per_minute": {kind: facts.per_minute(analysis, kind) for kind in ("micro", "macro")},
        "timeline": timeline(analysis),
        "cards": event_cards(analysis),
        "files": [each for each in links if each.name not in clips],
        "clips": clips,
        "record": [_record_row(row) for row in _rows(analysis.model.get("record"))],
        "threshold": _threshold(analysis.model),
        "model_name": str(analysis.model.get("title") or analysis.model.get("model") or ""),
        "model_notes": [str(note) for note in _rows(analysis.model.get("notes"))],
        "trained_on": _trained_on(analysis.model),
        "false_alarms": _by_kind(analysis.detector.get("false_alarms_per_min")),
        "detector": analysis.detector,
        "quality": _quality(analysis),
        "notes": [*analysis.notes, *_own_notes(analysis)],
    }
    scripts, styles = ("page.js", "analysis.js"), ("style.css", "analysis.css")
    return parts("analysis.html.j2", context, scripts, styles)


def _link(path: Path, folder: Path) -> FileLink:
    way = Path(os.path.relpath(path, folder)).as_posix()
    # an invalid byte of a name goes into the link as that byte
    return FileLink(way, quote(os.fsencode(way)), _ABOUT.get(path.name, ""))


def _facts(analysis: VideoAnalysis) -> dict[str, str]:
    """What is known of the video, for the head of the page."""
    video = analysis.video
    rate = f"{float(video.get('fps', math.nan)):.4g} frames per second"
    if video.get("variable_rate"):
        rate += " on average (variable)"
    found = {
        "length": f"{float(video.get('duration_s', math.nan)):.2f} s, {len(analysis.frames)} frames",
        "picture": f"{video.get('width')} x {video.get('height')}, {video.get('codec', 'coding unknown')}",
        "rate": rate,
        "analysed": f"{facts.seconds(analysis, excluded=False):.2f} s with a face",
    }
    if analysis.excluded:
        ranges = ", ".join(f"{start:.2f} to {end:.2f} s" for start, end in analysis.excluded)
        found["taken out"] = ranges
    if analysis.baseline is not None:
        found["own baseline"] = "{:.2f} to {:.2f} s".format(*analysis.baseline)
    return found


def _quality(analysis: VideoAnalysis) -> dict[str, str]:
    """Medians over the frames with a face, in words, and the farthest turn of the head."""
    columns = {
        "interocular_px": ("distance of the eyes", "{:.0f} px between their outer corners (median)"),
        "confidence": ("sureness of the face", "{:.2f} of 1 (median)"),
        "yaw_deg": ("turn of the head", "{:.0f}° at most"),
        "brightness": ("brightness of the face", "{:.0f} of 255 (median)"),
    }
    found = {}
    for column, (name, words) in columns.items():
        known = [v for row in analysis.frames if row.success and math.isfinite(v := getattr(row, column))]
        if known:
            found[name] = words.format(max(map(abs, known)) if column == "yaw_deg" else median(known))
    return found


def _own_notes(analysis: VideoAnalysis) -> list[str]:
    """What the numbers of this video say against trusting them."""
    notes = []
    fps = float(analysis.video.get("fps", math.nan))
    if fps < FEW_FPS:
        notes.append(
            f"At {fps:.4g} frames per second a movement of a fifth of a second has {max(1, round(fps / 5))} frames; "
            "micro-expressions are studied at 100 and more."
        )
    if analysis.lost_share > MUCH_LOST:
        notes.append(f"In {100 * analysis.lost_share:.0f} % of the frames there was no usable face.")
    eyes = [row.interocular_px for row in analysis.frames if math.isfinite(row.interocular_px)]
    if eyes and median(eyes) < SMALL_INTEROCULAR_PX:
        notes.append("The face is small in the picture: faint motion is less than a pixel.")
    return notes


def _threshold(model: Mapping[str, Any]) -> float:
    """The probability below which the recogniser abstains; nan if its card does not say."""
    calibration = model.get("calibration")
    found = calibration.get("abstain_below") if isinstance(calibration, Mapping) else None
    return float(found) if found is not None else math.nan


def _trained_on(model: Mapping[str, Any]) -> list[str]:
    return [
        f"{row.get('name')}: {row.get('n_clips')} clips of {row.get('n_subjects')} people"
        + (" (made up)" if row.get("made_up") else "")
        for row in _rows(model.get("trained_on"))
    ]


def _rows(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _record_row(row: Mapping[str, Any]) -> RecordRow:
    said = {"given": "told by the annotation", "spotted": "found by Mien"}
    return RecordRow(
        on=str(row.get("on", "")),
        protocol=str(row.get("protocol", "")),
        clips=f"{row.get('n_clips', '?')} of {row.get('n_subjects', '?')} people",
        uf1=_interval(row.get("uf1")),
        uar=_interval(row.get("uar")),
        apex=said.get(str(row.get("apex")), str(row.get("apex", ""))),
    )


def _interval(score: object) -> str:
    """A score with the ends of its interval, in words."""
    if not isinstance(score, Mapping) or score.get("mean") is None:
        return "undefined"
    words = f"{score['mean']:.3f}"
    if score.get("low") is not None and score.get("high") is not None:
        words += f" ({score['low']:.3f} to {score['high']:.3f})"
    return words


def _by_kind(value: object) -> dict[str, float]:
    """False alarms per minute by kind; nothing where they were not measured."""
    if isinstance(value, Mapping):
        return {str(kind): float(rate) for kind, rate in value.items() if rate is not None}
    return {"all": float(value)} if isinstance(value, int | float) else {}
