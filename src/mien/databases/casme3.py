"""CAS(ME)^3 part A (Li et al. 2023): 860 micro-expressions of 94 subjects at 30 fps; frames count from 1."""

from __future__ import annotations

import re
from pathlib import Path

from mien.clips.table import ClipTable
from mien.databases.sheet import CellError, Row, frame_number, one_line, read_sheet, to_table

DATASET = "casme3"
FPS = 30.0
_COLUMNS = {
    "subject": ("Subject",),
    "clip": ("Filename", "File name"),
    "onset": ("Onset",),
    "apex": ("Apex",),
    "offset": ("Offset",),
    "au": ("AU", "AUs"),
    "objective": ("Objective class",),
    "emotion": ("emotion",),
}
_ROMAN = {"": "", "I": "1", "II": "2", "III": "3", "IV": "4", "V": "5", "VI": "6", "VII": "7"}


def read(path: str | Path) -> ClipTable:
    """The clips of the sheet of micro-expressions with emotions
    (`cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx`).

    One video holds several clips, so the key ends in the onset. Known errors of the sheet are put right from
    the database's own table of macro- and micro-expressions, and the notes say so.

    Raises:
        InputError: the sheet cannot be read or understood.
    """
    return to_table(read_sheet(path, _COLUMNS), DATASET, _clip_of, key_has_onset=True)


def _clip_of(row: Row) -> dict[str, object]:
    subject = re.fullmatch(r"spNO\.(\d+)", row["subject"].strip(), re.IGNORECASE)
    clip = row["clip"].strip().lower()
    if not subject or not clip:
        raise CellError(f"subject {row['subject']!r} and file {clip!r} name no clip")
    objective = row["objective"].strip().upper()
    if objective not in _ROMAN:
        raise CellError(f"objective class {row['objective']!r} is no Roman number from I to VII")
    return {
        "subject": f"spNO.{int(subject[1])}",
        "clip": clip,
        "onset": frame_number(row, "onset"),
        "apex": frame_number(row, "apex"),
        "offset": frame_number(row, "offset"),
        "fps": FPS,
        "au": row["au"],
        "emotion": one_line(row["emotion"]).lower(),
        "objective": _ROMAN[objective],
    }
