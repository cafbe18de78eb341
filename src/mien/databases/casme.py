"""CASME (Yan et al. 2013): micro-expressions at 60 fps; the list of 189 clips of 18 subjects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from mien.clips.table import ClipTable
from mien.databases.card import Card, Counts
from mien.databases.database import Database
from mien.databases.layout import Clip, Layout
from mien.databases.loaded import Reading
from mien.databases.sheet import CellError, Row, cells_of, read_sheet, to_reading

DATASET = "casme"
FPS = 60.0
_COLUMNS = {
    "subject": ("Subject",),
    "clip": ("Filename", "File name"),
    "onset": ("OnsetF", "OnsetFrame"),
    "apex": ("ApexF1", "ApexFrame", "ApexF"),
    "offset": ("OffsetF", "OffsetFrame"),
    "au": ("AU", "AUs", "Action Units"),
    "emotion": ("Emotion", "Estimated Emotion"),
}


def read(path: str | Path) -> ClipTable:
    """The clips of a CASME list; several may share one folder, so the key ends in the onset.

    Offsets and AUs are in the full table only.

    Raises:
        InputError: the sheet cannot be read or understood.
    """
    return read_rows(path).strict(path)


def read_rows(path: str | Path) -> Reading:
    """As `read`, but rows that cannot be understood are problems."""
    sheet = read_sheet(path, _COLUMNS, optional=("offset", "au"))
    return to_reading(sheet, DATASET, _clip_of, key_has_onset=True)


def _clip_of(row: Row) -> dict[str, object]:
    digits = re.fullmatch(r"(?:sub)?0*(\d+)(?:\.0)?", row["subject"].strip(), re.IGNORECASE)
    clip = row["clip"].strip()
    if not digits or not clip:
        raise CellError(f"subject {row['subject']!r} and file {clip!r} name no clip")
    return {**cells_of(row, FPS), "subject": f"sub{int(digits[1]):02d}", "clip": clip}


def _words(clip: Clip) -> Mapping[str, object]:
    # Numbers are padded from about the second half of subject 7 on; whole subjects are taken here.
    return {"width": 3 if int(str(clip["subject"])[3:]) >= 8 else 1}


CASME = Database(
    card=Card(
        name=DATASET,
        title="CASME",
        paper="Yan et al. 2013, CASME database: a dataset of spontaneous micro-expressions collected from "
        "neutralized faces, IEEE FG",
        holds="Micro-expressions in colour, 60 fps, in two sessions with different cameras. The paper speaks of "
        "195 clips; the list in circulation has 189. Three rows of subject 3 do not fit their folders.",
        apply="Sign the licence agreement on casme.psych.ac.cn/casme/e1 and wait for the download link.",
        files=("CASME.xls or the full table", "CASME_raw_selected or Cropped"),
        tree="CASME_raw_selected/sub01/EP01_12/EP01_12-73.jpg       three digits for the later subjects\n"
        "Cropped/sub01/EP01_12/reg_EP01_12-73.jpg              registered faces",
        counts={
            "": Counts(
                189,
                18,
                {
                    "tense": 68,
                    "disgust": 45,
                    "repression": 39,
                    "surprise": 20,
                    "happiness": 7,
                    "sadness": 6,
                    "contempt": 2,
                    "fear": 2,
                },
            )
        },
        unverified="The full table with offsets and AUs was not at hand; its columns are those that a public "
        "loader names. The counts are those of the list of 189 clips.",
    ),
    layouts={
        "raw_selected": Layout(
            "CASME_raw_selected",
            "{subject}/{clip}",
            "{clip}-{number:0{width}d}.jpg",
            r"casme.?raw|raw.?select",
        ),
        "cropped": Layout("Cropped", "{subject}/{clip}", "reg_{clip}-{number:0{width}d}.jpg", r"crop"),
    },
    sheet_name=r"casme(?!.?(2|3|ii|sq|.?\(me\))).*",
    read=lambda path, beside, variant: read_rows(path),
    words=_words,
)
