"""Lines 4 and 8 of the users' acceptance list: the same numbers everywhere, and all of them explained."""

from __future__ import annotations

import csv
import io
import locale
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from mien.analysis.result import VideoAnalysis
from mien.export import write_all

TABLES = ("frames.csv", "events.csv", "summary.csv")
GERMAN = ("de_DE.UTF-8", "de_DE.utf8", "de_DE")


@pytest.fixture(scope="module")
def folder(analysis: VideoAnalysis, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("lines")
    write_all(analysis, made)
    return made


@pytest.fixture
def decimal_commas(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A German locale; where the machine has none, one that answers as it would."""
    before = locale.setlocale(locale.LC_NUMERIC)
    for name in GERMAN:
        try:
            locale.setlocale(locale.LC_NUMERIC, name)
        except locale.Error:
            continue
        break
    else:
        monkeypatch.setattr(locale, "localeconv", lambda: {"decimal_point": ",", "thousands_sep": "."})
    assert locale.localeconv()["decimal_point"] == ","
    yield
    locale.setlocale(locale.LC_NUMERIC, before)


def numbers(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / name).select_dtypes("number")


@pytest.mark.parametrize("name", TABLES)
def test_line_4_files_written_and_read_under_a_german_locale_are_the_same(
    analysis: VideoAnalysis, folder: Path, tmp_path: Path, decimal_commas: None, name: str
) -> None:
    write_all(analysis, tmp_path, overlay=False, clips=False)
    assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
    pd.testing.assert_frame_equal(numbers(tmp_path, name), numbers(folder, name), check_exact=True)


def test_line_4_values_are_those_of_the_analysis(
    analysis: VideoAnalysis, folder: Path, decimal_commas: None
) -> None:
    frames = numbers(folder, "frames.csv")
    for column in ("timestamp", "confidence", "x", "blur", "micro_score", "macro_px"):
        expected = [getattr(row, column) for row in analysis.frames]
        np.testing.assert_array_equal(frames[column].to_numpy(), expected)
    assert frames["x"].isna().sum() == sum(not row.success for row in analysis.frames)


@pytest.mark.parametrize("name", TABLES)
def test_line_4_a_program_started_under_lc_numeric_reads_the_same(folder: Path, name: str) -> None:
    code = (
        "import csv, locale, sys\n"
        "try: locale.setlocale(locale.LC_ALL, '')\n"
        "except locale.Error: pass\n"
        "rows = list(csv.reader(open(sys.argv[1], encoding='utf-8', newline='')))\n"
        "print(sum(float(c) for row in rows[1:] for c in row if c.replace('.', '').replace('-', '').isdigit()))"
    )
    sums = {
        subprocess.run(
            [sys.executable, "-c", code, str(folder / name)],
            env={**os.environ, "LC_ALL": where, "LC_NUMERIC": where},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for where in ("C", "de_DE.UTF-8")
    }
    assert len(sums) == 1


def test_line_4_a_spreadsheet_holds_the_same_numbers(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "events.xlsx")
    for sheet, name in (("events", "events.csv"), ("summary", "summary.csv")):
        heads, *rows = ([each.value for each in row] for row in book[sheet].rows)
        with (folder / name).open(encoding="utf-8", newline="") as file:
            expected = list(csv.DictReader(file))
        for row, theirs in zip(rows, expected, strict=True):
            for head, value in zip(heads, row, strict=True):
                if isinstance(value, int | float):
                    # a spreadsheet keeps 15 to 16 digits
                    assert value == pytest.approx(float(theirs[head]), rel=1e-15)
                else:
                    assert (value or "") == theirs[head]


def test_line_8_every_column_is_in_the_dictionary_with_unit_range_and_order(folder: Path) -> None:
    with (folder / "dictionary.csv").open(encoding="utf-8", newline="") as file:
        entries = list(csv.DictReader(file))
    assert entries
    for name in [*TABLES, "dictionary.csv"]:
        heads = next(csv.reader(io.StringIO((folder / name).read_text(encoding="utf-8"))))
        described = {entry["column"]: entry for entry in entries if entry["file"] == name}
        assert heads == list(described), "every column, in the order of the file"
        for entry in described.values():
            assert all(entry[key] for key in ("type", "unit", "range", "order", "meaning")), entry


def test_line_8_every_number_of_a_table_has_a_column_that_says_it_is_one(folder: Path) -> None:
    entries = pd.read_csv(folder / "dictionary.csv", keep_default_na=False)
    for name in TABLES:
        types = entries[entries["file"] == name].set_index("column")["type"]
        for column in numbers(folder, name).columns:
            if not pd.read_csv(folder / name)[column].isna().all():
                assert types[column] in ("integer", "number", "flag"), (name, column)


def test_line_8_the_tiers_are_in_the_dictionary(folder: Path) -> None:
    from pympi import Eaf

    entries = pd.read_csv(folder / "dictionary.csv", keep_default_na=False)
    described = entries[entries["file"] == "events.eaf"]["column"].tolist()
    assert list(Eaf(str(folder / "events.eaf")).get_tier_names()) == described


@pytest.mark.slow
def test_of_a_filmed_person_every_file_is_made_and_the_flow_shows_what_was_acted(
    filmed_analysis: VideoAnalysis, tmp_path: Path
) -> None:
    from mien.report.analysis import write_analysis_report
    from mien.video.decoding import VideoFile

    written = write_all(filmed_analysis, tmp_path)
    page = write_analysis_report(filmed_analysis, tmp_path / "report.html", written)
    assert page.stat().st_size < 2_000_000
    with VideoFile(tmp_path / "overlay.mp4") as overlay:
        assert overlay.n_frames == len(filmed_analysis.frames) == 300
    brows = []
    for event in filmed_analysis.events:
        assert event.pictures is not None
        brows.append(float(event.pictures.flow[1, 25:45, 35:93].mean()))
    raised, _, lowered = brows  # 1+2 lifts the brows, 4 draws them down
    assert raised < -0.1 < 0.1 < lowered
