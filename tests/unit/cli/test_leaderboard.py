"""`mien leaderboard`: run folders in, one page out; a folder that is no run is refused and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mien.prepare.prepared import PreparedSet


def test_runs_become_a_page(mien: Callable, small_set: PreparedSet, tmp_path: Path) -> None:
    run, page = tmp_path / "run", tmp_path / "page.md"
    task = ("--task", "megc-3", "--seeds", 1)
    assert mien("evaluate", "majority", "--data", small_set.path, *task, "--out", run)[0] == 0
    code, out, err = mien("leaderboard", run, "--out", page)
    assert code == 0 and "1 of 1 runs in 1 table" in out and err == ""
    assert "`majority`, a reference" in page.read_text(encoding="utf-8")


def test_a_table_without_the_majority_is_told(mien: Callable, small_set: PreparedSet, tmp_path: Path) -> None:
    run = tmp_path / "run"
    task = ("--task", "megc-3", "--protocol", "kfold:2", "--seeds", 1)
    assert mien("evaluate", "lda-hoof", "--data", small_set.path, *task, "--out", run)[0] == 0
    code, _, err = mien("leaderboard", run, "--out", tmp_path / "page.md")
    assert code == 0 and "mien evaluate majority --task megc-3 --protocol kfold:2" in err


def test_what_is_no_run_is_refused(mien: Callable, tmp_path: Path) -> None:
    code, _, err = mien("leaderboard", tmp_path, "--out", tmp_path / "page.md")
    assert code == 3 and "not a run folder" in err
    assert not (tmp_path / "page.md").exists()
