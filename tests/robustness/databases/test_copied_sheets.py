"""Copies of annotation sheets, changed as people and programs change them, mean the same clips.

The made-up sheets are changed at random, the real ones in the ways seen in copies; nothing real is kept.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_copies import SHEETS, Rows, write_sheet

from mien.clips.table import ClipTable
from mien.databases import casme, casme2, casme3, casme_sq, dfme, four_dme, mmew, samm, samm_lv, smic
from mien.databases.sheet import read_cells

Read = Callable[[Path], ClipTable]

READERS: dict[tuple[str, str], Read] = {
    ("casme", "raw_selected"): casme.read,
    ("casme2", "raw_selected"): casme2.read,
    ("samm", "raw"): samm.read,
    ("smic", "hs"): smic.read,
    ("mmew", "micro"): mmew.read,
    ("casme_sq", "raw"): casme_sq.read,
    ("casme3", "a"): casme3.read,
    ("samm_lv", "raw"): samm_lv.read,
    ("dfme", "train"): dfme.read,
    ("4dme", "gray"): four_dme.read,
}


def header_of(rows: Rows) -> int:
    """The row of the header, -1 where there is none (CAS(ME)^2)."""
    return next((i for i, row in enumerate(rows) if "Filename" in row or "fold_name" in row), -1)


def moved_down(rows: Rows, lines: int) -> Rows:
    return [*([f"line {n} of an explanation"] for n in range(lines)), *rows]


def with_more_columns(rows: Rows, front: bool) -> Rows:
    header = header_of(rows)
    more: Rows = [["" if i < header else "my remark" if i == header else "x1"] for i in range(len(rows))]
    width = max(map(len, rows))
    padded = [[*row, *[""] * (width - len(row))] for row in rows]
    return [[*a, *b] for a, b in zip(more, padded, strict=True)] if front else [
        [*a, *b] for a, b in zip(padded, more, strict=True)
    ]  # fmt: skip


def reordered(rows: Rows, seed: int) -> Rows:
    """The columns in another order; a sheet without a header cannot be reordered."""
    if header_of(rows) < 0:
        return rows
    width = max(map(len, rows))
    order = list(range(width))
    random.Random(seed).shuffle(order)
    padded = [[*row, *[""] * (width - len(row))] for row in rows]
    return [[row[i] for i in order] for row in padded]


def as_numbers(rows: Rows) -> Rows:
    """What a program makes of cells that look like numbers: `06` becomes 6, `4` becomes 4."""

    def number(cell: object) -> object:
        return int(cell) if isinstance(cell, str) and cell.isascii() and cell.isdigit() else cell

    return [[number(cell) for cell in row] for row in rows]


def as_floats(rows: Rows) -> Rows:
    """What a program makes of a column of numbers with gaps: 46 becomes 46.0."""
    return [[float(cell) if isinstance(cell, int) else cell for cell in row] for row in as_numbers(rows)]


def in_upper_case(rows: Rows) -> Rows:
    header = header_of(rows)
    return [
        [cell.upper().replace(" ", "_") if isinstance(cell, str) else cell for cell in row]
        if i == header
        else row
        for i, row in enumerate(rows)
    ]


def with_empty_rows(rows: Rows) -> Rows:
    return [*rows[:-1], [""], rows[-1], ["", " "], [""]]


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    lines=st.integers(0, 20),
    front=st.booleans(),
    seed=st.integers(0, 99),
    numbers=st.sampled_from([as_numbers, as_floats, lambda rows: rows]),
    suffix=st.sampled_from([".xlsx", ".csv"]),
)
@pytest.mark.parametrize("which", READERS)
def test_changed_sheets_mean_the_same_clips(
    tmp_path: Path,
    which: tuple[str, str],
    lines: int,
    front: bool,
    seed: int,
    numbers: Callable[[Rows], Rows],
    suffix: str,
) -> None:
    rows = SHEETS[which][1]
    read = READERS[which]
    plain = read(write_sheet(tmp_path / "plain.xlsx", rows))
    if which[0] == "4dme":
        numbers = list  # its subjects are names of unknown form: a lost zero cannot be given back
    changed = with_empty_rows(in_upper_case(numbers(reordered(with_more_columns(rows, front), seed))))
    file = tmp_path / f"changed{suffix}"
    assert read(write_sheet(file, moved_down(changed, lines))) == plain


CASES: list[tuple[str, str, Read]] = [
    ("casme1/CASME.xls", "Sheet1", casme.read),
    ("casme2/CASME2-coding-20140508.xlsx", "Sheet1", casme2.read),
    ("casme2/CASME2-coding-20190701.xlsx", "Sheet1", casme2.read),
    ("samm/SAMM_Micro_FACS_Codes_v2.xlsx", "MICRO_ONLY", samm.read),
    ("smic/SMIC-HS-E_annotation_orig.xlsx", "HS", smic.read),
    ("casme_sq/CAS-data.xlsx", "CASFEcode_final", casme_sq.read),
    ("casme3/cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx", "label", casme3.read),
    ("samm_lv/SAMM-data.xlsx", "FACS_Movement_Only", samm_lv.read),
]


@pytest.mark.parametrize(("file", "sheet", "read"), CASES, ids=[case[0].split("/")[1] for case in CASES])
@pytest.mark.parametrize(
    "change",
    [as_numbers, as_floats, in_upper_case, with_empty_rows,
     lambda rows: moved_down(rows, 15), lambda rows: with_more_columns(rows, True),
     lambda rows: with_more_columns(rows, False), lambda rows: reordered(rows, 3)],
    ids=["numbers", "floats", "upper case", "empty rows", "header moved", "column in front", "column behind",
         "other order"],
)  # fmt: skip
def test_changed_real_sheets_mean_the_same_clips(
    shared_data: Path, tmp_path: Path, file: str, sheet: str, read: Read, change: Callable[[Rows], Rows]
) -> None:
    original = shared_data / "annotations" / file
    rows: Rows = [list(row) for row in read_cells(original)[sheet]]
    assert read(write_sheet(tmp_path / "changed.csv", change(rows))) == read(original)
