"""SAMM (Davison et al. 2018): 159 micro-expressions of 29 subjects at 200 fps; frames of the recording."""

from __future__ import annotations

import re
from pathlib import Path

from mien.clips.table import ClipTable
from mien.databases.sheet import CellError, Row, frame_number, one_line, read_sheet, to_table

DATASET = "samm"
FPS = 200.0
_COLUMNS = {
    "subject": ("Subject",),
    "clip": ("Filename", "File name"),
    "onset": ("Onset Frame", "Onset"),
    "apex": ("Apex Frame", "Apex"),
    "offset": ("Offset Frame", "Offset"),
    "au": ("Action Units", "Action Unit"),
    "emotion": ("Estimated Emotion",),
    "objective": ("Objective Classes", "Objective Class"),
    "notes": ("Notes",),
}


def read(path: str | Path) -> ClipTable:
    """The clips of `SAMM_Micro_FACS_Codes_v2.xlsx`, with or without the lines above its header.

    Two apex frames of the published sheet lie outside their clips; they are taken as not known, and the notes
    say so.

    Raises:
        InputError: the sheet cannot be read or understood.
    """
    return to_table(read_sheet(path, _COLUMNS, optional=("objective", "notes")), DATASET, _clip_of)


def _clip_of(row: Row) -> dict[str, object]:
    clip = row["clip"].strip()
    name = re.fullmatch(r"(\d+)_\d+_\d+", clip)
    # A copy may hold the subject as the number 6; the file name always holds it in full.
    if not name or row["subject"].strip().lstrip("0") != name[1].lstrip("0"):
        raise CellError(f"file {clip!r} of subject {row['subject']!r} is no SAMM clip")
    return {
        "subject": name[1].zfill(3),
        "clip": clip,
        "onset": frame_number(row, "onset"),
        "apex": frame_number(row, "apex"),
        "offset": frame_number(row, "offset"),
        "fps": FPS,
        "au": row["au"],
        "emotion": one_line(row["emotion"]).lower(),
        "objective": row["objective"].strip(),
        "notes": one_line(row["notes"]),
    }
