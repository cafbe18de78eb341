"""DFME (Zhao et al. 2023): micro-expressions at 200, 300 or 500 fps; frames count from 0."""

from __future__ import annotations

import re
from pathlib import Path

from mien.clips.table import ClipTable
from mien.databases.card import Card, Counts
from mien.databases.database import Database
from mien.databases.layout import Layout
from mien.databases.loaded import Reading
from mien.databases.sheet import CellError, Row, cells_of, read_sheet, to_reading

DATASET = "dfme"
_COLUMNS = {
    "subject": ("Subject",),
    "clip": ("Filename", "File name"),
    "onset": ("OnsetFrame",),
    "apex": ("ApexFrame",),
    "offset": ("OffsetFrame",),
    "emotion": ("Emotion",),
    "fps": ("Fps",),
    "au": ("AU", "AUs"),
}


def read(path: str | Path) -> ClipTable:
    """The clips of a DFME table (`training_full_with_AU.xlsx`), each with its own frame rate.

    Raises:
        InputError: the sheet cannot be read or understood.
    """
    return read_rows(path).strict(path)


def read_rows(path: str | Path, variant: str = "train") -> Reading:
    """As `read`, but rows that cannot be understood are problems."""
    sheet = read_sheet(path, _COLUMNS, optional=("au",))
    return to_reading(sheet, DATASET, _clip_of, release=variant)


def _clip_of(row: Row) -> dict[str, object]:
    clip = row["clip"].strip()
    name = re.fullmatch(r"(sub\d+)_\d+", clip, re.IGNORECASE)
    fps = re.fullmatch(r"([1-9]\d*)(?:\.0)?", row["fps"].strip())
    if not name:
        raise CellError(f"file {clip!r} is no DFME clip such as sub0003_01")
    if not fps:
        raise CellError(f"{row['fps']!r} is no frame rate")
    return {**cells_of(row, float(fps[1])), "subject": name[1].lower(), "clip": clip.lower()}


def _layout(top: str) -> Layout:
    return Layout(top, "{clip}", "{number:05d}.png", top.lower().replace("_", ".?") + "/")


DFME = Database(
    card=Card(
        name=DATASET,
        title="DFME",
        paper="Zhao et al. 2023, DFME: a new benchmark for dynamic facial micro-expression recognition, IEEE "
        "Transactions on Affective Computing",
        holds="Micro-expressions at 200, 300 or 500 fps (each clip its own), seven basic emotions and Action "
        "Units; one part for training, two for tests. Frames count from 0.",
        apply="Send the signed agreement to the authors (mea-lab-421.github.io).",
        files=(
            "training_full_with_AU.xlsx, testA_full_with_AU.xlsx or testB_full_with_AU.xlsx",
            "train_data, test_data_A or test_data_B",
        ),
        tree="train_data/sub0003_01/00109.png\ntest_data_A/<clip>/00000.png\ntest_data_B/<clip>/00000.png",
        counts={
            "train": Counts(
                1856,
                176,
                {
                    "disgust": 548,
                    "surprise": 298,
                    "sadness": 278,
                    "fear": 265,
                    "happiness": 206,
                    "anger": 161,
                    "contempt": 100,
                },
            )
        },
        unverified="The tables of the test parts were not at hand; they are taken to be like that for training.",
    ),
    layouts={
        "train": _layout("train_data"),
        "test_a": _layout("test_data_A"),
        "test_b": _layout("test_data_B"),
    },
    sheet_name={"train": r"train.*", "test_a": r"test.?a.*", "test_b": r"test.?b.*"},
    read=lambda path, beside, variant: read_rows(path, variant),
)
