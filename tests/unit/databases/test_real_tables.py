"""The published tables give the published numbers of clips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from mien.clips.table import ClipTable
from mien.clips.tasks import get
from mien.databases import casme, casme2, casme3, casme_sq, dfme, mmew, registry, samm, samm_lv, smic
from mien.databases.checking import compare
from mien.databases.loaded import Reading


@pytest.mark.parametrize(
    ("name", "n_clips", "n_subjects", "n_coded", "fps"),
    [
        ("casme2_2014", 255, 26, 255, 200),
        ("casme2_2019", 255, 26, 255, 200),
        ("samm_table", 159, 29, 159, 200),
        ("smic_table", 164, 16, 0, 100),
        ("mmew_table", 300, 30, 300, 90),
        ("casme3_table", 860, 94, 860, 30),
    ],
)
def test_clips_and_subjects(
    request: pytest.FixtureRequest, name: str, n_clips: int, n_subjects: int, n_coded: int, fps: int
) -> None:
    table: ClipTable = request.getfixturevalue(name)
    assert len(table) == n_clips
    assert len(set(table.groups)) == n_subjects
    assert table.frame["au"].notna().sum() == n_coded
    assert set(table.frame["fps"]) == {fps}


@pytest.mark.parametrize(
    ("name", "task", "counts"),
    [
        ("casme2_2014", "casme2-5", "disgust 63, happiness 32, others 99, repression 27, surprise 25"),
        ("casme2_2019", "casme2-5", "disgust 63, happiness 32, others 99, repression 27, surprise 28"),
        ("casme2_2014", "megc-3", "negative 88, positive 32, surprise 25"),
        ("samm_table", "megc-3", "negative 92, positive 26, surprise 15"),
        ("smic_table", "megc-3", "negative 70, positive 51, surprise 43"),
        ("samm_table", "samm-5", "anger 57, contempt 12, happiness 26, other 26, surprise 15"),
        ("mmew_table", "mmew-4", "disgust 72, happiness 36, others 66, surprise 89"),
        ("mmew_table", "mmew-6", "anger 8, disgust 72, fear 16, happiness 36, sadness 13, surprise 89"),
        ("casme3_table", "casme3-3", "negative 457, positive 55, surprise 187"),
        ("casme3_table", "casme3-4", "negative 457, others 161, positive 55, surprise 187"),
        (
            "casme3_table",
            "casme3-7",
            "anger 64, disgust 250, fear 86, happiness 55, others 161, sadness 57, surprise 187",
        ),
        # MEGC 2018: 185 clips of CASME II and 68 of SAMM.
        ("casme2_2014", "objective-5", "I 25, II 15, III 99, IV 26, V 20"),
        ("samm_table", "objective-5", "I 24, II 13, III 20, IV 8, V 3"),
    ],
)
def test_classes(request: pytest.FixtureRequest, name: str, task: str, counts: str) -> None:
    found = get(task).assign(request.getfixturevalue(name)).counts
    assert ", ".join(f"{word} {n}" for word, n in sorted(found.items())) == counts


def test_casme2_marks_what_has_no_apex(casme2_2014: ClipTable) -> None:
    frame = casme2_2014.frame
    assert frame.loc[frame["apex"].isna(), "key"].tolist() == ["sub04_EP12_01f"]
    assert frame.loc[frame["apex"] == frame["onset"], "key"].tolist() == ["sub05_EP09_05f"]


def test_casme2_recodings_differ_where_they_should(casme2_2014: ClipTable, casme2_2019: ClipTable) -> None:
    before, after = casme2_2014.frame, casme2_2019.frame
    assert before["key"].tolist() == after["key"].tolist()
    assert (before["au"] != after["au"]).sum() == 57
    assert (before["emotion"] != after["emotion"]).sum() == 3
    assert Counter(before["au"])["?"] == 5


def test_samm_apex_typos_are_not_known_and_noted(samm_table: ClipTable) -> None:
    frame = samm_table.frame.set_index("key")
    assert frame.index[frame["apex"].isna()].tolist() == ["028_028_4_1", "032_032_3_1"]
    assert "apex 1930 in the table, here not known" in frame.loc["032_032_3_1", "notes"]


def test_frames_are_in_order_after_the_fixes(samm_table: ClipTable, casme3_table: ClipTable) -> None:
    for table in (samm_table, casme3_table):
        frame = table.frame.dropna(subset=["onset", "apex", "offset"])
        assert (frame["onset"] <= frame["apex"]).all()
        assert (frame["apex"] <= frame["offset"]).all()


def test_casme3_errors_are_put_right_from_its_own_table(casme3_table: ClipTable) -> None:
    frame = casme3_table.frame
    noted = frame[frame["notes"] != ""].set_index("key")
    assert noted.index.tolist() == [
        "spNO.149_d_112",
        "spNO.216_d_2647",
        "spNO.216_e_0",
        "spNO.40_e_1812",
        "spNO.40_e_2327",
    ]
    assert noted["apex"].tolist()[0] == 160
    assert noted["offset"].tolist()[3:] == [1845, 2403]


def test_the_two_smic_lists_agree(smic_table: ClipTable, annotations: Path) -> None:
    extended = smic.read(annotations / "smic" / "SMIC-HS-E_annotation_orig.xlsx")
    listed = smic_table.frame.set_index("key")
    found = extended.frame.set_index("key")
    assert set(listed.index) - set(found.index) == {"s01_s01_ne_02", "s02_s02_sur_05"}
    assert (found["emotion"] == listed.loc[found.index, "emotion"]).all()
    assert found.index[found["notes"] != ""].tolist() == ["s18_s18_sur_03"]


SAMM_SHEET = "samm/SAMM_Micro_FACS_Codes_v2.xlsx"

#: Every table at hand: database, file, how it is read, release, and how many of its clips have AUs, an apex
#: and an offset.
TABLES: list[tuple[str, str, Callable[[Path], Reading], str, tuple[int, int, int]]] = [
    ("casme", "casme1/CASME.xls", casme.read_rows, "", (0, 186, 0)),
    ("casme2", "casme2/CASME2-coding-20140508.xlsx", casme2.read_rows, "2014", (255, 254, 255)),
    ("casme2", "casme2/CASME2-coding-20190701.xlsx", casme2.read_rows, "2019", (255, 254, 255)),
    ("samm", SAMM_SHEET, samm.read_rows, "", (159, 157, 159)),
    ("smic", "smic/SMIC_HS_cropped.csv", lambda file: smic.read_rows(file, "hs"), "hs", (0, 0, 164)),
    (
        "smic",
        "smic/SMIC-HS-E_annotation_orig.xlsx",
        lambda file: smic.read_rows(file, "hs-e"),
        "hs-e",
        (0, 0, 162),
    ),
    (
        "smic",
        "smic/SMIC-HS-E_annotation_orig.xlsx",
        lambda file: smic.read_rows(file, "vis"),
        "vis",
        (0, 0, 71),
    ),
    ("mmew", "mmew/MMEW_Micro_Exp.csv", mmew.read_rows, "micro", (300, 284, 284)),
    ("casme_sq", "casme_sq/CAS-data.xlsx", casme_sq.read_rows, "", (357, 353, 313)),
    (
        "casme3",
        "casme3/cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx",
        lambda file: casme3.read_rows(file, "a"),
        "a",
        (860, 859, 860),
    ),
    (
        "casme3",
        "casme3/CAS(ME)3_part_A_v2.xls",
        lambda file: casme3.read_rows(file, "a-all"),
        "a-all",
        (4206, 4205, 4206),
    ),
    ("samm_lv", "samm_lv/SAMM-data.xlsx", samm_lv.read_rows, "", (502, 496, 502)),
    ("dfme", "dfme/training_full_with_AU.xlsx", dfme.read_rows, "train", (1856, 1856, 1856)),
]
ids = [f"{table[0]}-{table[3]}".rstrip("-") for table in TABLES]


@pytest.mark.parametrize(("name", "file", "read", "release", "filled"), TABLES, ids=ids)
def test_every_table_has_the_published_counts(
    annotations: Path,
    name: str,
    file: str,
    read: Callable[[Path], Reading],
    release: str,
    filled: tuple[int, int, int],
) -> None:
    reading = read(annotations / file)
    assert reading.problems == ()
    assert reading.release == release
    counts = registry.get(name).card.counts[release]
    differ = [row for row in compare(counts, reading.table, reading.kinds) if row[1] not in (None, row[2])]
    assert differ == []
    frame = reading.table.frame
    assert tuple(frame[word].notna().sum() for word in ("au", "apex", "offset")) == filled


def test_casme_sq_names_follow_the_naming_rules_of_its_workbook(annotations: Path) -> None:
    from mien.databases.sheet import read_cells

    file = annotations / "casme_sq" / "CAS-data.xlsx"
    sheets = read_cells(file)
    reading = casme_sq.read_rows(file)
    assert reading.table.subjects.tolist() == [row[1] for row in sheets["naming rule1"]]
    codes = {name: code for code, name in sheets["naming rule2"]}
    source = registry.get("casme_sq")
    for row in reading.table.rows():
        folder = source.frame_path(row, 1).parent.name
        assert folder == f"{row['subject'][1:]}_{codes[row['clip'].rpartition('_')[0]]}"


def test_casme_sq_corrections(annotations: Path) -> None:
    reading = casme_sq.read_rows(annotations / "casme_sq" / "CAS-data.xlsx")
    keys = [correction.key for correction in reading.corrections]
    assert keys == ["s27_disgust1_5", "s31_happy2_1", "s32_anger1_12"]
    rows = [row for row in reading.table.rows() if row["apex"] is not None and row["offset"] is not None]
    assert all(row["onset"] <= row["apex"] <= row["offset"] for row in rows)
    missing = [row["key"] for row in reading.table.rows() if row["apex"] is None]
    assert sorted(missing) == sorted([*keys, "s34_anger1_1"])


def test_samm_lv_frames_are_whole_and_zeros_are_missing(annotations: Path) -> None:
    reading = samm_lv.read_rows(annotations / "samm_lv" / "SAMM-data.xlsx", annotations / SAMM_SHEET)
    rows = reading.table.rows()
    assert sum(row["onset"] is None for row in rows) == 10
    assert sum("rounded" in row["notes"] for row in rows) == 177
    assert sum("onset" in row["notes"] for row in rows) == 142
    coded = Counter(row["emotion"] for row in rows if reading.kinds[row["key"]] == "micro")
    assert coded == registry.get("samm").card.counts[""].emotions
    assert {row["emotion"] for row in rows if reading.kinds[row["key"]] == "macro"} == {""}
    assert rows[0]["onset"] == 566
    assert "onset, apex, offset rounded" in rows[0]["notes"]


def test_casme2_offset_that_the_frames_contradict(casme2_2014: ClipTable) -> None:
    (row,) = [row for row in casme2_2014.rows() if row["key"] == "sub07_EP06_01"]
    assert row["offset"] == 91
    assert "offset 68 in the table, here 91" in row["notes"]


def test_mmew_frames_that_copies_disagree_about_are_not_known(mmew_table: ClipTable) -> None:
    rows = [row for row in mmew_table.rows() if row["apex"] is None]
    assert len(rows) == 16
    assert {row["subject"] for row in rows} == {"S04", "S13"}
    assert all("copies of the sheet disagree" in row["notes"] for row in rows)


def test_dfme_counts_from_zero_at_three_frame_rates(annotations: Path) -> None:
    frame = dfme.read(annotations / "dfme" / "training_full_with_AU.xlsx").frame
    assert (frame["onset"] == 0).sum() == 883
    assert frame["fps"].value_counts().to_dict() == {500: 695, 300: 605, 200: 556}


def test_casme3_clips_of_both_sheets_agree(annotations: Path, casme3_table: ClipTable) -> None:
    reading = casme3.read_rows(annotations / "casme3" / "CAS(ME)3_part_A_v2.xls", "a-all")
    micro = {row["key"]: row for row in reading.table.rows() if reading.kinds[row["key"]] == "micro"}
    same = [row for row in casme3_table.rows() if row["key"] in micro]
    assert len(same) >= 850
    assert all(row["offset"] == micro[row["key"]]["offset"] for row in same)
