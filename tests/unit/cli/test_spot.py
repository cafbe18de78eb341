"""`mien spot`: what is wrong with the call or the folder is said before anything is watched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def test_a_folder_without_tables_is_bad_input(mien: Callable, tmp_path: Path) -> None:
    code, _, err = mien("spot", tmp_path, "--out", tmp_path / "out")
    assert code == 3 and "videos.csv" in err


def test_an_unknown_detector_names_the_nearest(mien: Callable, tmp_path: Path) -> None:
    code, _, err = mien("spot", tmp_path, "--out", tmp_path / "out", "--detector", "contrasts")
    assert code == 2 and "contrast" in err
