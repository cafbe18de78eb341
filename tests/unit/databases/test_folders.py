"""Folders found again whatever the copy did to their names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.databases.folders import number_of, plain_parts, scan
from mien.errors import InputError


def images(root: Path, folder: str, *names: str) -> None:
    (root / folder).mkdir(parents=True, exist_ok=True)
    for name in names:
        (root / folder / name).touch()


@pytest.mark.parametrize(
    "folder",
    [
        "sub01/EP02_01f",
        "CASME2_RAW_selected/CASME2_RAW_selected/sub01/EP02_01f",
        "sub01/EP02_01f/EP02_01f",
        "Sub01/ep02_01F",
        "sub1/EP02_01f",
        "SUB001/EP2_1f",
    ],
)
def test_case_padding_and_doubled_folders_do_not_matter(tmp_path: Path, folder: str) -> None:
    images(tmp_path, folder, "img1.jpg")
    images(tmp_path, "sub01/EP02_02f", "img1.jpg")
    images(tmp_path, "sub11/EP02_01f", "img1.jpg")
    (found,) = scan(tmp_path).find(("sub01", "EP02_01f"))
    assert found.shown == folder


def test_a_folder_that_fits_to_the_letter_is_preferred(tmp_path: Path) -> None:
    images(tmp_path, "sub01/EP1_2", "1.jpg")
    images(tmp_path, "sub01/EP01_2", "1.jpg")
    tree = scan(tmp_path)
    assert [folder.shown for folder in tree.find(("sub01", "EP01_2"))] == ["sub01/EP01_2"]
    assert len(tree.find(("sub01", "ep001_2"))) == 2


def test_a_star_stands_for_the_rest_of_a_name_but_not_of_a_number(tmp_path: Path) -> None:
    images(tmp_path, "s15/15_0401girlcrashing", "img001.jpg")
    images(tmp_path, "s15/15_04010", "img001.jpg")
    images(tmp_path, "s16/16_0401girlcrashing", "img001.jpg")
    assert [f.shown for f in scan(tmp_path).find(("s15", "15_0401*"))] == ["s15/15_0401girlcrashing"]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("img46.jpg", 46),
        ("reg_img46.jpg", 46),
        ("006_05562.jpg", 5562),
        ("EP01_12-73.jpg", 73),
        ("image17581039.bmp", 17581039),
        ("Frame_000001826.jpg", 1826),
        ("S005_001_00000011.png", 11),
        ("cover.jpg", None),
    ],
)
def test_the_number_is_the_last_run_of_digits(name: str, number: int | None) -> None:
    assert number_of(name) == number


def test_images_are_sorted_by_number_and_oddities_are_told(tmp_path: Path) -> None:
    images(
        tmp_path,
        "clip",
        "img10.jpg",
        "img9.PNG",
        "img2.jpeg",
        "img02.bmp",
        "cover.jpg",
        "._img3.jpg",
        "Thumbs.db",
    )
    (folder,) = scan(tmp_path).folders
    assert folder.images == ((2, "img02.bmp"), (9, "img9.PNG"), (10, "img10.jpg"))
    assert any("cover.jpg has no number" in odd for odd in folder.odd)
    assert any("two images have the number 2" in odd for odd in folder.odd)
    assert len(folder.odd) == 2


def test_litter_of_other_programs_is_passed_over(tmp_path: Path) -> None:
    images(tmp_path, "__MACOSX/clip", "img1.jpg")
    images(tmp_path, ".trash", "img1.jpg")
    (tmp_path / "~$CASME2-coding.xlsx").touch()
    (tmp_path / "CASME2-coding.xlsx").touch()
    tree = scan(tmp_path)
    assert tree.folders == ()
    assert [path.name for path in tree.files] == ["CASME2-coding.xlsx"]


def test_a_link_in_a_circle_ends(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "again").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(InputError, match="do not end"):
        scan(tmp_path)


def test_a_root_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not there"):
        scan(tmp_path / "nothing")


@given(st.lists(st.from_regex(r"[a-zA-Z]{0,3}[0-9]{1,4}_?[a-z]?", fullmatch=True), min_size=1, max_size=4))
def test_plain_names_do_not_change_when_made_plain_again(parts: list[str]) -> None:
    plain = plain_parts(parts)
    assert plain_parts(plain) == plain
    assert plain_parts(part.upper() for part in parts) == plain
