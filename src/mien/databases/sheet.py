"""Annotation sheets as text: the header row is found, whatever stands above it."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mien.clips.table import ClipTable
from mien.databases.fixes import apply_fixes
from mien.errors import InputError, Problems

Cells = list[list[str]]
Row = Mapping[str, str]

# How many rows may stand above the header (SAMM has 13 lines of explanations).
_PREAMBLE_ROWS = 40
_NO_NUMBER = {"", "/", "-", "-1", "nan", "null", "none"}


class CellError(ValueError):
    """A cell that cannot be understood; the message says what was wanted and found."""


@dataclass(frozen=True)
class Sheet:
    """The rows of a sheet as text, by column word; `line` is each row's line in the file, from 1."""

    path: Path
    rows: tuple[Row, ...]
    line: tuple[int, ...]


def read_sheet(
    path: str | Path, columns: Mapping[str, Sequence[str]], *, optional: Sequence[str] = (), sheet: str = ""
) -> Sheet:
    """The rows of the first sheet that has these columns.

    Args:
        columns: for each column word, how the header may spell it (case, blanks and signs do not matter).
        optional: column words that may be absent; their cells are then "".
        sheet: only the sheet of this name, where the file has several.

    Raises:
        InputError: the file cannot be read, or no row names all columns.
    """
    file = Path(path)
    wanted = {word: {_plain(name) for name in names} for word, names in columns.items()}
    best: list[str] = list(wanted)
    for name, cells in _read_cells(file).items():
        if sheet and _plain(name) not in ("", _plain(sheet)):
            continue
        for number, header in enumerate(cells[:_PREAMBLE_ROWS]):
            place = _places(header, wanted)
            missing = [word for word in wanted if word not in place and word not in optional]
            if not missing:
                return _below(file, cells, number, place, list(wanted))
            best = min(best, missing, key=len)
    raise InputError(
        "the annotation sheet has no header row with the columns of this database",
        where=file,
        found="no column named " + " or ".join(columns[best[0]]),
        do="give the table that comes with the database; the header may stand in any of the first rows",
    )


def _plain(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _read_cells(file: Path) -> dict[str, Cells]:
    """All sheets of the file as text, by name; a CSV file is one sheet without a name."""
    try:
        if file.suffix.lower() == ".csv":
            with file.open(newline="", encoding="utf-8-sig") as stream:
                return {"": [list(row) for row in csv.reader(stream)]}
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
        str(name): [[str(cell) for cell in row] for row in frame.to_numpy()] for name, frame in frames.items()
    }


def _places(header: Sequence[str], wanted: Mapping[str, set[str]]) -> dict[str, int]:
    place: dict[str, int] = {}
    for index, cell in enumerate(header):
        for word, names in wanted.items():
            if _plain(cell) in names:
                place.setdefault(word, index)
    return place


def _below(file: Path, cells: Cells, header: int, place: Mapping[str, int], words: Sequence[str]) -> Sheet:
    rows: list[Row] = []
    line: list[int] = []
    for number, row in enumerate(cells[header + 1 :], start=header + 2):
        texts = {word: row[place[word]] if word in place and place[word] < len(row) else "" for word in words}
        if any(text.strip() for text in texts.values()):
            rows.append(texts)
            line.append(number)
    return Sheet(file, tuple(rows), tuple(line))


def to_table(
    sheet: Sheet, dataset: str, clip_of: Callable[[Row], dict[str, object]], *, key_has_onset: bool = False
) -> ClipTable:
    """The clip table of a sheet: `clip_of` turns each row into a clip, then known errors are put right.

    Args:
        clip_of: the columns of a clip from the texts of a row; raises `CellError`.
        key_has_onset: the key is `subject_clip_onset` (0 where the onset is not known), not `subject_clip`.

    Raises:
        InputError: every cell that cannot be understood, at once.
    """
    problems = Problems()
    clips: list[dict[str, object]] = []
    for line, row in zip(sheet.line, sheet.rows, strict=True):
        try:
            clip = apply_fixes(dataset, clip_of(row))
        except CellError as error:
            problems.add(f"line {line}: {error}")
            continue
        key = f"{clip['subject']}_{clip['clip']}"
        if key_has_onset:
            key += f"_{clip['onset'] or 0}"
        clips.append({**clip, "dataset": dataset, "key": key})
    problems.raise_if_any("the annotation sheet cannot be understood", where=sheet.path)
    return ClipTable.from_rows(clips, where=sheet.path)


def frame_number(row: Row, word: str) -> int | None:
    """The frame number in a cell; None for an empty cell or a sign for "not annotated"."""
    text = row[word].strip()
    if text.lower() in _NO_NUMBER:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if number < 0 or not number.is_integer():
        raise CellError(f"{word} {text!r} is no frame number")
    return int(number)


def one_line(text: str) -> str:
    """The text with all white space turned into single blanks."""
    return " ".join(text.split())
