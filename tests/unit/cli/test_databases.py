"""`mien data info`, `check` and `film`: what they show, and their exit codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mien.databases.registry import names

HEADER = "subject,clip,path,fps,onset,apex,offset,emotion\n"


def test_info_lists_all_databases(mien: Callable) -> None:
    code, out, _ = mien("data", "info")
    assert code == 0
    listed = [line.split()[0] for line in out.splitlines()[3:]]
    assert listed == list(names())


@pytest.mark.parametrize("name", names())
def test_info_shows_the_whole_card(mien: Callable, name: str) -> None:
    code, out, _ = mien("data", "info", name)
    assert code == 0
    for heading in ("How to get it", "Files", "Variants", "Expected folders"):
        assert f"\n{heading}" in out
    assert ("Published counts" in out) == (name != "own")


def test_info_counts_of_casme2(mien: Callable) -> None:
    _, out, _ = mien("data", "info", "casme2")
    assert "2014: 255 clips of 26 subjects; happiness 32" in out
    assert "  CASME2_RAW_selected/sub01/EP02_01f/img46.jpg" in out


def test_info_says_what_was_not_verified(mien: Callable) -> None:
    assert "Not verified" in mien("data", "info", "4dme").out
    assert "Not verified" not in mien("data", "info", "samm").out


def test_an_unknown_database_is_a_wrong_call(mien: Callable) -> None:
    code, _, err = mien("data", "info", "casme4")
    assert code == 2
    assert "did you mean 'casme" in err


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "anna" / "smile"
    folder.mkdir(parents=True)
    for number in range(1, 6):
        (folder / f"{number}.png").touch()
    (tmp_path / "clips.csv").write_text(HEADER + "anna,smile,anna/smile,100,1,3,5,happiness\n")
    return tmp_path


def test_a_whole_copy_has_no_problems(mien: Callable, root: Path) -> None:
    code, out, err = mien("data", "check", "own", root)
    assert code == 0, err
    assert "1 clips, frames of 1" in out
    assert "no problems" in out
    assert [line.split() for line in out.splitlines() if line.startswith("happiness")] == [
        ["happiness", "-", "1"]
    ]


def test_gaps_are_all_listed_and_give_their_own_exit_code(mien: Callable, root: Path) -> None:
    (root / "anna" / "smile" / "2.png").unlink()
    with (root / "clips.csv").open("a") as file:
        file.write("ben,frown,ben/frown,100,1,,5,anger\n")
    code, out, err = mien("data", "check", "own", root)
    assert code == 4
    assert err == ""
    assert "Problems: 3" in out
    assert "1 of 5 frames from 1 to 5 is absent: 2" in out
    assert "the apex is not known" in out
    assert "neither such a folder of images nor a video" in out


def test_counts_other_than_the_published_ones_are_gaps(mien: Callable, tmp_path: Path) -> None:
    folder = tmp_path / "SMIC_all_raw" / "HS" / "s1" / "micro" / "negative" / "s1_ne_01"
    folder.mkdir(parents=True)
    (folder / "image000001.bmp").touch()
    code, out, _ = mien("data", "check", "smic", tmp_path)
    assert code == 4
    assert "Problems" not in out
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if "differs" in line}
    assert rows["clips"] == ["differs", "164", "1"]
    assert rows["positive"] == ["differs", "51", "0"]


def test_a_copy_that_cannot_be_used_is_bad_input(mien: Callable, tmp_path: Path) -> None:
    code, _, err = mien("data", "check", "casme2", tmp_path)
    assert code == 3
    assert "no annotation sheet of CASME II" in err
    assert mien("data", "check", "casme2", tmp_path / "nothing").code == 3
    assert mien("data", "check", "casme2", tmp_path, "--variant", "other").code == 2


def test_a_full_copy_of_casme2_shows_what_the_sheet_has_wrong_and_nothing_else(
    mien: Callable, shared_data: Path, tmp_path: Path
) -> None:
    from mien.databases.casme2 import CASME2, read

    sheet = shared_data / "annotations" / "casme2" / "CASME2-coding-20140508.xlsx"
    for row in read(sheet).rows():
        folder = (tmp_path / CASME2.frame_path(row, 1)).parent
        folder.mkdir(parents=True)
        for number in range(row["onset"], row["offset"] + 1):
            (folder / CASME2.frame_path(row, number).name).touch()
    code, out, _ = mien("data", "check", "casme2", tmp_path, "--sheet", sheet)
    assert code == 4
    assert "Counts (2014)" in out
    assert "differs" not in out
    assert "offset 68 in the table, here 91" in out
    _, _, problems = out.partition("Problems: 2")
    assert "sub04_EP12_01f" in problems
    assert "sub05_EP09_05f" in problems


def test_films_are_made_and_counted(mien: Callable, egl: None, tmp_path: Path) -> None:
    what = ["data", "film", "--out", tmp_path / "films", "--subjects", 1, "--minutes", 0.25, "--fps", 15]
    code, out, err = mien(*what, "--size", "96x72", "--workers", 1)
    assert code == 0, err
    assert "1 videos, " in out and "macro-expressions" in out and "s01_1: 1/1" in err
    assert (tmp_path / "films" / "s01_1.mp4").stat().st_size > 1000
    code, _, err = mien(*what, "--size", "128x96")
    assert code == 2 and "films of another order" in err


@pytest.mark.parametrize("size", ["640", "640x", "ax480", "97x72"])
def test_a_size_that_is_none_is_a_wrong_call(mien: Callable, tmp_path: Path, size: str) -> None:
    code, _, err = mien("data", "film", "--out", tmp_path / "films", "--size", size)
    assert code == 2 and "97" in err if size == "97x72" else "640x480" in err
    assert not (tmp_path / "films").exists()
