"""CSV that reads back the same, and a workbook."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from mien.errors import InputError
from mien.export.dictionary import Column
from mien.export.tables import cell, csv_bytes, read_csv, workbook_bytes


def column(kind: str) -> Column:
    return Column("a", kind, "1", "any", "none", "for a test")  # type: ignore[arg-type]


def test_cells_are_pythons_own() -> None:
    assert cell(np.float32(0.5), column("number")) == 0.5
    assert type(cell(np.int64(3), column("integer"))) is int
    assert cell(np.bool_(True), column("flag")) is True
    assert math.isnan(float(cell(math.nan, column("integer"))))
    assert cell(3, column("text")) == "3"


def test_the_form_is_that_of_rfc_4180() -> None:
    made = csv_bytes(
        ["a", "b"], [[1.5, 'say "yes", now'], [math.nan, "two\r\nlines"], [True, ""], [1e-07, "ß"]]
    )
    assert made == 'a,b\r\n1.5,"say ""yes"", now"\r\n,"two\r\nlines"\r\n1,\r\n1e-07,ß\r\n'.encode()


def test_numbers_come_back_exactly_and_empty_as_nan() -> None:
    values = [0.1 + 0.2, 1 / 3, -0.0, 1e300, 5e-324, math.nan, math.inf]
    read = pd.read_csv(io.BytesIO(csv_bytes(["a"], [[v] for v in values])), skip_blank_lines=False)
    np.testing.assert_array_equal(read["a"].to_numpy(), values)


def test_a_name_that_utf8_cannot_hold_is_escaped() -> None:
    assert csv_bytes(["a"], [["bad\udcff.mp4"]]) == b"a\r\nbad\\udcff.mp4\r\n"


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "\ufeffa,b\r\n1,2\r\n", "a;b\n1;2\n", "a , b\n1,2\n\n"])
def test_tables_that_spreadsheets_saved_are_read(tmp_path: Path, content: str) -> None:
    (tmp_path / "t.csv").write_bytes(content.encode())
    assert read_csv(tmp_path / "t.csv") == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"a,b\n1\n", "another number of cells"),
        ("a\nü\n".encode("latin-1"), "not UTF-8"),
        (b'a\n"open', "no CSV"),
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_csv(tmp_path / "t.csv")
    with pytest.raises(InputError, match="no such file"):
        read_csv(tmp_path / "other.csv")


def test_the_workbook_holds_numbers_as_numbers_and_text_never_as_a_formula() -> None:
    made = workbook_bytes([("events", ["a", "b"], [[1.5, "=1+1"], [math.nan, "bell\x07"], [True, "ok"]])])
    sheet = load_workbook(io.BytesIO(made))["events"]
    assert [[each.value for each in row] for row in sheet.rows] == [
        ["a", "b"], [1.5, "=1+1"], [None, "bell\N{REPLACEMENT CHARACTER}"], [1, "ok"],
    ]  # fmt: skip
    assert sheet["B2"].data_type == "s"


def test_csv_of_the_standard_library_reads_the_same() -> None:
    rows = [["a,b", 'c"d'], ["e\nf", "g\rh"], ["", " i "]]
    made = csv_bytes(["x", "y"], rows).decode()
    assert list(csv.reader(io.StringIO(made, newline="")))[1:] == rows
