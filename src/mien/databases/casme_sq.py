"""CAS(ME)^2 (Qu et al. 2018): 300 macro- and 57 micro-expressions in 98 long videos at 30 fps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from mien.clips.table import ClipTable
from mien.databases.card import Card, Counts
from mien.databases.database import Database
from mien.databases.layout import Clip, Layout
from mien.databases.loaded import Reading
from mien.databases.sheet import (
    CellError,
    Row,
    Sheet,
    cells_of,
    frame_number,
    one_line,
    read_cells,
    to_reading,
)
from mien.errors import InputError

DATASET = "casme_sq"
FPS = 30.0
# The sheet numbers the subjects from 1; these are their folders, in that order (its sheet "naming rule1").
_FOLDERS = (15, 16, 19, 20, 21, 22, 23, 24, 25, 26, 27, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 40)
# The names of the videos in the sheet, and in the folders (its sheet "naming rule2").
_VIDEOS = {
    "disgust1": "0101",
    "disgust2": "0102",
    "anger1": "0401",
    "anger2": "0402",
    "happy1": "0502",
    "happy2": "0503",
    "happy3": "0505",
    "happy4": "0507",
    "happy5": "0508",
}
_NAME = re.compile(r"([a-z]+\d+)_(\d+)")
_CLASSES = ("negative", "positive", "surprise", "others")


def read(path: str | Path) -> ClipTable:
    """The clips of `CAS(ME)^2code_final.xlsx`, subjects written as their folders are (`s15`).

    The emotion is the class of the sheet; the self-report is in the notes. An offset or apex of 0 stands for
    "not annotated".

    Raises:
        InputError: the sheet cannot be read or understood.
    """
    return read_rows(path).strict(path)


def read_rows(path: str | Path) -> Reading:
    """As `read`, but rows that cannot be understood are problems."""
    return to_reading(_coded_rows(Path(path)), DATASET, _clip_of)


def _coded_rows(file: Path) -> Sheet:
    """The rows of the sheet, which has no header: columns are known by what stands in them.

    A row is `subject, name, onset, apex, offset, ..., AUs, class, type[, self-report]`.
    """
    for cells in read_cells(file).values():
        rows: list[Row] = []
        lines = []
        for line, row in enumerate(cells, start=1):
            texts = [cell.strip() for cell in row]
            name = next((i for i, text in enumerate(texts) if i and _NAME.fullmatch(text)), None)
            kind = next((i for i, text in enumerate(texts) if text.lower().endswith("-expression")), None)
            if name is None or kind is None or kind < name + 5:
                # Below the first clip every row is one, so what is not understood has to be told.
                if rows and any(texts):
                    rows.append({"subject": "", "clip": ", ".join(filter(None, texts))})
                    lines.append(line)
                continue
            words = ("subject", "clip", "onset", "apex", "offset")
            found = dict(zip(words, texts[name - 1 : name + 4], strict=True))
            found |= {"au": texts[kind - 2], "emotion": texts[kind - 1], "kind": texts[kind]}
            found["report"] = texts[kind + 1] if kind + 1 < len(texts) else ""
            rows.append(found)
            lines.append(line)
        if rows:
            return Sheet(file, tuple(rows), tuple(lines))
    raise InputError(
        "the annotation sheet has no rows of CAS(ME)^2",
        where=file,
        found="no row with a name such as anger1_1 and a type such as macro-expression",
        do="give CAS(ME)^2code_final.xlsx or a copy of its first sheet",
    )


def _clip_of(row: Row) -> dict[str, object]:
    name, number = _NAME.fullmatch(row["clip"]), re.fullmatch(r"(\d+)(?:\.0)?", row["subject"])
    if not name or name[1] not in _VIDEOS or not number or not 1 <= int(number[1]) <= len(_FOLDERS):
        raise CellError(f"subject {row['subject']!r} and name {row['clip']!r} name no clip")
    if row["emotion"].lower() not in _CLASSES:
        raise CellError(f"class {row['emotion']!r} is none of {', '.join(_CLASSES)}")
    report = one_line(row["report"]).lower()
    return {
        **cells_of({"au": row["au"], "emotion": row["emotion"]}, FPS),
        **{word: frame_number(row, word, first=1) for word in ("onset", "apex", "offset")},
        "subject": f"s{_FOLDERS[int(number[1]) - 1]}",
        "clip": row["clip"],
        "notes": f"self-report: {report}" if report else "",
        "kind": row["kind"].lower().partition("-")[0],
    }


def _words(clip: Clip) -> Mapping[str, object]:
    name = _NAME.fullmatch(str(clip["clip"]))
    code = _VIDEOS[name[1]] if name else ""
    return {"video": f"{str(clip['subject'])[1:]}_{code}"}


CASME_SQ = Database(
    card=Card(
        name=DATASET,
        title="CAS(ME)^2",
        paper="Qu et al. 2018, CAS(ME)^2: a database for spontaneous macro-expression and micro-expression "
        "spotting and recognition, IEEE Transactions on Affective Computing 9(4)",
        holds="Long videos in colour, 640 x 480, 30 fps, with macro- and micro-expressions, Action Units, four "
        "classes and self-reports. 44 macro-expressions have no offset; their end is taken at the apex. Also "
        "known as CASME_sq, the long-video set of the MEGC spotting challenges.",
        apply="Sign the licence agreement on casme.psych.ac.cn/casme/e3 and wait for the download link.",
        files=("CAS(ME)^2code_final.xlsx or CAS(ME)^2code_final(Updated).xlsx", "rawpic (or a cropped copy)"),
        tree="CAS(ME)^2/rawpic/s15/15_0401girlcrashing/img001.jpg\n"
        "CAS(ME)2_longVideoFaceCropped/longVideoFaceCropped/s15/15_0101disgustingteeth/img_1.jpg\n"
        "CAS(ME)^2/cropped/s15/anger1_1/img557.jpg                cut expressions",
        counts={
            "": Counts(
                357,
                22,
                {"negative": 126, "positive": 124, "surprise": 25, "others": 82},
                {"macro": 300, "micro": 57},
            )
        },
        unverified="The folders of cut expressions are those that one loader names.",
    ),
    layouts={
        "raw": Layout("CAS(ME)^2/rawpic", "{subject}/{video}*", "img{number:03d}.jpg", r"rawpic", long=True),
        "face_cropped": Layout(
            "CAS(ME)2_longVideoFaceCropped/longVideoFaceCropped",
            "{subject}/{video}*",
            "img_{number}.jpg",
            r"face.?crop",
            long=True,
        ),
        "cut": Layout(
            "CAS(ME)^2/cropped", "{subject}/{clip}", "img{number}.jpg", r"(^|/)(cropped|selectedpic)/"
        ),
    },
    sheet_name=r"(cas.?\(me\).?\^?2.*|casme.?sq.*|.*code.?final.*|cas.?data)",
    read=lambda path, beside, variant: read_rows(path),
    words=_words,
)
