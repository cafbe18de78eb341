"""SAMM (Davison et al. 2018): 159 micro-expressions of 29 subjects at 200 fps; frames of the recording."""

from __future__ import annotations

import re
from pathlib import Path

from mien.clips.table import ClipTable
from mien.databases.card import Card, Counts
from mien.databases.database import Database
from mien.databases.layout import Layout
from mien.databases.loaded import Reading
from mien.databases.sheet import CellError, Row, cells_of, read_sheet, to_reading

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
    return read_rows(path).strict(path)


def read_rows(path: str | Path) -> Reading:
    """As `read`, but rows that cannot be understood are problems."""
    return to_reading(read_sheet(path, _COLUMNS, optional=("objective", "notes")), DATASET, _clip_of)


def _clip_of(row: Row) -> dict[str, object]:
    return {**cells_of(row, FPS), **which(row)}


def which(row: Row) -> dict[str, object]:
    """Subject (`006`) and clip (`006_1_2`) of a row of SAMM or SAMM Long Videos; raises `CellError`."""
    clip = row["clip"].strip()
    name = re.fullmatch(r"(\d+)_\d+_\d+", clip)
    # A copy may hold the subject as the number 6; the file name always holds it in full.
    if not name or row["subject"].strip().lstrip("0") != name[1].lstrip("0"):
        raise CellError(f"file {clip!r} of subject {row['subject']!r} is no SAMM clip")
    return {"subject": name[1].zfill(3), "clip": clip}


SAMM = Database(
    card=Card(
        name=DATASET,
        title="SAMM",
        paper="Davison et al. 2018, SAMM: a spontaneous micro-facial movement dataset, IEEE Transactions on "
        "Affective Computing 9(1)",
        holds="Micro-expressions in grey, 960 x 650, 200 fps, coded with Action Units and their intensities, "
        "onset, apex, offset, emotion and objective class. 32 people were filmed; 29 show a micro-expression. "
        "Frame numbers are those of the long recording.",
        apply="Send the signed agreement to the authors at Manchester Metropolitan University "
        "(helward.mmu.ac.uk/STAFF/M.Yap/dataset.php).",
        files=("SAMM_Micro_FACS_Codes_v2.xlsx", "SAMM (or a cropped copy)"),
        tree="SAMM/006/006_1_2/006_05562.jpg\nSAMM_CROP/006/006_1_2/006_05562.jpg       cropped faces",
        counts={
            "": Counts(
                159,
                29,
                {
                    "anger": 57,
                    "happiness": 26,
                    "other": 26,
                    "surprise": 15,
                    "contempt": 12,
                    "disgust": 9,
                    "fear": 8,
                    "sadness": 6,
                },
            )
        },
    ),
    layouts={
        "raw": Layout(
            "SAMM", "{subject}/{clip}", "{subject}_{number:05d}.jpg", r"^(?!.*crop).*samm", cut=True
        ),
        "cropped": Layout("SAMM_CROP", "{subject}/{clip}", "{subject}_{number:05d}.jpg", r"crop", cut=True),
    },
    sheet_name=r"samm.*(micro.?facs|facs.?code).*",
    read=lambda path, beside, variant: read_rows(path),
)
