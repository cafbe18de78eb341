"""CAS(ME)^3 (Li et al. 2023), parts A and C: long videos at 30 fps; frames count from 1."""

from __future__ import annotations

import re
from pathlib import Path

from mien.clips.table import ClipTable
from mien.databases.card import Card, Counts
from mien.databases.database import Database
from mien.databases.layout import Layout
from mien.databases.loaded import Reading
from mien.databases.sheet import CellError, Row, cells_of, read_sheet, to_reading

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
}
_EMOTION = {"emotion": ("emotion",)}
_KIND = {"kind": ("Expression type",)}
_PART_C = {
    "subject": ("sub", "Subject"),
    "clip": ("count", "Filename"),
    "onset": ("onset",),
    "offset": ("offset",),
    "au": ("au", "AUs"),
    **_EMOTION,
}


def read(path: str | Path) -> ClipTable:
    """The clips of the sheet of micro-expressions with emotions
    (`cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx`).

    One video holds several clips, so the key ends in the onset. Known errors of the sheet are put right from
    the database's own table of macro- and micro-expressions, and the notes say so.

    Raises:
        InputError: the sheet cannot be read or understood.
    """
    return read_rows(path, "a").strict(path)


def read_rows(path: str | Path, variant: str) -> Reading:
    """The clips of part A (`a`: the sheet with emotions; `a-all`: macro and micro) or part C (`c`)."""
    if variant == "c":
        sheet, clip_of = read_sheet(path, _PART_C, optional=("au", "emotion")), _clip_of_part_c
    else:
        more = _EMOTION if variant == "a" else _KIND
        sheet, clip_of = read_sheet(path, {**_COLUMNS, **more}), _clip_of
    return to_reading(sheet, DATASET, clip_of, key_has_onset=True, release=variant)


def _clip_of(row: Row) -> dict[str, object]:
    subject = re.fullmatch(r"spNO\.(\d+)", row["subject"].strip(), re.IGNORECASE)
    clip = row["clip"].strip().lower()
    if not subject or not clip:
        raise CellError(f"subject {row['subject']!r} and file {clip!r} name no clip")
    kind = "macro" if row.get("kind", "").strip().lower().startswith("macro") else "micro"
    return {**cells_of(row, FPS), "subject": f"spNO.{int(subject[1])}", "clip": clip, "kind": kind}


def _clip_of_part_c(row: Row) -> dict[str, object]:
    subject, clip = row["subject"].strip(), row["clip"].strip()
    if not subject.isdigit() or not clip:
        raise CellError(f"subject {row['subject']!r} and number {clip!r} name no clip of part C")
    return {**cells_of(row, FPS), "subject": subject.zfill(2), "clip": clip}


_LONG = Layout(
    "part_A/data/part_A_split/part_A",
    "{subject}/{clip}/color",
    "{number}.jpg",
    r"part.?a|spno\.\d",
    also=("{subject}/{clip}",),
    long=True,
)

CASME3 = Database(
    card=Card(
        name=DATASET,
        title="CAS(ME)^3",
        paper="Li et al. 2023, CAS(ME)^3: a third generation facial spontaneous micro-expression database with "
        "depth information and high ecological validity, IEEE TPAMI 45(3)",
        holds="Long videos in colour and depth, 30 fps. Part A: 100 people, 13 videos each; one sheet has the 860 "
        "micro-expressions with emotions (variant a), one all 4,206 macro- and micro-expressions without "
        "emotions (variant a-all). Part C: 31 people in a mock crime, with voice and physiology. Frames that "
        "were dropped or damaged are missing on disk.",
        apply="Sign the licence agreement on casme.psych.ac.cn/casme/e4 and wait for the download link.",
        files=(
            "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx (a), CAS(ME)3_part_A_v2.xls (a-all) or "
            "CAS(ME)3_part_C_ME.xlsx (c)",
            "part_A or part_C",
        ),
        tree="part_A/data/part_A_split/part_A/spNO.1/a/color/355.jpg\npart_C/ME_C/01/1/color/1.jpg",
        counts={
            "a": Counts(
                860,
                94,
                {
                    "disgust": 250,
                    "surprise": 187,
                    "others": 161,
                    "fear": 86,
                    "anger": 64,
                    "sad": 57,
                    "happy": 55,
                },
            ),
            "a-all": Counts(4206, 98, kinds={"macro": 3346, "micro": 860}),
            "c": Counts(166, 31),
        },
        unverified="No table of part C was at hand; its columns and folders are those that a public loader names, "
        "its counts those of the paper.",
    ),
    layouts={
        "a": _LONG,
        "a-all": _LONG,
        "c": Layout(
            "part_C/ME_C",
            "{subject}/{clip}/color",
            "{number}.jpg",
            r"(part|me).?c(/|$)",
            also=("{subject}/{clip}",),
            ignore=r"/depth$",
        ),
    },
    sheet_name={
        "a": r"cas.?\(?me\)?.?3.*me.?label.*",
        "a-all": r"cas.?\(?me\)?.?3.?part.?a.?v\d.*",
        "c": r"cas.?\(?me\)?.?3.?part.?c.*",
    },
    read=lambda path, beside, variant: read_rows(path, variant),
)
