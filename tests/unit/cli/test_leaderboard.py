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
    assert code == 0 and "1 runs, 2 rows in 1 table" in out and err == ""
    text = page.read_text(encoding="utf-8")
    assert "`majority`, a reference" in text and "`au-oracle`, a reference" in text
    run = tmp_path / "other"
    assert mien("evaluate", "lda-hoof", "--data", small_set.path, *task, "--out", run)[0] == 0
    code, out, _ = mien("leaderboard", run, "--add", "--out", page)
    assert code == 0 and "1 runs, 3 rows in 1 table" in out
    assert page.read_text(encoding="utf-8").count("| `lda-hoof`") == 1


def test_what_is_no_run_is_refused(mien: Callable, tmp_path: Path) -> None:
    code, _, err = mien("leaderboard", tmp_path, "--out", tmp_path / "page.md")
    assert code == 3 and "not a run folder" in err
    assert not (tmp_path / "page.md").exists()
