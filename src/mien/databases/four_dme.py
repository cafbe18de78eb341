"""4DME (Li et al. 2022): micro-expressions of the grey camera at 60 fps; after public loaders, no file seen."""

from __future__ import annotations

from pathlib import Path

from mien.clips.table import ClipTable
from mien.databases.card import Card, Counts
from mien.databases.database import Database
from mien.databases.layout import Layout
from mien.databases.loaded import Reading
from mien.databases.sheet import CellError, Row, cells_of, read_sheet, to_reading

DATASET = "4dme"
FPS = 60.0
_COLUMNS = {
    "subject": ("sub_ID", "SubID"),
    "clip": ("fold_name",),
    "onset": ("Onset",),
    "apex": ("Apex",),
    "offset": ("Offset",),
    "au": ("AUs", "AU"),
    "emotion": ("Emotion",),
}


def read(path: str | Path) -> ClipTable:
    """The clips of `4DME_Labelling_Micro_release v1.xlsx`; an emotion may be double (`surprise+positive`).

    Raises:
        InputError: the sheet cannot be read or understood.
    """
    return read_rows(path).strict(path)


def read_rows(path: str | Path) -> Reading:
    """As `read`, but rows that cannot be understood are problems."""
    return to_reading(read_sheet(path, _COLUMNS, optional=("au",)), DATASET, _clip_of)


def _clip_of(row: Row) -> dict[str, object]:
    subject, clip = row["subject"].strip(), row["clip"].strip()
    if not subject or not clip:
        raise CellError(f"subject {subject!r} and folder {clip!r} name no clip")
    return {**cells_of(row, FPS), "subject": subject, "clip": clip}


FOUR_DME = Database(
    card=Card(
        name=DATASET,
        title="4DME",
        paper="Li et al. 2022, 4DME: a spontaneous 4D micro-expression dataset with multimodalities, IEEE "
        "Transactions on Affective Computing",
        holds="Micro-expressions filmed in grey (60 fps), colour, depth and as 4D meshes. Mien reads the grey "
        "clips. Emotions can be double. AUs marked (k) are there all the time and no part of the movement.",
        apply="Send the signed agreement to the Center for Machine Vision and Signal Analysis, University of "
        "Oulu (oulu.fi).",
        files=("4DME_Labelling_Micro_release v1.xlsx", "gray_micro or gray_micro_crop"),
        tree="gray_micro/<sub_ID>/<fold_name>/Frame_000001826.jpg\n"
        "gray_micro_crop/<sub_ID>/<fold_name>/Frame_000001826.jpg",
        counts={"": Counts(267, 41)},
        unverified="No file of it was at hand: columns, folders and the number of rows are those that public "
        "loaders name. One of them swaps the codes of two rows of a release; which, is known by row number "
        "only, so nothing is swapped here.",
    ),
    layouts={
        "gray": Layout(
            "gray_micro",
            "{subject}/{clip}",
            "Frame_{number:09d}.jpg",
            r"^(?!.*crop).*gr[ae]y",
            cut=True,
        ),
        "gray_cropped": Layout(
            "gray_micro_crop", "{subject}/{clip}", "Frame_{number:09d}.jpg", r"crop", cut=True
        ),
    },
    sheet_name=r"4dme.*label.*",
    read=lambda path, beside, variant: read_rows(path),
)
