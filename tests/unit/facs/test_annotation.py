"""AU cells: every spelling of the published tables, what counts as certain, and mirrored pictures."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mien.facs.annotation import VOCABULARY, AUMark, flip, multi_hot, parse
from mien.facs.catalogue import CATALOGUE

FORMS = [
    # lists
    ("4+7", "4+7"),
    ("14+9+4", "14+9+4"),
    ("12+15 ", "12+15"),
    ("4,24,6+12+15", "4+24+6+12+15"),
    ("L1,10,11,38,", "L1+10+11+38"),
    ("4，11", "4+11"),
    ("４＋７", "4+7"),
    ("AU1 and AU 2", "1+2"),
    ("04", "4"),
    # sides
    ("R1+R2", "R1+R2"),
    ("r18", "R18"),
    ("4R+7", "R4+7"),
    ("12L", "L12"),
    ("A/L12", "L12"),
    ("(A/R)14B", "R14B"),
    ("L/R2", "2"),
    ("B18+T28", "B18+T28"),
    # intensities
    ("A4B", "A4B"),
    ("B4B", "B4B"),
    ("10A/B", "10A/B"),
    ("4(B/C)+7B", "4B/C+7B"),
    ("1D/E+2D/E", "1D/E+2D/E"),
    ("(L/A)12(B/A)", "L12A/B"),
    ("A1B+A2(B/C)", "A1B+A2B/C"),
    ("12LB", "L12B"),
    # alternatives
    ("L12 or L14", "(L12 or L14)"),
    ("R14A or 17A or 24A", "(R14A or 17A or 24A)"),
    ("10or11", "(10 or 11)"),
    ("(R6 or R12) + R15", "R15+(R6 or R12)"),
    ("(23/24)", "(23 or 24)"),
    ("4A/L12", "(4A or L12)"),
    ("A4C+R(12or14)B+38", "A4C+38+(R12B or R14B)"),
    ("(loses 1+2) or (4(B/C))", "(nothing or 4B/C)"),
    # doubt
    ("ref(7)", "ref(7)"),
    ("Ref(14)", "ref(14)"),
    ("ref(12/14)", "(ref(12) or ref(14))"),
    ("6C/D+ref(7)12E+25", "6C/D+ref(7)+12E+25"),
    ("12B ?", "ref(12B)"),
    ("31?", "ref(31)"),
    # other codes
    ("AD38", "38"),
    ("26+ADR30", "26+ADR30"),
    ("4+7+M57", "4+7+M57"),
    ("80", "80"),
    ("AU4(k)+L7", "4(k)+L7"),
    ("AUR2+12(k)+45", "R2+12(k)+45"),
    # free text, brackets
    ("14+glare", "14"),
    ("R14+17+soft focus", "R14+17"),
    ("twice - L1B+L2B+25", "L1B+L2B+25"),
    ("80 (big swallow) ", "80"),
    ("7A/B+L10A/B)+ref(11)+12C", "7A/B+L10A/B+ref(11)+12C"),
    ("A(4B/C)+5B", "A4B/C+5B"),
    ("subject do 2x  R2(C and then B)", "R2B/C"),
    ("(4+7", "4+7"),
    ("?", "?"),
    ("Chewing", "?"),
    ("reaction?", "?"),
    ("74", "?"),
]


@pytest.mark.parametrize(("cell", "reads"), FORMS, ids=[cell for cell, _ in FORMS])
def test_forms_of_the_tables(cell: str, reads: str) -> None:
    found = parse(cell)
    assert found.canonical == reads
    assert found.raw == cell and found.coded


@pytest.mark.parametrize(
    "cell", ["NULL", "null", "nan", "", "  ", "/", "-1", None, math.nan, pd.NA, pd.NaT, -1]
)
def test_missing_cells_are_not_coded(cell: object) -> None:
    found = parse(cell)
    assert not found.coded and not found.units and found.canonical == ""


@pytest.mark.parametrize("cell", [4, 4.0, "4", " 4 ", "4.0", np.int64(4), np.float64(4), "AU4"])
def test_a_plain_number_is_an_action_unit(cell: object) -> None:
    assert parse(cell).units == (AUMark(4),)


def test_a_question_mark_is_coded_and_empty() -> None:
    found = parse("?")
    assert found.coded and found.numbers == frozenset() and not found.vague


@pytest.mark.parametrize(
    ("cell", "part"),
    [
        ("14+glare", "glare"),
        ("74", "scorable"),
        ("3+25", "no such code: 3"),
        ("12+34", "AD34"),
        ("9999999999", "no such code"),
        ("4+7+7", "repeated: 7"),
        ("A/L12", "A/L"),
        ("(4+7", "never closed"),
        ("4)+7", "never opened"),
        ("(1B+2A)or(loses AU4)", "loses, so not shown: 4"),
    ],
)
def test_what_was_not_read_or_was_chosen_is_noted(cell: str, part: str) -> None:
    assert any(part in note for note in parse(cell).notes), parse(cell).notes


@pytest.mark.parametrize("cell", ["4+7", "L12B+R14", "4(B/C)+7B", "10or11", "AD38", "M57", "AU4(k)"])
def test_what_is_plain_needs_no_note(cell: str) -> None:
    assert parse(cell).notes == ()


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("4B+R7+ref(43)", {4, 7}),
        ("(R6 or R12)+R15", {15}),
        ("L10 or R10+25", {10, 25}),
        ("4(k)+7", {7}),
        ("12B ?", set()),
        ("12+34+M61", {12}),
        ("L1+R1", {1}),
        ("4+74", {4}),
    ],
)
def test_numbers_hold_the_certain_action_units(cell: str, numbers: set[int]) -> None:
    assert parse(cell).numbers == numbers


@pytest.mark.parametrize(
    ("cell", "vague"), [("L12 or L14", True), ("ref(4A)", True), ("4 or 7+1", False), ("NULL", False)]
)
def test_vague_codings(cell: str, vague: bool) -> None:
    assert parse(cell).vague is vague


def test_marks_hold_side_intensity_doubt_and_kind() -> None:
    assert parse("A4B+ref(R7D)+AD31+M57+12(k)").units == (
        AUMark(4, "A", "B"),
        AUMark(7, "R", "D", uncertain=True),
        AUMark(31),
        AUMark(57),
        AUMark(12, static=True),
    )
    assert [mark.kind for mark in parse("4+34+57").units] == ["AU", "AD", "M"]


def test_flip_swaps_sides_gaze_and_head() -> None:
    assert flip(parse("L1+R2+A4+B18+ref(L10)+M51+56+61")).canonical == "R1+L2+A4+B18+ref(R10)+M52+M55+M62"
    assert flip(parse("(L12 or R14)")).canonical == "(R12 or L14)"
    assert flip(parse("L1")).raw == "L1"


def test_multi_hot() -> None:
    coded = multi_hot([parse("1+R4"), parse(None), parse("?"), parse("ref(4)+34")])
    assert coded.shape == (4, len(VOCABULARY)) and coded.dtype == np.float32
    assert {VOCABULARY[i] for i in np.flatnonzero(coded[0])} == {1, 4}
    assert not coded[1:].any()
    assert multi_hot([]).shape == (0, len(VOCABULARY))
    assert multi_hot([parse("12+7")], (7, 99)).tolist() == [[1.0, 0.0]]


def test_vocabulary_is_sorted_and_known() -> None:
    assert list(VOCABULARY) == sorted(set(VOCABULARY)) and set(VOCABULARY) <= CATALOGUE.keys()


def _sheet(path: Path, header: int, classes: set[str]) -> list[str]:
    frame = pd.read_excel(path, header=header, dtype=str, keep_default_na=False)
    return [str(au) for au in frame.loc[frame["Estimated Emotion"].isin(classes), "Action Units"]]


def test_casme2_counts_of_the_specification(shared_data: Path) -> None:
    sheet = shared_data / "annotations/casme2/CASME2-coding-20140508.xlsx"
    cells = _sheet(sheet, 0, {"others", "disgust", "happiness", "repression", "surprise"})
    sets = Counter(parse(cell).numbers for cell in cells)
    assert (len(cells), len(set(cells))) == (246, 64)
    assert (len(sets), sum(n == 1 for n in sets.values())) == (47, 23)
    common = {(4,): 72, (4, 7): 23, (14,): 20, (17,): 17, (12,): 16, (1, 2): 13, (4, 10): 9}
    assert {tuple(sorted(found)): n for found, n in sets.most_common(7)} == common
    assert sets[frozenset()] == cells.count("?") == 5


def test_samm_counts(shared_data: Path) -> None:
    """The specification's 38 sets, 22 once, count gaze and head (61, 56) and what its reader made of "or"."""
    sheet = shared_data / "annotations/samm/SAMM_Micro_FACS_Codes_v2.xlsx"
    cells = _sheet(sheet, 13, {"Anger", "Happiness", "Other", "Surprise", "Contempt"})
    found = [parse(cell) for cell in cells]
    sets = Counter(annotation.numbers for annotation in found)
    all_codes = Counter(frozenset(mark.code for mark in annotation.certain) for annotation in found)
    assert len(cells) == 136
    assert (len(sets), sum(n == 1 for n in sets.values())) == (36, 21)
    assert (len(all_codes), sum(n == 1 for n in all_codes.values())) == (38, 23)
    assert sorted(a.raw for a in found if a.vague) == ["L12 or L14", "R12 or R14", "R14A or 17A or 24A"]
