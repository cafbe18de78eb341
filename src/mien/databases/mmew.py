"""MMEW (Ben et al. 2022): 300 micro-expressions of 30 subjects at 90 fps; frames of the cut clip."""

from __future__ import annotations

import re
from pathlib import Path

from mien.clips.table import ClipTable
from mien.databases.card import Card, Counts
from mien.databases.database import Database
from mien.databases.folders import Folder, Tree
from mien.databases.layout import Layout, Places
from mien.databases.loaded import Reading
from mien.databases.sheet import CellError, Row, cells_of, read_sheet, to_reading

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
_NAME = re.compile(r"(S\d+)-\d+-\d+", re.IGNORECASE)


def read(path: str | Path) -> ClipTable:
    """The clips of `MMEW_Micro_Exp`, .xlsx or .csv; the subject (`S01`) is the first part of the file name.

    Apex and offset of 16 clips are not known: what copies say does not fit the frames, and they disagree.

    Raises:
        InputError: the sheet cannot be read or understood.
    """
    return read_rows(path).strict(path)


def read_rows(path: str | Path) -> Reading:
    """As `read`, but rows that cannot be understood are problems."""
    return to_reading(read_sheet(path, _COLUMNS, optional=("notes",)), DATASET, _clip_of, release="micro")


def _clip_of(row: Row) -> dict[str, object]:
    clip = row["clip"].strip()
    name = _NAME.fullmatch(clip)
    if not name:
        raise CellError(f"file {clip!r} is no MMEW clip such as S01-02-003")
    return {**cells_of(row, FPS), "subject": name[1].upper(), "clip": clip.upper()}


def _macro_expressions(tree: Tree, variant: str) -> tuple[Reading, Places]:
    """The macro-expressions: every still, and every folder of frames, whose name is that of a clip."""
    places: Places = {}
    for folder in tree.folders:
        if _NAME.fullmatch(folder.parts[-1] if folder.parts else ""):
            places[folder.parts[-1].upper()] = folder
            continue
        for image in folder.images:
            stem = image[1].rpartition(".")[0].upper()
            if _NAME.fullmatch(stem):
                places[stem] = Folder(folder.path, folder.parts, (image,))
    clips = {f"{name.partition('-')[0]}_{name}": name for name in sorted(places)}
    table = ClipTable.from_rows(
        {
            "dataset": DATASET,
            "subject": name.partition("-")[0],
            "clip": name,
            "key": key,
            "fps": FPS,
            "emotion": _EMOTIONS.get(name.split("-")[1], ""),
        }
        for key, name in clips.items()
    )
    reading = Reading(table, kinds=dict.fromkeys(clips, "macro"), release="macro")
    return reading, {key: places[name] for key, name in clips.items()}


# The second part of a clip's name.
_EMOTIONS = {
    "01": "happiness",
    "02": "surprise",
    "03": "disgust",
    "04": "others",
    "05": "fear",
    "06": "sadness",
    "07": "anger",
}

MMEW = Database(
    card=Card(
        name=DATASET,
        title="MMEW",
        paper="Ben et al. 2022, Video-based facial micro-expression analysis: a survey of datasets, features and "
        "algorithms, IEEE Transactions on Pattern Analysis and Machine Intelligence 44(9)",
        holds="Micro- and macro-expressions of the same people, faces of 231 x 231, 90 fps. The sheet codes the "
        "micro-expressions with Action Units, onset, apex, offset and emotion; apex and offset of 16 clips of "
        "S04 and S13 are disputed. Macro-expressions have no sheet: the name tells the emotion. The variant "
        "macro reads stills or folders of frames, whichever a copy has.",
        apply="Send the signed agreement to the authors at Shandong University (dpailab.com/database.html).",
        files=("MMEW_Micro_Exp.xlsx or .csv (for the variant micro)", "MMEW_Final"),
        tree="MMEW_Final/Micro_Expression/anger/S13-07-001/1.jpg\n"
        "MMEW_Final/Macro_Expression/S01/anger/S01-07-001.jpg",
        counts={
            "micro": Counts(
                300,
                30,
                {
                    "happiness": 36,
                    "surprise": 89,
                    "disgust": 72,
                    "others": 66,
                    "fear": 16,
                    "sadness": 13,
                    "anger": 8,
                },
            ),
            "macro": Counts(900, 30),
        },
        unverified="The original .xlsx was not at hand (a CSV export was), nor were the macro-expressions.",
    ),
    layouts={
        "micro": Layout(
            "MMEW_Final/Micro_Expression",
            "{emotion}/{clip}",
            "{number}.jpg",
            r"micro.?exp",
            also=("{clip}",),
            cut=True,
        ),
        "macro": Layout(
            "MMEW_Final/Macro_Expression", "{subject}/{emotion}/{clip}", "{number}.jpg", r"macro.?exp"
        ),
    },
    sheet_name={"micro": r"mmew.*micro.*", "macro": ""},
    read=lambda path, beside, variant: read_rows(path),
    from_folders=_macro_expressions,
)
