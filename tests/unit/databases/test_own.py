"""The user's own clips: what the CSV file may say, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.databases.own import OWN
from mien.errors import InputError, UsageError

HEADER = "subject,clip,path,fps,onset,apex,offset,au,emotion,kind,first_number"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of five images and a video."""
    (tmp_path / "anna" / "smile").mkdir(parents=True)
    for number in range(1, 6):
        (tmp_path / OWN.frame_path({"subject": "anna", "clip": "smile"}, number)).touch()
    (tmp_path / "ben.MP4").touch()
    return tmp_path


def load(root: Path, *rows: str, header: str = HEADER):  # type: ignore[no-untyped-def]
    (root / "clips.csv").write_text("\n".join([header, *rows]) + "\n")
    return OWN.load(root)


def test_folders_and_videos(root: Path) -> None:
    loaded = load(
        root, "anna,smile,anna/smile,100,1,3,5,6+12,Happiness,,", "ben,1,.\\ben.MP4,29.97,,,,,,macro,7"
    )
    anna, ben = loaded.table.rows()
    assert (anna["dataset"], anna["key"], anna["fps"], anna["emotion"]) == (
        "own",
        "anna_smile",
        100,
        "happiness",
    )
    assert ben["fps"] == 29.97
    assert loaded.frames["anna_smile"].numbers == (1, 2, 3, 4, 5)
    assert loaded.frames["ben_1"].is_video
    assert loaded.frames["ben_1"].files == (root / "ben.MP4",)
    assert loaded.frames["ben_1"].first_number == 7
    assert loaded.kinds == {"anna_smile": "micro", "ben_1": "macro"}
    assert [problem.what for problem in loaded.problems] == [
        "the onset is not known", "the apex is not known", "the offset is not known",
    ]  # fmt: skip


def test_four_columns_are_enough(root: Path) -> None:
    loaded = load(root, "anna,smile,anna/smile,100", header="subject,clip,path,fps")
    assert loaded.problems == ()
    assert len(loaded.frames) == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("carl,1,carl/1,30,,,,,,,", "neither such a folder of images nor a video"),
        ("carl,1,../carl,30,,,,,,,", "neither such a folder of images nor a video"),
        ("carl,1,clips.csv,30,,,,,,,", "neither such a folder of images nor a video"),
        ("carl,1,,30,,,,,,,", "must not be empty"),
        ("carl,1,ben.MP4,fast,,,,,,,", "fps 'fast' is no frame rate"),
        ("carl,1,ben.MP4,0,,,,,,,", "fps '0' is no frame rate"),
        ("carl,1,ben.MP4,inf,,,,,,,", "fps 'inf' is no frame rate"),
        ("carl,1,ben.MP4,30,one,,,,,,", "onset 'one' is no frame number"),
        ("carl,1,ben.MP4,30,,,,,,long,", "kind 'long' is neither micro nor macro"),
        ("carl,1,ben.MP4,30,,,,,,,-3", "first_number '-3' is no frame number"),
        ("anna,smile,ben.MP4,30,,,,,,,", "occurs more than once"),
        ("carl,1,anna/smile,30,3,4,9,,,,", "4 of 7 frames from 3 to 9 are absent, offset among them: 6-9"),
    ],
)
def test_each_bad_row_is_told_and_the_others_load(root: Path, row: str, said: str) -> None:
    loaded = load(root, "anna,smile,anna/smile,100,1,3,5,,,,", row)
    assert "anna_smile" in loaded.frames
    assert any(said in problem.what for problem in loaded.problems)


def test_a_folder_that_no_row_names_is_told(root: Path) -> None:
    loaded = load(root, "ben,1,ben.MP4,30,,,,,,,")
    assert [(problem.where, problem.what) for problem in loaded.problems] == [
        ("anna/smile", "no row of the sheet names this folder of 5 images")
    ]


def test_a_missing_column_is_named(root: Path) -> None:
    with pytest.raises(InputError, match="no column named fps"):
        load(root, "anna,smile,anna/smile", header="subject,clip,path")


def test_nothing_to_load_is_refused(root: Path) -> None:
    with pytest.raises(InputError, match="none of the clips"):
        load(root, "carl,1,carl,30,,,,,,,")
    with pytest.raises(UsageError, match="no variant"):
        OWN.load(root, variant="raw")
