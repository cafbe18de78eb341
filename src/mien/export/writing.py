"""All files of an analysis, each whole or not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from mien.analysis.result import VideoAnalysis
from mien.export import facts, naming
from mien.export.columns import EVENTS, FRAMES, SUMMARY
from mien.export.described import DICTIONARY, described
from mien.export.dictionary import Column
from mien.export.elan import eaf_bytes
from mien.export.films import write_films
from mien.export.records import json_bytes
from mien.export.tables import Cell, csv_bytes, csv_parts, rows, workbook_bytes
from mien.files import write_whole, written_whole
from mien.video.limits import Limits


def write_all(
    analysis: VideoAnalysis,
    folder: Path,
    *,
    overlay: bool = True,
    clips: bool = True,
    video: Path | None = None,
    limits: Limits | None = None,
) -> list[Path]:
    """The files that were written: tables, JSON, ELAN, data dictionary, and if asked for the films.

    Args:
        folder: where they go; made if need be. Files of an earlier analysis are replaced.
        overlay: write the video with everything drawn on it.
        clips: write a magnified clip of every candidate.
        video: where the video lies, if not at `analysis.source`.
        limits: of reading the video.

    Raises:
        InputError: films were asked for, and the video is gone or cannot be read.
    """
    source = Path(analysis.source) if video is None else video
    names = facts.classes(analysis)
    events = _table(EVENTS, analysis.events, names, analysis)
    summary = _table(SUMMARY, [analysis], names, analysis)
    entries = _table(DICTIONARY, described(names), (), None)
    sheets = (("events", *events), ("summary", *summary), ("dictionary", *entries))
    contents = {
        naming.EVENTS: csv_bytes(*events),
        naming.SUMMARY: csv_bytes(*summary),
        naming.DICTIONARY: csv_bytes(*entries),
        naming.JSON: json_bytes(analysis),
        naming.ELAN: eaf_bytes(analysis, folder, source),
        naming.WORKBOOK: workbook_bytes(sheets),
    }
    for name, content in contents.items():
        write_whole(folder / name, content)
    # An hour has a hundred thousand frames: their table is never held as a whole.
    with written_whole(folder / naming.FRAMES) as temporary, temporary.open("wb") as file:
        file.writelines(csv_parts(*rows(FRAMES, analysis.frames, names, analysis)))
    written = [folder / name for name in (naming.FRAMES, *contents)]
    if overlay or clips:
        written += write_films(analysis, source, folder, overlay=overlay, clips=clips, limits=limits)
    return written


def _table(
    columns: Iterable[Column],
    records: Iterable[object],
    classes: Sequence[str],
    analysis: VideoAnalysis | None,
) -> tuple[list[str], list[list[Cell]]]:
    """Heads and rows of a small table that goes into two files."""
    heads, body = rows(columns, records, classes, analysis)
    return heads, list(body)
