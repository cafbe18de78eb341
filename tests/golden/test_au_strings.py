"""Every AU cell of every annotation table parses, and as the golden file says.

    python tests/golden/test_au_strings.py ../shared/data      writes tests/golden/au_strings.json anew

Read the difference before committing it: a changed line is a cell that Mien now understands differently.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
import xlrd

from mien.facs.annotation import VOCABULARY, parse
from mien.facs.catalogue import CATALOGUE
from mien.facs.sentences import TEMPLATES, sentence

GOLDEN = Path(__file__).with_name("au_strings.json")
HEADINGS = frozenset({"au", "aus", "action units", "action_units", "au_2014"})
#: Sheets without a heading row: file and sheet -> column of the AUs.
HEADLESS = {
    ("CAS-data.xlsx", "CASFEcode_final"): 5,
    ("CASME2-ObjectiveClasses.xlsx", "Sheet2"): 7,
    ("CAS(ME)3_part_A_wrongly_labeled_me_in_V1.xlsx", "Sheet1"): 5,
}

#: How many AU cells each table holds.
CELLS = {
    "CAS(ME)3_part_A_v2.xls": 4206,
    "CAS(ME)3_part_A_wrongly_labeled_me_in_V1.xlsx": 22,
    "CAS-data.xlsx": 357,
    "CASME2-ObjectiveClasses.xlsx": 10,
    "CASME2-coding-20140508.xlsx": 255,
    "CASME2-coding-20190701.xlsx": 255,
    "MMEW_Micro_Exp.csv": 300,
    "SAMM-data.xlsx": 502,
    "SAMM_Micro_FACS_Codes_v2.xlsx": 159,
    "bob.db.casme2-annotations.csv": 257,
    "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx": 860,
    "training_full_with_AU.xlsx": 1856,
}

Rows = list[list[str]]


def au_cells(data: Path) -> Iterator[tuple[str, str]]:
    """File name and text of every AU cell: annotation tables, and the list of the MEGC 2019 flow images."""
    files = [file for folder in ("annotations", "megc2019_flow") for file in (data / folder).rglob("*")]
    for file in sorted(files):
        for sheet, rows in _sheets(file):
            for first, column in _au_columns(file.name, sheet, rows):
                yield from ((file.name, row[column]) for row in rows[first:] if any(row))


def _sheets(file: Path) -> Iterator[tuple[str, Rows]]:
    """Every sheet of a table, all cells as text; nothing for other files."""
    if file.suffix == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as stream:
            yield "", [list(row) for row in csv.reader(stream)]
    elif file.suffix == ".xlsx":
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        for sheet in book:
            yield sheet.title, [[_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    elif file.suffix == ".xls":
        for old_sheet in xlrd.open_workbook(file).sheets():
            yield (
                old_sheet.name,
                [[_text(c) for c in old_sheet.row_values(i)] for i in range(old_sheet.nrows)],
            )


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


def _au_columns(file: str, sheet: str, rows: Rows) -> list[tuple[int, int]]:
    """First row and column of the AU cells of a sheet: one entry per AU column."""
    if (file, sheet) in HEADLESS:
        return [(0, HEADLESS[file, sheet])]
    for i, row in enumerate(rows[:20]):
        columns = [j for j, cell in enumerate(row) if cell.strip().lower() in HEADINGS]
        if columns:
            return [(i + 1, j) for j in columns]
    return []


def golden_lines(cells: set[str]) -> dict[str, str]:
    """Each distinct cell as JSON text, and how it is read, as JSON text."""
    lines = {}
    for cell in sorted(cells):
        found = parse(cell)
        entry: dict[str, object] = {"reads": found.canonical if found.coded else None}
        entry["numbers"] = sorted(found.numbers)
        if found.notes:
            entry["notes"] = list(found.notes)
        lines[json.dumps(cell, ensure_ascii=False)] = json.dumps(entry, ensure_ascii=False)
    return lines


def golden_text(cells: set[str]) -> str:
    """The golden file: one line per distinct cell."""
    return "{\n" + ",\n".join(f"{cell}: {entry}" for cell, entry in golden_lines(cells).items()) + "\n}\n"


@pytest.fixture(scope="module")
def cells(shared_data: Path) -> list[tuple[str, str]]:
    return list(au_cells(shared_data))


def test_every_table_with_aus_is_walked(cells: list[tuple[str, str]]) -> None:
    found = Counter(file for file, _ in cells)
    assert {file: n for file, n in found.items() if file in CELLS} == CELLS
    assert len(found) == len(CELLS) + 1, "the thirteenth is the list of the flow images"


def test_every_cell_keeps_its_text_and_holds_known_codes_only(cells: list[tuple[str, str]]) -> None:
    for cell in {cell for _, cell in cells}:
        found = parse(cell)
        assert found.raw == cell
        assert found.numbers <= CATALOGUE.keys()
        assert all(sentence(found, template=i) for i in range(len(TEMPLATES)))


def test_cells_parse_as_in_the_golden_file(cells: list[tuple[str, str]]) -> None:
    now = golden_text({cell for _, cell in cells})
    assert now.splitlines() == GOLDEN.read_text(encoding="utf-8").splitlines(), (
        "if the change is meant: python tests/golden/test_au_strings.py ../shared/data"
    )


def test_golden_file_without_the_data() -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert len(golden) > 1000
    for cell, entry in golden.items():
        found = parse(cell)
        assert (found.canonical if found.coded else None) == entry["reads"], cell
        assert sorted(found.numbers) == entry["numbers"], cell
        assert list(found.notes) == entry.get("notes", []), cell


def test_vocabulary_is_what_the_tables_use(cells: list[tuple[str, str]]) -> None:
    main_tables = {
        "CASME2-coding-20140508.xlsx",
        "CASME2-coding-20190701.xlsx",
        "SAMM_Micro_FACS_Codes_v2.xlsx",
    }
    others = {
        "CAS(ME)3_part_A_v2.xls",
        "CAS-data.xlsx",
        "MMEW_Micro_Exp.csv",
        "SAMM-data.xlsx",
        "training_full_with_AU.xlsx",
    }
    known = {code for file, cell in cells if file in main_tables for code in parse(cell).numbers}
    elsewhere = Counter(code for file, cell in cells if file in others for code in parse(cell).numbers)
    often = {code for code, n in elsewhere.items() if n >= 5}
    assert len(known) == 26 and often - known == {11, 22, 28, 45}
    assert set(VOCABULARY) == known | often


if __name__ == "__main__":
    GOLDEN.write_text(golden_text({cell for _, cell in au_cells(Path(sys.argv[1]))}), encoding="utf-8")
