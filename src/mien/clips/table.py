"""The clip table: one row per annotated micro-expression, one schema for every database."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mien.errors import InputError, Problems
from mien.files import write_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mien.facs.annotation import AUAnnotation


class _Refused(ValueError):
    """A cell that its column cannot hold; the message says what the column holds."""


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)) or value == ""


def _text(value: object) -> str:
    if _is_missing(value):
        return ""
    if not isinstance(value, str):
        raise _Refused("text is wanted")
    if "\n" in value or "\r" in value or "\0" in value:
        raise _Refused("text on one line is wanted")
    return value


def _name(value: object) -> str:
    text = _text(value)
    if not text.strip():
        raise _Refused("it must not be empty")
    return text


def _lower_case(value: object) -> str:
    text = _text(value)
    if text != text.lower():
        raise _Refused("lower case is wanted")
    return text


def _optional_text(value: object) -> str | None:
    return _text(value) or None


def _optional_int(value: object) -> int | None:
    if _is_missing(value):
        return None
    if isinstance(value, bool | np.bool_):
        raise _Refused("a whole number is wanted")
    if isinstance(value, float | np.floating) and not float(value).is_integer():
        raise _Refused("a whole number is wanted")
    try:
        return int(value)  # type: ignore[call-overload,no-any-return]
    except (TypeError, ValueError):
        raise _Refused("a whole number is wanted") from None


def _objective(value: object) -> int | None:
    number = _optional_int(value)
    if number is not None and not 1 <= number <= 7:
        raise _Refused("an objective class from 1 to 7 is wanted")
    return number


def _frames_per_second(value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise _Refused("frames per second are wanted") from None
    if not (math.isfinite(number) and number > 0):
        raise _Refused("positive frames per second are wanted")
    return number


# The schema, in the order of the columns on disk: what a cell becomes, and the column's type in the frame.
COLUMNS: Mapping[str, tuple[Callable[[object], object], str]] = {
    "dataset": (_name, "object"),
    "subject": (_name, "object"),
    "clip": (_name, "object"),
    "key": (_name, "object"),
    "onset": (_optional_int, "Int64"),
    "apex": (_optional_int, "Int64"),
    "offset": (_optional_int, "Int64"),
    "fps": (_frames_per_second, "float64"),
    "au": (_optional_text, "object"),
    "emotion": (_lower_case, "object"),
    "objective": (_objective, "Int64"),
    "notes": (_text, "object"),
}

# Columns whose missing cells are empty texts.
_TEXTS = frozenset(name for name, (convert, _) in COLUMNS.items() if convert in (_text, _lower_case))


def _checked(frame: pd.DataFrame) -> tuple[pd.DataFrame | None, list[str]]:
    """The frame with every column in its type (None if that fails), and the problems in words."""
    missing = [name for name in COLUMNS if name not in frame.columns]
    unknown = [str(name) for name in frame.columns if name not in COLUMNS]
    problems = [f"the column {name!r} is missing" for name in missing]
    problems += [f"the column {name!r} is not part of a clip table" for name in unknown]
    if not frame.columns.is_unique:
        problems.append("a column occurs twice")
    if problems:
        return None, problems
    columns: dict[str, pd.Series[Any]] = {}
    for name, (convert, dtype) in COLUMNS.items():
        cells: list[object] = []
        for row, cell in enumerate(frame[name].tolist()):
            try:
                cells.append(convert(cell))
            except _Refused as refused:
                problems.append(f"row {row}, column {name!r}: {refused}, found {cell!r}")
        if not problems:
            columns[name] = pd.Series(cells, dtype=dtype)
    if problems:
        return None, problems
    checked = pd.DataFrame(columns)
    keys = checked["key"]
    for key in keys[keys.duplicated()].unique():
        rows = ", ".join(str(row) for row in np.flatnonzero(keys == key))
        problems.append(f"the clip key {key!r} occurs more than once (rows {rows})")
    return (None if problems else checked), problems


@dataclass(frozen=True, eq=False, init=False)
class ClipTable:
    """A validated table of clips, one row each, in a fixed order.

    Columns (`COLUMNS` is the schema): `dataset`; `subject`, as the database's folders write it; `clip`;
    `key`, unique in the table; `onset`, `apex`, `offset`, frame numbers of the source, possibly missing;
    `fps`; `au`, the raw AU string, None where there is none; `emotion`, in lower case, possibly empty;
    `objective`, the class 1..7 of Davison et al. (2018), possibly missing; `notes`.

    Args:
        frame: a frame with exactly these columns, in any order.
        where: the file the rows came from, for the error message.

    Raises:
        InputError: all problems of the frame at once.
    """

    _frame: pd.DataFrame

    def __init__(self, frame: pd.DataFrame, *, where: object = None) -> None:
        checked, found = _checked(frame)
        problems = Problems()
        problems.extend(found)
        problems.raise_if_any("the clip table is not valid", where=where)
        object.__setattr__(self, "_frame", checked)

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, object]], *, where: object = None) -> ClipTable:
        """The table of these rows; a column that a row does not name is empty there."""
        rows = list(rows)
        names = list(dict.fromkeys([*COLUMNS, *(name for row in rows for name in row)]))
        cells = [[row.get(name) for name in names] for row in rows]
        return cls(pd.DataFrame(cells, columns=names, dtype=object), where=where)

    def __len__(self) -> int:
        return len(self._frame)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClipTable) and self._frame.equals(other._frame)

    __hash__ = None  # type: ignore[assignment]

    @property
    def frame(self) -> pd.DataFrame:
        """A copy of the rows as a pandas frame."""
        return self._frame.copy()

    def rows(self) -> list[dict[str, Any]]:
        """Every clip by column name, None where a cell is missing."""
        columns = [
            [
                None if _is_missing(cell) and name not in _TEXTS else cell
                for cell in self._frame[name].tolist()
            ]
            for name in COLUMNS
        ]
        return [dict(zip(COLUMNS, cells, strict=True)) for cells in zip(*columns, strict=True)]

    def _column(self, name: str) -> NDArray[np.str_]:
        return np.array(self._frame[name].tolist(), dtype=np.str_)

    @property
    def keys(self) -> NDArray[np.str_]:
        return self._column("key")

    @property
    def subjects(self) -> NDArray[np.str_]:
        return self._column("subject")

    @property
    def datasets(self) -> NDArray[np.str_]:
        return self._column("dataset")

    @property
    def groups(self) -> NDArray[np.str_]:
        """`dataset/subject` of every clip: a name for the person that is unique across databases."""
        pairs = zip(self._frame["dataset"], self._frame["subject"], strict=True)
        return np.array([f"{dataset}/{subject}" for dataset, subject in pairs], dtype=np.str_)

    @property
    def annotations(self) -> list[AUAnnotation]:
        """The parsed AU cell of every clip."""
        from mien.facs.annotation import parse

        return [parse(raw) for raw in self._frame["au"]]

    def take(self, indices: Sequence[int] | NDArray[np.int64]) -> ClipTable:
        """The table of these rows, in this order (a row may not be taken twice: keys stay unique)."""
        return ClipTable(self._frame.iloc[np.asarray(indices, dtype=np.int64)].reset_index(drop=True))

    def csv_text(self) -> str:
        """The table as CSV: UTF-8 text, `\\n` line ends, empty cells where nothing is known."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in self._frame.itertuples(index=False):
            writer.writerow("" if _is_missing(cell) else cell for cell in row)
        return text.getvalue()

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the table; it appears under its name only when it is complete."""
        write_whole(Path(path), self.csv_text().encode())

    @classmethod
    def read_csv(cls, path: str | os.PathLike[str]) -> ClipTable:
        """The table in this file.

        Raises:
            InputError: the file is missing, is no CSV, or its rows are not valid (all problems at once).
        """
        try:
            with Path(path).open(newline="", encoding="utf-8") as stream:
                header, *rows = list(csv.reader(stream, strict=True))
            short = next((number for number, row in enumerate(rows) if len(row) != len(header)), None)
            if short is not None:
                raise ValueError(f"row {short} has {len(rows[short])} cells, the header has {len(header)}")
        except (OSError, ValueError, csv.Error) as error:  # a wrong encoding is a ValueError, too
            raise InputError(
                "the clip table cannot be read",
                where=path,
                found=str(error),
                do="give the CSV file that Mien wrote; it may be missing, cut off or of another kind",
            ) from error
        return cls(pd.DataFrame(rows, columns=header, dtype=object), where=path)
