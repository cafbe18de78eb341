"""SMIC HS (Li et al. 2013): 164 clips of 16 subjects at 100 fps, three classes, no AUs, no apex."""

from __future__ import annotations

import re
from pathlib import Path

from mien.clips.table import ClipTable
from mien.databases.sheet import CellError, Row, frame_number, one_line, read_sheet, to_table

DATASET = "smic"
FPS = 100.0
_COLUMNS = {
    "subject": ("Subject",),
    "clip": ("Filename", "File name"),
    "onset": ("OnsetFrame", "OnsetF"),
    "offset": ("OffsetFrame", "OffsetF"),
    "emotion": ("Estimated Emotion", "Emotion"),
}
_CLASSES = {"ne": "negative", "po": "positive", "sur": "surprise"}


def read(path: str | Path) -> ClipTable:
    """The clips of a SMIC HS list, written as MEGC 2019 writes them (`s01`, `s01_ne_01`).

    The class is that of the clip's name (and folder); where a sheet says otherwise, the notes tell. The sheet
    of the extended version (SMIC-HS-E) holds 162 of the 164 clips.

    Raises:
        InputError: the list cannot be read or understood.
    """
    return to_table(read_sheet(path, _COLUMNS, optional=("emotion",), sheet="HS"), DATASET, _clip_of)


def _clip_of(row: Row) -> dict[str, object]:
    name = re.fullmatch(r"s(\d+)_(ne|po|sur)_(\d+)", row["clip"].strip().lower())
    if not name:
        raise CellError(f"file {row['clip']!r} is no SMIC clip such as s1_ne_01")
    subject, emotion = f"s{int(name[1]):02d}", _CLASSES[name[2]]
    said = one_line(row["emotion"]).lower()
    return {
        "subject": subject,
        "clip": f"{subject}_{name[2]}_{int(name[3]):02d}",
        "onset": frame_number(row, "onset"),
        "offset": frame_number(row, "offset"),
        "fps": FPS,
        "emotion": emotion,
        "notes": f"the table says {said}, the clip's name says {emotion}"
        if said not in ("", emotion)
        else "",
    }
