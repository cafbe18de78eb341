"""CASME II (Yan et al. 2014): 255 clips of 26 subjects at 200 fps; frames count from 1."""

from __future__ import annotations

import re
from pathlib import Path

from mien.clips.table import ClipTable
from mien.databases.sheet import CellError, Row, frame_number, one_line, read_sheet, to_table
from mien.errors import InputError

DATASET = "casme2"
FPS = 200.0
_WHICH = {"subject": ("Subject",), "clip": ("Filename", "File name")}
_OBJECTIVE = {"objective": ("Objective Class", "Objective Classes")}
_COLUMNS = {
    **_WHICH,
    "onset": ("OnsetFrame",),
    "apex": ("ApexFrame",),
    "offset": ("OffsetFrame",),
    "au": ("Action Units", "Action Unit"),
    "emotion": ("Estimated Emotion",),
    **_OBJECTIVE,
}


def read(path: str | Path, objective_classes: str | Path | None = None) -> ClipTable:
    """The clips of a CASME II coding sheet, subjects written as their folders are (`sub01`).

    The sheets of 2014 and 2019 differ in 57 AU strings and three emotions; the usual label sets follow the
    2014 one.

    Args:
        path: `CASME2-coding-20140508.xlsx`, `CASME2-coding-20190701.xlsx`, or a copy.
        objective_classes: `CASME2-ObjectiveClasses.xlsx`, for a sheet without that column.

    Raises:
        InputError: the sheet cannot be read or understood.
    """
    sheet = read_sheet(path, _COLUMNS, optional=("objective",))
    other = {} if objective_classes is None else _objective_classes(objective_classes)

    def clip_of(row: Row) -> dict[str, object]:
        subject, clip = _which(row)
        return {
            "subject": subject,
            "clip": clip,
            "onset": frame_number(row, "onset"),
            "apex": frame_number(row, "apex"),
            "offset": frame_number(row, "offset"),
            "fps": FPS,
            "au": row["au"],
            "emotion": one_line(row["emotion"]).lower(),
            "objective": other.get((subject, clip)) or row["objective"].strip(),
        }

    return to_table(sheet, DATASET, clip_of)


def _which(row: Row) -> tuple[str, str]:
    digits = re.fullmatch(r"(?:sub)?0*(\d+)", row["subject"].strip(), re.IGNORECASE)
    clip = row["clip"].strip()
    if not digits or not clip:
        raise CellError(f"subject {row['subject']!r} and file {clip!r} name no clip")
    return f"sub{int(digits[1]):02d}", clip


def _objective_classes(path: str | Path) -> dict[tuple[str, str], str]:
    sheet = read_sheet(path, {**_WHICH, **_OBJECTIVE})
    try:
        return {_which(row): row["objective"].strip() for row in sheet.rows}
    except CellError as error:
        raise InputError(
            "the objective classes cannot be understood", where=path, found=str(error)
        ) from error
