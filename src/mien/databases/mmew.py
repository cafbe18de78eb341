"""MMEW (Ben et al. 2022): 300 micro-expressions of 30 subjects at 90 fps; frames of the cut clip."""

from __future__ import annotations

import re
from pathlib import Path

from mien.clips.table import ClipTable
from mien.databases.sheet import CellError, Row, frame_number, one_line, read_sheet, to_table

DATASET = "mmew"
FPS = 90.0
_COLUMNS = {
    "clip": ("Filename", "File name"),
    "onset": ("OnsetFrame",),
    "apex": ("ApexFrame",),
    "offset": ("OffsetFrame",),
    "au": ("Action Units", "Action Unit"),
    "emotion": ("Estimated Emotion",),
    "notes": ("remarks",),
}


def read(path: str | Path) -> ClipTable:
    """The clips of `MMEW_Micro_Exp`, .xlsx or .csv; the subject (`S01`) is the first part of the file name.

    Raises:
        InputError: the sheet cannot be read or understood.
    """
    return to_table(read_sheet(path, _COLUMNS, optional=("notes",)), DATASET, _clip_of)


def _clip_of(row: Row) -> dict[str, object]:
    clip = row["clip"].strip()
    name = re.fullmatch(r"(S\d+)-\d+-\d+", clip)
    if not name:
        raise CellError(f"file {clip!r} is no MMEW clip such as S01-02-003")
    return {
        "subject": name[1],
        "clip": clip,
        "onset": frame_number(row, "onset"),
        "apex": frame_number(row, "apex"),
        "offset": frame_number(row, "offset"),
        "fps": FPS,
        "au": row["au"],
        "emotion": one_line(row["emotion"]).lower(),
        "notes": one_line(row["notes"]),
    }
