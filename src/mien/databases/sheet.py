"""Annotation sheets as text: the header row is found, whatever stands above it."""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mien.clips.table import ClipTable
from mien.databases.fixes import apply_fixes
from mien.databases.loaded import Problem, Reading
from mien.errors import InputError

Cells = list[list[str]]
Row = Mapping[str, str]

#: The kinds of files that sheets come in.
SHEETS = (".xlsx", ".xls", ".csv")
# How many rows may stand above the header (SAMM has 13 lines of explanations).
_PREAMBLE_ROWS = 40
_NO_NUMBER = {"", "/", "-", "-1", "-1.0", "nan", "null", "none"}
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII")


class CellError(ValueError):
    """A cell that cannot be understood; the message says what was wanted and found."""


@dataclass(frozen=True)
class Sheet:
    """The rows of a sheet as text, by column word; `line` is each row's line in the file, from 1.

    A column that the sheet does not have is in no row.
    """

    path: Path
    rows: tuple[Row, ...]
    line: tuple[int, ...]


def read_sheet(
    path: str | Path, columns: Mapping[str, Sequence[str]], *, optional: Sequence[str] = (), sheet: str = ""
) -> Sheet:
    """The rows of the first sheet that has these columns.

    Args:
        columns: for each column word, how the header may spell it (case, blanks and signs do not matter).
        optional: column words that may be absent; the rows then do not have them.
        sheet: only the sheet of this name, where the file has one.

    Raises:
        InputError: the file cannot be read, or no row names all columns.
    """
    file = Path(path)
    wanted = {word: {_plain(name) for name in names} for word, names in columns.items()}
    best: list[str] = list(wanted)
    sheets = read_cells(file)
    named = {name: cells for name, cells in sheets.items() if sheet and _plain(name) == _plain(sheet)}
    for cells in (named or sheets).values():
        for number, header in enumerate(cells[:_PREAMBLE_ROWS]):
            place = _places(header, wanted)
            missing = [word for word in wanted if word not in place and word not in optional]
            if not missing:
                return _below(file, cells, number, place)
            best = min(best, missing, key=len)
    raise InputError(
        "the annotation sheet has no header row with the columns of this database",
        where=file,
        found="no column named " + " or ".join(columns[best[0]]),
        do="give the table that comes with the database; the header may stand in any of the first rows",
    )


def _plain(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def read_cells(file: Path) -> dict[str, Cells]:
    """All sheets of the file as text, by name; a CSV file is one sheet without a name."""
    try:
        if file.suffix.lower() == ".csv":
            with file.open(newline="", encoding="utf-8-sig") as stream:
                return {"": [[_whole(cell) for cell in row] for row in csv.reader(stream)]}
        with warnings.catch_warnings():
            # What openpyxl and pandas say about styles and engines is of no use to the reader of a sheet.
            warnings.simplefilter("ignore")
            # Text only: "006" must not become 6, and the AU "4" not a number.
            frames = pd.read_excel(
                file, sheet_name=None, header=None, dtype=str, keep_default_na=False, na_filter=False
            )
    except Exception as error:  # each of the libraries behind read_excel has error classes of its own
        raise InputError(
            "the annotation sheet cannot be read",
            where=file,
            found=str(error),
            do="give the .xlsx, .xls or .csv file that comes with the database",
        ) from error
    return {
        str(name): [[_whole(str(cell)) for cell in row] for row in frame.to_numpy()]
        for name, frame in frames.items()
    }


def _whole(cell: str) -> str:
    """The cell, `4.0` as `4`: programs that take a column for numbers write it so."""
    return re.sub(r"^\s*(\d+)\.0+\s*$", r"\1", cell)


def _places(header: Sequence[str], wanted: Mapping[str, set[str]]) -> dict[str, int]:
    place: dict[str, int] = {}
    for index, cell in enumerate(header):
        for word, names in wanted.items():
            if _plain(cell) in names:
                place.setdefault(word, index)
    return place


def _below(file: Path, cells: Cells, header: int, place: Mapping[str, int]) -> Sheet:
    rows: list[Row] = []
    line: list[int] = []
    for number, row in enumerate(cells[header + 1 :], start=header + 2):
        texts = {word: row[index] if index < len(row) else "" for word, index in place.items()}
        if any(text.strip() for text in texts.values()):
            rows.append(texts)
            line.append(number)
    return Sheet(file, tuple(rows), tuple(line))


def to_reading(
    sheet: Sheet,
    dataset: str,
    clip_of: Callable[[Row], dict[str, object]],
    *,
    key_has_onset: bool = False,
    release: str = "",
) -> Reading:
    """What the sheet says: `clip_of` turns each row into a clip, then known errors are put right.

    A row that cannot be understood, or whose key is taken already, is a problem and no clip.

    Args:
        clip_of: the columns of a clip from the texts of a row, and `kind` where the database has macro- and
            micro-expressions; raises `CellError`.
        key_has_onset: the key is `subject_clip_onset` (0 where the onset is not known), not `subject_clip`.
    """
    problems: list[Problem] = []
    corrections: list[Problem] = []
    clips: dict[str, dict[str, object]] = {}
    kinds: dict[str, str] = {}
    for line, row in zip(sheet.line, sheet.rows, strict=True):
        where = f"line {line}"
        try:
            clip, changes = apply_fixes(dataset, clip_of(row))
        except CellError as error:
            problems.append(Problem("", where, str(error)))
            continue
        key = f"{clip['subject']}_{clip['clip']}"
        if key_has_onset:
            key += f"_{clip['onset'] or 0}"
        if key in clips:
            problems.append(Problem(key, where, "the clip occurs more than once; this row is left out"))
            continue
        corrections.extend(Problem(key, where, change) for change in changes)
        kinds[key] = str(clip.pop("kind", "micro"))
        clips[key] = {**clip, "dataset": dataset, "key": key}
    table = ClipTable.from_rows(clips.values(), where=sheet.path)
    return Reading(table, tuple(problems), tuple(corrections), kinds, release)


def cells_of(row: Row, fps: float) -> dict[str, object]:
    """The columns that most sheets share, as far as the row has them: frames, AUs, emotion, class, notes."""
    clip: dict[str, object] = {"fps": fps}
    for word in ("onset", "apex", "offset"):
        if word in row:
            clip[word] = frame_number(row, word)
    if "au" in row:
        clip["au"] = row["au"]
    if "emotion" in row:
        clip["emotion"] = one_line(row["emotion"]).lower()
    if "objective" in row:
        clip["objective"] = objective_class(row["objective"])
    if "notes" in row:
        clip["notes"] = one_line(row["notes"])
    return clip


def frame_number(row: Row, word: str, *, first: int = 0) -> int | None:
    """The frame number in a cell; None for an empty cell or a sign for "not annotated".

    Args:
        first: the lowest number that frames of the database have; 0 stands for "not annotated" below it.
    """
    text = row[word].strip()
    if text.lower() in _NO_NUMBER:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if number < 0 or not number.is_integer():
        raise CellError(f"{word} {text!r} is no frame number")
    return int(number) if number >= first else None


def objective_class(text: str) -> int | None:
    """The objective class 1..7 in a cell, in Arabic or Roman numerals; None for an empty cell."""
    plain = text.strip().upper()
    if not plain:
        return None
    if plain in _ROMAN:
        return _ROMAN.index(plain) + 1
    if re.fullmatch(r"[1-7](\.0+)?", plain):
        return int(plain[0])
    raise CellError(f"objective class {text!r} is none of I to VII")


def one_line(text: str) -> str:
    """The text with all white space turned into single blanks."""
    return " ".join(text.split())
