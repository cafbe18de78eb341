"""The published tables give the published numbers of clips."""

from __future__ import annotations

from collections import Counter

import pytest

from mien.clips.table import ClipTable
from mien.clips.tasks import get


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


def test_the_two_smic_lists_agree(smic_table: ClipTable, annotations: object) -> None:
    from mien.databases import smic

    extended = smic.read(annotations / "smic" / "SMIC-HS-E_annotation_orig.xlsx")  # type: ignore[operator]
    listed = smic_table.frame.set_index("key")
    found = extended.frame.set_index("key")
    assert set(listed.index) - set(found.index) == {"s01_s01_ne_02", "s02_s02_sur_05"}
    assert (found["emotion"] == listed.loc[found.index, "emotion"]).all()
    assert found.index[found["notes"] != ""].tolist() == ["s18_s18_sur_03"]
