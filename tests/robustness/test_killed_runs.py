"""kill -9 in the middle of a run: the same command goes on, and ends with the same file."""

from __future__ import annotations

from pathlib import Path

import pytest

from killing import killed_once, start
from mien.prepare.prepared import PreparedSet


@pytest.mark.parametrize("backend", ["loop", "processes"])
def test_killed_and_resumed_equals_undisturbed(backend: str, small_set: PreparedSet, tmp_path: Path) -> None:
    what = ["evaluate", "ststnet", "--data", small_set.path, "--task", "megc-3", "--seeds", 2]
    what += ["--set", "epochs=60", "--backend", backend, "--device", "cpu", "--out"]
    assert start(*what, tmp_path / "whole").wait() == 0
    folds = tmp_path / "killed" / "folds"
    killed_once(lambda: len(list(folds.glob("[0-9]*.npz"))) >= 3, *what, tmp_path / "killed")
    done = {file.name: file.stat().st_mtime_ns for file in folds.glob("[0-9]*.npz")}
    assert 3 <= len(done) < 10
    assert not (tmp_path / "killed" / "predictions.csv").exists()
    assert start(*what, tmp_path / "killed").wait() == 0
    assert all((folds / name).stat().st_mtime_ns == at for name, at in done.items())
    whole, killed = (tmp_path / name / "predictions.csv" for name in ("whole", "killed"))
    assert whole.read_bytes() == killed.read_bytes()
