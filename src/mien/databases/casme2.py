"""CASME II (Yan et al. 2014): 255 clips of 26 subjects at 200 fps; frames count from 1."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from mien.clips.table import ClipTable
from mien.databases.card import Card, Counts
from mien.databases.database import Database
from mien.databases.layout import Layout
from mien.databases.loaded import Reading
from mien.databases.sheet import CellError, Row, cells_of, objective_class, read_sheet, to_reading
from mien.errors import InputError

DATASET = "casme2"
FPS = 200.0
_WHICH = {"subject": ("Subject",), "clip": ("Filename", "File name")}
_OBJECTIVE = {"objective": ("Objective Class", "Objective Classes")}
_COLUMNS = {
    **_WHICH,
    "onset": ("OnsetFrame", "Onset"),
    "apex": ("ApexFrame", "Apex"),
    "offset": ("OffsetFrame", "Offset"),
    "au": ("Action Units", "Action Unit"),
    "emotion": ("Estimated Emotion", "Emotion"),
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
    return read_rows(path, objective_classes).strict(path)


def read_rows(path: str | Path, objective_classes: str | Path | None = None) -> Reading:
    """As `read`, but rows that cannot be understood are problems."""
    sheet = read_sheet(path, _COLUMNS, optional=("objective",))
    other = {} if objective_classes is None else _objective_classes(objective_classes)

    def clip_of(row: Row) -> dict[str, object]:
        subject, clip = _which(row)
        cells = cells_of(row, FPS)
        return {
            **cells,
            "subject": subject,
            "clip": clip,
            "objective": other.get((subject, clip)) or cells.get("objective"),
        }

    # The objective classes came with the second release of the codes.
    release = "2019" if any("objective" in row for row in sheet.rows) else "2014"
    return to_reading(sheet, DATASET, clip_of, release=release)


def _which(row: Row) -> tuple[str, str]:
    digits = re.fullmatch(r"(?:sub)?0*(\d+)", row["subject"].strip(), re.IGNORECASE)
    clip = row["clip"].strip()
    if not digits or not clip:
        raise CellError(f"subject {row['subject']!r} and file {clip!r} name no clip")
    return f"sub{int(digits[1]):02d}", clip


def _objective_classes(path: str | Path) -> Mapping[tuple[str, str], int | None]:
    sheet = read_sheet(path, {**_WHICH, **_OBJECTIVE})
    try:
        return {_which(row): objective_class(row["objective"]) for row in sheet.rows}
    except CellError as error:
        raise InputError(
            "the objective classes cannot be understood", where=path, found=str(error)
        ) from error


_EMOTIONS = {"happiness": 32, "surprise": 25, "disgust": 63, "repression": 27, "sadness": 7, "fear": 2}

CASME2 = Database(
    card=Card(
        name=DATASET,
        title="CASME II",
        paper="Yan et al. 2014, CASME II: an improved spontaneous micro-expression database and the baseline "
        "evaluation, PLoS ONE 9(1)",
        holds="Micro-expressions in colour, 640 x 480, 200 fps, coded with Action Units, onset, apex, offset "
        "and emotion. The sheets of 2014 and 2019 differ in 57 AU strings and 3 emotions; the usual label sets "
        "follow that of 2014. The paper speaks of 247 clips; the released sheet lists 255.",
        apply="Sign the licence agreement on casme.psych.ac.cn (CASME II) and wait for the download link.",
        files=(
            "CASME2-coding-20140508.xlsx or CASME2-coding-20190701.xlsx",
            "CASME2-ObjectiveClasses.xlsx (with the 2014 sheet, if the objective classes are wanted)",
            "CASME2_RAW_selected, CASME2-RAW or Cropped",
        ),
        tree="CASME2_RAW_selected/sub01/EP02_01f/img46.jpg     onset to offset\n"
        "CASME2-RAW/sub01/EP02_01f/img001.jpg             the whole clip\n"
        "Cropped/sub01/EP02_01f/reg_img46.jpg             registered faces",
        counts={
            "2014": Counts(255, 26, {**_EMOTIONS, "others": 99}),
            "2019": Counts(255, 26, {**_EMOTIONS, "surprise": 28, "sadness": 4, "others": 99}),
        },
    ),
    layouts={
        "raw_selected": Layout(
            "CASME2_RAW_selected", "{subject}/{clip}", "img{number}.jpg", r"raw.?select", cut=True
        ),
        "raw": Layout("CASME2-RAW", "{subject}/{clip}", "img{number:03d}.jpg", r"casme.?2.?raw(?!.?select)"),
        "cropped": Layout("Cropped", "{subject}/{clip}", "reg_img{number}.jpg", r"crop", cut=True),
    },
    sheet_name=r"casme.?(2|ii).?(coding|label).*",
    beside_name=r"casme.?2.?objective.?class.*",
    read=lambda path, beside, variant: read_rows(path, beside),
)
