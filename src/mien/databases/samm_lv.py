"""SAMM Long Videos (Yap et al. 2020): 343 macro- and 159 micro-expressions in 147 videos at 200 fps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mien.clips.table import ClipTable
from mien.databases import samm
from mien.databases.card import Card, Counts
from mien.databases.database import Database
from mien.databases.layout import Clip, Layout
from mien.databases.loaded import Reading
from mien.databases.sheet import CellError, Row, cells_of, frame_number, read_sheet, to_reading

DATASET = "samm_lv"
FPS = 200.0
_COLUMNS = {
    "subject": ("Subject",),
    "clip": ("Filename", "File name"),
    "onset": ("Onset", "Onset Frame"),
    "apex": ("Apex", "Apex Frame"),
    "offset": ("Offset", "Offset Frame"),
    "kind": ("Type",),
    "au": ("Action Units", "Action Unit"),
    "notes": ("Notes",),
}
_FRAMES = ("onset", "apex", "offset")


def read(path: str | Path, micro_codes: str | Path | None = None) -> ClipTable:
    """The clips of a SAMM Long Videos release; frames count from 1 in each video.

    Some macro-expressions have fractions for frames; they are rounded, and the notes say so. 0 and -1 stand
    for "not annotated". The key ends in the onset.

    Args:
        micro_codes: `SAMM_Micro_FACS_Codes_v2.xlsx`, for the emotions and objective classes of the
            micro-expressions, which this table does not have.

    Raises:
        InputError: the sheet cannot be read or understood.
    """
    return read_rows(path, micro_codes).strict(path)


def read_rows(path: str | Path, micro_codes: str | Path | None = None) -> Reading:
    """As `read`, but rows that cannot be understood are problems."""
    coded = {} if micro_codes is None else _emotions(micro_codes)

    def clip_of(row: Row) -> dict[str, object]:
        named = samm.which(row)
        kind = row["kind"].strip().lower()
        if not kind.startswith(("macro", "micro")):
            raise CellError(f"type {row['kind']!r} is neither Macro nor Micro")
        whole, note = _rounded(row)
        clip: dict[str, object] = {**cells_of({**row, **whole}, FPS), **named, "kind": kind[:5]}
        clip |= {word: frame_number(whole, word, first=1) for word in _FRAMES}
        clip["notes"] = "; ".join(str(text) for text in (clip.get("notes"), note) if text)
        if kind.startswith("micro"):
            clip.update(coded.get(str(named["clip"]), {}))
        return clip

    sheet = read_sheet(path, _COLUMNS, optional=("notes",))
    return to_reading(sheet, DATASET, clip_of, key_has_onset=True, release="coded" if coded else "")


def _rounded(row: Row) -> tuple[dict[str, str], str]:
    """The frames of a row as whole numbers, and a note where they were fractions."""
    whole = {}
    for word in _FRAMES:
        try:
            whole[word] = str(round(float(row[word])))
        except (ValueError, OverflowError):
            whole[word] = row[word]
    # 2008.3999999999999 and 3323 - 5e-13 are what a spreadsheet makes of tenths.
    fractions = [
        word for word in _FRAMES if whole[word] != row[word] and abs(float(row[word]) % 1 - 0.5) < 0.49
    ]
    return whole, f"{', '.join(fractions)} rounded to whole frames" if fractions else ""


def _emotions(path: str | Path) -> Mapping[str, Mapping[str, object]]:
    frame = samm.read(path).frame
    return {
        clip: {"emotion": emotion, "objective": objective}
        for clip, emotion, objective in frame[["clip", "emotion", "objective"]].itertuples(index=False)
    }


def _words(clip: Clip) -> Mapping[str, object]:
    return {"video": str(clip["clip"]).rpartition("_")[0]}


SAMM_LV = Database(
    card=Card(
        name=DATASET,
        title="SAMM Long Videos",
        paper="Yap et al. 2020, SAMM long videos: a spontaneous facial micro- and macro-expressions dataset, "
        "IEEE FG",
        holds="Long videos in grey, 200 fps, with macro- and micro-expressions and Action Units. There are no "
        "emotions in its table; with the sheet of SAMM beside it, the micro-expressions get theirs. Six clips "
        "have no apex, ten macro-expressions no onset.",
        apply="Send the signed agreement to the authors at Manchester Metropolitan University "
        "(helward.mmu.ac.uk/STAFF/M.Yap/dataset.php).",
        files=(
            "SAMM_LongVideos_V1_Release.xlsx (or V2, V3)",
            "SAMM_Micro_FACS_Codes_v2.xlsx (for emotions, if wanted)",
            "SAMM_longvideos",
        ),
        tree="SAMM_longvideos/006_1/006_1_0001.jpg",
        counts={
            "": Counts(502, 30, kinds={"macro": 343, "micro": 159}),
            "coded": Counts(502, 30, kinds={"macro": 343, "micro": 159}),
        },
    ),
    layouts={
        "raw": Layout(
            "SAMM_longvideos",
            "{video}",
            "{video}_{number:04d}.jpg",
            r"^(?!.*crop).*(long.?video|samm.?lv)",
            also=("{subject}/{video}",),
            long=True,
        ),
        "cropped": Layout("SAMM_longvideos_cropped", "{video}", "{number:04d}.jpg", r"crop", long=True),
    },
    sheet_name=r"samm.*(long|data).*",
    beside_name=r"samm.*(micro.?facs|facs.?code).*",
    read=lambda path, beside, variant: read_rows(path, beside),
    words=_words,
)
