"""CSV files give back every word and number that was put into them, whoever reads them."""

from __future__ import annotations

import csv
import io
import math
import tempfile
from pathlib import Path

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from mien.export.tables import csv_bytes, read_csv

#: Everything that UTF-8 can hold: quotes, commas, line breaks, other scripts, control characters.
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TRICKY = st.sampled_from(
    ['"', '""', ",", "\r\n", "\n", "\r", " a ", "=1+1", "ß,é", "表情", "\x00", "'", ";", "nan"]
)
NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(st.tuples(WORDS | TRICKY, NUMBERS, st.integers(-(10**9), 10**9), st.booleans()), max_size=8))
def test_words_and_numbers_come_back(rows: list[tuple[str, float, int, bool]]) -> None:
    made = csv_bytes(["word", "number", "whole", "flag"], rows)
    read = list(csv.DictReader(io.StringIO(made.decode(), newline="")))
    assert [row["word"] for row in read] == [row[0] for row in rows]
    for row, (_, number, whole, flag) in zip(read, rows, strict=True):
        assert (row["number"] == "") if math.isnan(number) else (float(row["number"]) == number)
        assert int(row["whole"]) == whole
        assert row["flag"] == str(int(flag))


@given(st.lists(st.tuples(WORDS | TRICKY, NUMBERS), min_size=1, max_size=8))
def test_pandas_reads_the_same_numbers_in_the_same_rows(rows: list[tuple[str, float]]) -> None:
    made = csv_bytes(["word", "number"], [(word.replace("\x00", ""), number) for word, number in rows])
    read = pd.read_csv(
        io.BytesIO(made), keep_default_na=False, na_values={"number": [""]}, dtype={"word": str}
    )
    assert len(read) == len(rows)
    for found, (_, number) in zip(read["number"].astype(float), rows, strict=True):
        assert found == number or (math.isnan(found) and math.isnan(number))


@given(st.lists(st.tuples(WORDS | TRICKY, WORDS | TRICKY), max_size=6))
def test_mien_reads_back_what_it_wrote(rows: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(csv_bytes(["number", "word", "other"], [(1.5, *row) for row in rows]))
        assert [(row["word"], row["other"]) for row in read_csv(path)] == rows
