"""`mien compare`: the differences it prints, and runs that cannot be compared."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mien.cli.app import run as run_command
from mien.prepare.prepared import PreparedSet


@pytest.fixture(scope="module")
def runs(small_set: PreparedSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the runs `majority` and `lda-hoof` on the small set."""
    folder = tmp_path_factory.mktemp("runs")
    for model in ("majority", "lda-hoof"):
        what = ["evaluate", model, "--data", str(small_set.path), "--task", "megc-3", "--seeds", "1"]
        assert run_command([*what, "--out", str(folder / model)]) == 0
    return folder


def row_of(out: str, score: str) -> str:
    return next(line for line in out.splitlines() if line.strip(" │").startswith(score))


def test_differences_are_told_with_interval_and_p(mien: Callable, runs: Path) -> None:
    code, out, err = mien("compare", runs / "lda-hoof", runs / "majority")
    assert (code, err) == (0, "")
    assert "lda-hoof minus majority: 40 clips, 5 subjects" in out
    for score in ("accuracy", "UF1", "UAR"):
        assert " to " in row_of(out, score)
    assert "permutation of whole subjects" in out


def test_a_run_against_itself_differs_by_nothing(mien: Callable, runs: Path) -> None:
    _, out, _ = mien("compare", runs / "lda-hoof", runs / "lda-hoof")
    assert "+0.000" in row_of(out, "UF1")
    assert "1.0000" in row_of(out, "UF1")


def test_runs_of_one_name_are_told_apart_by_their_folders(mien: Callable, runs: Path, tmp_path: Path) -> None:
    twin = tmp_path / "lda-hoof"
    shutil.copytree(runs / "majority", twin)
    _, out, _ = mien("compare", runs / "lda-hoof", twin)
    assert f"only in {twin}" in " ".join(out.split())


def test_a_folder_that_is_no_run_is_bad_input(mien: Callable, runs: Path, tmp_path: Path) -> None:
    code, _, err = mien("compare", runs / "majority", tmp_path / "nothing")
    assert code == 3
    assert "nothing" in err
