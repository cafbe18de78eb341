"""`mien report`: the page is written and named; the flow pictures come from the set the run was made from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mien.cli.app import run as run_command
from mien.prepare.prepared import PreparedSet


@pytest.fixture(scope="module")
def finished(small_set: PreparedSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "majority"
    what = ["evaluate", "majority", "--data", str(small_set.path), "--task", "megc-3", "--seeds", "1"]
    assert run_command([*what, "--out", str(folder)]) == 0
    return folder


@pytest.fixture
def run_folder(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


def test_the_page_is_written_and_named(mien: Callable, run_folder: Path) -> None:
    code, out, err = mien("report", run_folder)
    assert (code, err) == (0, "")
    assert out == f"report: {run_folder / 'report.html'}\n"
    assert "<html" in (run_folder / "report.html").read_text(encoding="utf-8")


def test_without_data_the_set_of_the_run_is_used(
    mien: Callable, run_folder: Path, small_set: PreparedSet
) -> None:
    mien("report", run_folder)
    found_by_itself = (run_folder / "report.html").read_bytes()
    mien("report", run_folder, "--data", small_set.path)
    assert (run_folder / "report.html").read_bytes() == found_by_itself


def test_a_damaged_set_is_told_and_the_page_is_written_without_it(
    mien: Callable, run_folder: Path, small_set: PreparedSet, tmp_path: Path
) -> None:
    damaged = Path(shutil.copytree(small_set.path, tmp_path / "damaged"))
    (damaged / "clips.csv").unlink()
    record = json.loads((run_folder / "run.json").read_text(encoding="utf-8"))
    record["data"]["path"] = str(damaged)
    (run_folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    code, out, err = mien("report", run_folder)
    assert code == 0
    assert "warning" in err
    assert "clips.csv" in err
    assert "report.html" in out


def test_a_folder_that_is_no_run_is_bad_input(mien: Callable, tmp_path: Path) -> None:
    code, _, err = mien("report", tmp_path / "nothing")
    assert code == 3
    assert "nothing" in err


def test_an_unknown_set_is_a_wrong_call(mien: Callable, run_folder: Path) -> None:
    code, _, err = mien("report", run_folder, "--data", "synthetic-flo")
    assert code == 2
    assert "synthetic-flow" in err
