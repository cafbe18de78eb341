"""kill -9 in the middle of a run: the same command goes on, and ends with the same file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mien.prepare.prepared import PreparedSet


def _command(small_set: PreparedSet, out: Path, backend: str) -> list[str]:
    given = f"--task megc-3 --seeds 2 --set epochs=150 --backend {backend} --device cpu".split()
    return [
        sys.executable,
        "-m",
        "mien",
        "evaluate",
        "ststnet",
        "--data",
        str(small_set.path),
        *given,
        "--out",
        str(out),
    ]


@pytest.mark.parametrize("backend", ["loop", "processes"])
def test_killed_and_resumed_equals_undisturbed(backend: str, small_set: PreparedSet, tmp_path: Path) -> None:
    subprocess.run(_command(small_set, tmp_path / "whole", backend), check=True, capture_output=True)
    command = _command(small_set, tmp_path / "killed", backend)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    folds = tmp_path / "killed" / "folds"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and len(list(folds.glob("[0-9]*.npz"))) < 3:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = {file.name: file.stat().st_mtime_ns for file in folds.glob("[0-9]*.npz")}
    assert 3 <= len(done) < 10
    assert not (tmp_path / "killed" / "predictions.csv").exists()
    subprocess.run(command, check=True, capture_output=True)
    assert all((folds / name).stat().st_mtime_ns == at for name, at in done.items())
    whole, killed = (tmp_path / name / "predictions.csv" for name in ("whole", "killed"))
    assert whole.read_bytes() == killed.read_bytes()


def test_workers_of_a_killed_run_leave(small_set: PreparedSet, tmp_path: Path) -> None:
    command = _command(small_set, tmp_path / "run", "processes")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list((tmp_path / "run").glob("folds/[0-9]*.npz")):
        time.sleep(0.02)
    children = [
        int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    ]
    assert children
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and any(_alive(pid) for pid in children):
        time.sleep(0.1)
    assert not any(_alive(pid) for pid in children)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
