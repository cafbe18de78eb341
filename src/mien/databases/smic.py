"""SMIC (Li et al. 2013): 164 clips at 100 fps (HS), 71 at 25 fps (VIS, NIR); three classes, no AUs, no apex."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from mien.clips.table import ClipTable
from mien.databases.card import Card, Counts
from mien.databases.database import Database
from mien.databases.folders import Tree
from mien.databases.layout import Clip, Layout, Places
from mien.databases.loaded import Problem, Reading
from mien.databases.sheet import CellError, Row, cells_of, one_line, read_sheet, to_reading
from mien.errors import InputError

DATASET = "smic"
_COLUMNS = {
    "subject": ("Subject",),
    "clip": ("Filename", "File name"),
    "onset": ("OnsetFrame", "OnsetF", "OnsetF NIR"),
    "offset": ("OffsetFrame", "OffsetF", "OffsetF NIR"),
    "emotion": ("Estimated Emotion", "Emotion"),
}
_CLASSES = {"ne": "negative", "po": "positive", "sur": "surprise"}
_NAME = re.compile(r"s(\d+)_(ne|po|sur)_(\d+)")
_FPS = {"HS": 100.0, "VIS": 25.0, "NIR": 25.0}


def read(path: str | Path) -> ClipTable:
    """The clips of a SMIC HS list, written as MEGC 2019 writes them (`s01`, `s01_ne_01`).

    The sheet of the extended version (SMIC-HS-E) holds 162 of the 164 clips.

    Raises:
        InputError: the list cannot be read or understood.
    """
    return read_rows(path, "hs").strict(path)


def read_rows(path: str | Path, variant: str) -> Reading:
    """The clips of the HS, VIS or NIR sheet of a file; rows that cannot be understood are problems."""
    camera = _camera(variant)
    sheet = read_sheet(path, _COLUMNS, optional=("emotion",), sheet=camera)

    def clip_of(row: Row) -> dict[str, object]:
        named = _named(row["clip"])
        said = one_line(row.get("emotion", "")).lower()
        clip = {**cells_of(row, _FPS[camera]), **named, "emotion": said or named["emotion"]}
        if clip["emotion"] != named["emotion"]:
            clip["notes"] = f"the clip's name says {named['emotion']}"
        return clip

    return to_reading(sheet, DATASET, clip_of, release=_release(variant))


def _camera(variant: str) -> str:
    return variant.split("-")[0].upper()


def _release(variant: str) -> str:
    return variant.removesuffix("-cropped")


def _named(clip: str) -> dict[str, object]:
    """Subject, clip and class from the name of a clip; raises `CellError`."""
    name = _NAME.fullmatch(clip.strip().lower())
    if not name:
        raise CellError(f"file {clip!r} is no SMIC clip such as s1_ne_01")
    subject = f"s{int(name[1]):02d}"
    clip = f"{subject}_{name[2]}_{int(name[3]):02d}"
    return {"subject": subject, "clip": clip, "emotion": _CLASSES[name[2]]}


def _from_folders(tree: Tree, variant: str) -> tuple[Reading, Places]:
    """The clips that the folders name; they are cut, so onset and offset are the first and the last image."""
    if variant == "hs-e":
        raise InputError(
            "the extended clips of SMIC need their sheet",
            where=tree.root,
            found="no file such as SMIC-HS-E_annotation.xlsx",
            do="name the sheet: the folders do not tell where in a clip the movement is",
        )
    clips: dict[str, dict[str, object]] = {}
    places: Places = {}
    problems = []
    for folder in tree.folders:
        if not folder.parts or not _NAME.fullmatch(folder.parts[-1].lower()) or not folder.images:
            continue
        named = _named(folder.parts[-1])
        key = f"{named['subject']}_{named['clip']}"
        if key in clips:
            problems.append(Problem(key, folder.shown, "a second folder of this clip; it is left out"))
            continue
        cut = {"onset": folder.images[0][0], "offset": folder.images[-1][0]}
        clips[key] = {"dataset": DATASET, "key": key, "fps": _FPS[_camera(variant)], **named, **cut}
        places[key] = folder
    table = ClipTable.from_rows(clips.values())
    return Reading(
        table, tuple(problems), kinds=dict.fromkeys(clips, "micro"), release=_release(variant)
    ), places


def _words(clip: Clip) -> Mapping[str, object]:
    """Names as the folders write them: `s1_ne_01`; in the extended set the subject's folder is `s01`."""
    subject = int(str(clip["subject"])[1:])
    name = str(clip["clip"]).partition("_")[2]
    return {"plain_subject": f"s{subject}", "plain_clip": f"s{subject}_{name}", **_named(str(clip["clip"]))}


