"""kill -9 in the middle of a preparation, a twin or films: the same command goes on, and ends with the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

FILES = ("prepared.json", "clips.csv", "quality.csv", "arrays/rgb.npy", "arrays/flow.npy")


def _mien(*args: object, cache: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mien", *map(str, args)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env={**os.environ, "MIEN_CACHE": str(cache)}, stdout=quiet, stderr=quiet)


def _kill_after(args: Sequence[object], cache: Path, folder: Path, pattern: str) -> dict[Path, int]:
    """Run a command, kill it when the first file of this pattern is there; the files that were, with their times."""
    process = _mien(*args, cache=cache)
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline and not list(folder.glob(pattern)):
        time.sleep(0.005)
    workers = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not psutil.wait_procs(workers, timeout=60)[1], "workers leave with their parent"
    return {file: file.stat().st_mtime_ns for file in folder.glob(pattern)}


def test_a_killed_preparation_goes_on_with_the_same_bytes(small_twin: Path, tmp_path: Path) -> None:
    what = ["prepare", "casme2", small_twin, "--recipe", "aie-cmcl-small", "--workers", "1", "--out"]
    whole, killed, cache = tmp_path / "whole", tmp_path / "killed", tmp_path / "cache"
    assert _mien(*what, whole, cache=tmp_path / "other").wait() == 4
    done = _kill_after([*what, killed], cache, cache / "clips", "[0-9a-f]*.npz")
    assert 1 <= len(done) < 4 and not killed.exists()
    assert _mien(*what, killed, cache=cache).wait() == 4
    assert all(file.stat().st_mtime_ns == at for file, at in done.items())
    for file in FILES:
        assert (killed / file).read_bytes() == (whole / file).read_bytes(), file
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "killed", "other", "whole"]


def test_a_killed_twin_goes_on_with_the_same_bytes(small_twin: Path, tmp_path: Path) -> None:
    sheet, twin = small_twin / "CASME2-coding-small.csv", tmp_path / "twin"
    what = ["data", "twin", "casme2", "--sheet", sheet, "--workers", "1", "--out", twin]
    done = _kill_after(what, tmp_path, twin, "truth/[a-z0-9]*.npz")
    assert 1 <= len(done) < 4
    assert _mien(*what, cache=tmp_path).wait() == 4
    assert all(file.stat().st_mtime_ns == at for file, at in done.items())
    made, other = (
        {file.relative_to(root): file.read_bytes() for file in root.rglob("[!.]*.*") if file.is_file()}
        for root in (twin, small_twin)  # a half-written frame may lie about under a hidden name
    )
    assert made == other


def test_killed_films_go_on_with_the_same_bytes(egl: None, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    what = [
        "data",
        "film",
        "--subjects",
        2,
        "--minutes",
        0.25,
        "--fps",
        15,
        "--size",
        "96x72",
        "--workers",
        1,
    ]
    assert _mien(*what, "--out", whole, cache=tmp_path).wait() == 0
    done = _kill_after([*what, "--out", killed], tmp_path, killed, "truth/s01_1.npz")
    assert len(done) == 1 and not (killed / "truth" / "s02_1.npz").exists()
    assert _mien(*what, "--out", killed, cache=tmp_path).wait() == 0
    assert all(file.stat().st_mtime_ns == at for file, at in done.items())
    made, other = (
        {file.relative_to(root): file.read_bytes() for file in root.rglob("*") if file.is_file()}
        for root in (killed, whole)
    )
    assert made == other
