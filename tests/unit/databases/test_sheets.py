"""Sheets as they lie on people's disks: headers anywhere, copies with other spellings, damaged files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from small_copies import write_sheet as workbook

from mien.clips.table import ClipTable
from mien.databases import casme, casme2, casme3, casme_sq, dfme, four_dme, mmew, samm, samm_lv, smic
from mien.databases.loaded import Problem
from mien.databases.sheet import frame_number, objective_class
from mien.errors import InputError

SAMM_HEADER = ["Subject", "Filename", "Onset Frame", "Apex Frame", "Offset Frame", "Action Units",
               "Estimated Emotion", "Objective Classes", "Notes"]  # fmt: skip
SAMM_ROW = ["006", "006_1_2", 10, 20, 30, 4, "Anger", 3, "While  blinking"]


def test_a_header_below_explanations_is_found(tmp_path: Path) -> None:
    rows = [["SAMM codes"], [], ["L = left"], SAMM_HEADER, SAMM_ROW]
    table = samm.read(workbook(tmp_path / "codes.xlsx", rows))
    (clip,) = table.frame.to_dict("records")
    assert clip["subject"] == "006"
    assert clip["au"] == "4"
    assert clip["emotion"] == "anger"
    assert clip["notes"] == "While blinking"


def test_other_spellings_and_orders_of_the_header(tmp_path: Path) -> None:
    header = [word.upper().replace(" ", "_") for word in reversed(SAMM_HEADER)]
    row = list(reversed([6, *SAMM_ROW[1:]]))
    table = samm.read(workbook(tmp_path / "codes.xlsx", [header, row]))
    assert table.keys.tolist() == ["006_006_1_2"]


def test_empty_rows_are_no_clips(tmp_path: Path) -> None:
    rows = [SAMM_HEADER, SAMM_ROW, [""] * 9, [" "] * 9]
    assert len(samm.read(workbook(tmp_path / "codes.xlsx", rows))) == 1


def test_a_known_error_is_put_right_only_where_it_is_one(tmp_path: Path) -> None:
    wrong = ["028", "028_4_1", 1071, 1143, 1134, "A14C", "Contempt", 7, ""]
    right = [*wrong[:3], 1113, *wrong[4:]]
    of_wrong = samm.read(workbook(tmp_path / "a.xlsx", [SAMM_HEADER, wrong])).frame
    of_right = samm.read(workbook(tmp_path / "b.xlsx", [SAMM_HEADER, right])).frame
    assert of_wrong["apex"].isna().all()
    assert of_wrong["notes"][0].startswith("apex 1143 in the table, here not known")
    assert of_right["apex"].tolist() == [1113]
    assert of_right["notes"].tolist() == [""]


@pytest.mark.parametrize("subject", [1, "1", "01", "sub01", "Sub1"])
def test_casme2_subjects_in_every_spelling(tmp_path: Path, subject: object) -> None:
    header = ["Subject", "Filename", "", "OnsetFrame", "ApexFrame", "OffsetFrame", "", "Action Units",
              "Estimated Emotion"]  # fmt: skip
    rows = [header, [subject, "EP02_01f", "", 46, "/", 86, "", "4+7", "happiness"]]
    table = casme2.read(workbook(tmp_path / "coding.xlsx", rows))
    assert table.keys.tolist() == ["sub01_EP02_01f"]
    assert table.frame["apex"].isna().all()


def test_smic_names_are_written_as_megc_writes_them(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("\ufeffSubject,Filename,OnsetF,OffsetF\n9,s9_sur_3,061206,061232\n", encoding="utf-8")
    (clip,) = smic.read(file).frame.to_dict("records")
    assert (clip["subject"], clip["clip"], clip["onset"]) == ("s09", "s09_sur_03", 61206)
    assert clip["emotion"] == "surprise"


def test_all_bad_cells_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "mmew.csv"
    file.write_text(
        "Subject,Filename,OnsetFrame,ApexFrame,OffsetFrame,Action Units,Estimated Emotion\n"
        "1,S01-01-001,one,15,31,12,happiness\n"
        "1,S01-01-002,1,15,31,12,happiness\n"
        "1,picture,1,15,31,12,happiness\n"
        "1,S01-01-003,1,15.5,31,12,happiness\n"
    )
    with pytest.raises(InputError) as refused:
        mmew.read(file)
    message = str(refused.value)
    assert "line 2: onset 'one' is no frame number" in message
    assert "line 4: file 'picture' is no MMEW clip" in message
    assert "line 5: apex '15.5' is no frame number" in message
    assert "line 3" not in message


def test_a_wrong_roman_number_is_named(tmp_path: Path) -> None:
    file = tmp_path / "casme3.csv"
    file.write_text(
        "Subject,Filename,Onset,Apex,Offset,AU,Objective class,emotion\nspNO.1,a,1,2,3,4,IX,fear\n"
    )
    with pytest.raises(InputError, match="objective class 'IX'"):
        casme3.read(file)


def test_bad_rows_are_problems_and_the_others_clips(tmp_path: Path) -> None:
    other = [*SAMM_ROW[:1], "006_1_3", *SAMM_ROW[2:]]
    rows = [SAMM_HEADER, SAMM_ROW, ["006", "picture", *SAMM_ROW[2:]], other, SAMM_ROW]
    reading = samm.read_rows(workbook(tmp_path / "codes.xlsx", rows))
    assert reading.table.keys.tolist() == ["006_006_1_2", "006_006_1_3"]
    assert reading.problems == (
        Problem("", "line 3", "file 'picture' of subject '006' is no SAMM clip"),
        Problem("006_006_1_2", "line 5", "the clip occurs more than once; this row is left out"),
    )


def test_corrections_are_listed_with_their_reason(tmp_path: Path) -> None:
    wrong = ["032", "032_3_1", 4896, 1930, 4970, "4A", "Anger", 3, "frowns"]
    reading = samm.read_rows(workbook(tmp_path / "codes.xlsx", [SAMM_HEADER, wrong]))
    (correction,) = reading.corrections
    assert (correction.key, correction.where) == ("032_032_3_1", "line 2")
    assert correction.what.startswith("apex 1930 in the table, here not known: it lies before the onset 4896")
    assert reading.table.frame["notes"].tolist() == [f"frowns; {correction.what}"]


@pytest.mark.parametrize(
    ("cell", "number"),
    [("46", 46), ("46.0", 46), ("/", None), ("", None), ("-1", None), ("-1.0", None), ("0", 0)],
)
def test_frame_numbers(cell: str, number: int | None) -> None:
    assert frame_number({"onset": cell}, "onset") == number


def test_zero_is_no_frame_where_frames_count_from_one() -> None:
    assert frame_number({"onset": "0"}, "onset", first=1) is None
    assert frame_number({"onset": "1"}, "onset", first=1) == 1


@pytest.mark.parametrize(("cell", "number"), [("VI", 6), ("ii", 2), ("7", 7), ("7.0", 7), ("", None)])
def test_objective_classes_in_both_numerals(cell: str, number: int | None) -> None:
    assert objective_class(cell) == number


def test_casme_sq_rows_that_are_no_clips_are_told(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["subject", "name", "onset"],
        [1, "anger1_1", 557, 572, 608, 51, "4+10", "negative", "macro-expression", "anger"],
        [1, "anger1_2", 557, 572, 608, 51, "4+10", "angry", "macro-expression", "anger"],
        [23, "anger1_3", 557, 572, 608, 51, "4+10", "negative", "macro-expression", "anger"],
        [1, "anger1", 557, 572, 608],
    ]
    reading = casme_sq.read_rows(workbook(tmp_path / "code.xlsx", rows))
    assert reading.table.frame["au"].tolist() == ["4+10"]
    assert [problem.where for problem in reading.problems] == ["line 3", "line 4", "line 5"]


READERS: list[Callable[[Path], ClipTable]] = [
    casme.read, casme2.read, samm.read, smic.read, mmew.read, casme3.read, casme_sq.read, samm_lv.read, dfme.read,
    four_dme.read,
]  # fmt: skip


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xlsx", b""),
        ("a.xlsx", b"PK\x03\x04 no zip"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 no workbook"),
        ("a.csv", b"\xff\xfe\x00\x01"),
        ("a.csv", b"name,colour\nx,red\n"),
        ("a.csv", b""),
        ("a.pdf", b"%PDF-1.4"),
    ],
)
def test_another_kind_of_file_is_an_input_error(
    tmp_path: Path, read: Callable[[Path], ClipTable], name: str, content: bytes
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"cannot be read|no header row|no rows of") as refused:
        read(file)
    assert str(file) in str(refused.value)


def test_a_sheet_of_another_database_names_a_missing_column(annotations: Path) -> None:
    with pytest.raises(InputError) as refused:
        casme3.read(annotations / "smic" / "SMIC_HS_cropped.csv")
    assert "no column named" in str(refused.value)