def _cut(top: str, frame: str, mark: str) -> Layout:
    return Layout(
        top,
        "{plain_subject}/micro/{emotion}/{plain_clip}",
        frame,
        mark,
        also=("{plain_subject}/{emotion}/{plain_clip}", "{plain_subject}/{plain_clip}", "{plain_clip}"),
        ignore=r"non.?micro",
    )


def _raw_and_cropped(camera: str, raw_frame: str, cropped_frame: str) -> dict[str, Layout]:
    here = rf"(^|/){camera.lower()}/"
    return {
        camera.lower(): _cut(f"SMIC_all_raw/{camera}", raw_frame, rf"^(?!.*(crop|smic.?e|_long)).*{here}"),
        f"{camera.lower()}-cropped": _cut(
            f"SMIC_all_cropped/{camera}", cropped_frame, rf"^(?=.*crop)(?!.*smic.?e).*{here}"
        ),
    }


# The sheet of the extended set lacks two of the clips.
_NO_EXTENDED = r"smic.*hs(?!.?e([^a-z]|$)).*"
_SIXTEEN = {"negative": 70, "positive": 51, "surprise": 43}

SMIC = Database(
    card=Card(
        name=DATASET,
        title="SMIC",
        paper="Li et al. 2013, A spontaneous micro-expression database: inducement, collection and baseline, "
        "IEEE FG",
        holds="Micro-expressions of three cameras: high speed (HS, 100 fps), visual (VIS) and near infra-red "
        "(NIR, both 25 fps, of the last 8 subjects), 640 x 480. Three classes, named by the folder; neither "
        "AUs nor apex. The extended set (HS-E) has longer clips, and its sheet 162 of the 164. No sheet is "
        "needed for the cut clips: without one, onset and offset are the first and last image.",
        apply="Send the signed agreement to the Center for Machine Vision and Signal Analysis, University of "
        "Oulu (oulu.fi).",
        files=(
            "SMIC-HS-E_annotation.xlsx (needed for hs-e, optional otherwise)",
            "SMIC_all_raw, SMIC_all_cropped or SMIC-E_raw image",
        ),
        tree="SMIC_all_raw/HS/s1/micro/negative/s1_ne_01/image559740.bmp       also VIS, NIR\n"
        "SMIC_all_cropped/HS/s1/micro/negative/s1_ne_01/reg_image559740.bmp\n"
        "SMIC-E_raw image/HS_long/SMIC-HS-E/s20/s20_ne_01/image17581039.jpg",
        counts={
            "hs": Counts(164, 16, _SIXTEEN),
            "hs-e": Counts(162, 16, {**_SIXTEEN, "surprise": 42, "negative": 69}),
            "vis": Counts(71, 8, {"positive": 28, "negative": 23, "surprise": 20}),
            "nir": Counts(71, 8),
        },
        unverified="No list of the NIR clips was at hand (its columns are those that a public loader names), and "
        "the names of the VIS and NIR images are those of one loader.",
    ),
    layouts={
        **_raw_and_cropped("HS", "image{number:06d}.bmp", "reg_image{number:06d}.bmp"),
        **_raw_and_cropped("VIS", "image{number:06d}.bmp", "reg_image{number:06d}.bmp"),
        **_raw_and_cropped("NIR", "{number:05d}.bmp", "reg_{number:05d}.bmp"),
        "hs-e": Layout(
            "SMIC-E_raw image/HS_long/SMIC-HS-E",
            "{subject}/{plain_clip}",
            "image{number:06d}.jpg",
            r"smic.?hs.?e|hs_long",
            also=("{plain_clip}",),
        ),
    },
    sheet_name={
        "hs": _NO_EXTENDED,
        "hs-cropped": _NO_EXTENDED,
        "vis": r"smic.*vis.*",
        "vis-cropped": r"smic.*vis.*",
        "nir": r"smic.*nir.*",
        "nir-cropped": r"smic.*nir.*",
        "hs-e": r"smic.*hs.?e([^a-z].*)?",
    },
    read=lambda path, beside, variant: read_rows(path, variant),
    words=_words,
    from_folders=_from_folders,
)
