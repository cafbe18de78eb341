"""Tables as CSV that reads back the same everywhere, and as a workbook for spreadsheets of any locale.

CSV after RFC 4180: UTF-8, commas, CRLF, quotes where needed, decimal points whatever the locale. A number is written
with the fewest digits that give it back exactly; a number that was not measured is an empty cell; a flag is 0 or 1.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from mien.analysis.result import VideoAnalysis
from mien.errors import InputError
from mien.export.dictionary import Column, expanded

Cell = str | int | float | bool


def cell(value: object, column: Column) -> Cell:
    """The value as its column's type says; numpy's numbers become Python's."""
    if column.type == "text":
        return str(value)
    if column.type == "flag":
        return bool(value)
    number = float(value)  # type: ignore[arg-type]
    return int(number) if column.type == "integer" and math.isfinite(number) else number


def rows(
    columns: Iterable[Column],
    records: Iterable[object],
    classes: Sequence[str],
    analysis: VideoAnalysis | None,
) -> tuple[list[str], Iterator[list[Cell]]]:
    """The heads of a table, and its rows, one per record, made as they are asked for."""
    places = expanded(columns, classes)
    body = (
        [cell(column.of(analysis, record, class_name), column) for _, column, class_name in places]
        for record in records
    )
    return [name for name, _, _ in places], body


def csv_parts(heads: Sequence[str], body: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """A table as the bytes of a CSV file, row by row; a character that UTF-8 cannot hold is written as an escape."""
    line = io.StringIO(newline="")
    writer = csv.writer(line, lineterminator="\r\n")
    for row in chain([heads], ([_written(value) for value in row] for row in body)):
        line.seek(0)
        line.truncate()
        writer.writerow(row)
        yield line.getvalue().encode("utf-8", "backslashreplace")


def csv_bytes(heads: Sequence[str], body: Iterable[Sequence[Cell]]) -> bytes:
    """A small table as the bytes of a CSV file."""
    return b"".join(csv_parts(heads, body))


def _written(value: Cell) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(value)
    return str(int(value))


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file as text by column; one written with a byte order mark or semicolons is read too.

    Raises:
        InputError: absent, no UTF-8, empty, or a row with another number of cells than the head.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise InputError("there is no such file", where=path) from error
    except UnicodeDecodeError as error:
        raise InputError("the table is not UTF-8", where=path, do="save it again as CSV UTF-8") from error
    head = text.partition("\n")[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    try:
        found = [
            row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if row
        ]
    except csv.Error as error:
        raise InputError("this is no CSV file", where=path, found=error) from error
    if not found:
        raise InputError(
            "the table is empty", where=path, do="write a line with the names of the columns first"
        )
    heads = [name.strip() for name in found[0]]
    for number, row in enumerate(found[1:], start=2):
        if len(row) != len(heads):
            raise InputError(
                "a row has another number of cells than the head",
                where=f"{path}, row {number}",
                found=f"{len(row)} cells for {len(heads)} columns",
            )
    return [dict(zip(heads, row, strict=True)) for row in found[1:]]


def workbook_bytes(sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Cell]]]]) -> bytes:
    """Tables as the sheets of an .xlsx file: numbers are numbers there in every locale, and text is never a formula."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    for name, heads, body in sheets:
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for number, row in enumerate([heads, *body]):
            cells: list[WriteOnlyCell | None] = []
            for value in row:
                if isinstance(value, float) and not math.isfinite(value):
                    cells.append(None)
                    continue
                if not isinstance(value, str):
                    cells.append(WriteOnlyCell(sheet, int(value) if isinstance(value, bool) else value))
                    continue
                plain = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value)
                made = WriteOnlyCell(sheet, plain.encode("utf-8", "backslashreplace").decode())
                made.data_type = "s"
                made.font = Font(bold=number == 0)
                cells.append(made)
            sheet.append(cells)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
