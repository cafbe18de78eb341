"""Preparing many clips takes no more memory than preparing few."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from mien.facs.annotation import parse
from mien.synthesis.filming import FilmedClip, film


@pytest.fixture
def frames(egl: None, tmp_path: Path) -> Path:
    """A folder with 12 frames of one face."""
    import cv2

    folder = tmp_path / "filmed"
    folder.mkdir()
    clip = FilmedClip(0, 1, 1, parse("4"), 0, 6, 11, first_number=0, n_frames=12, fps=30.0, size=(320, 240))
    with film(clip) as filmed:
        for number, image in filmed.frames():
            cv2.imwrite(str(folder / f"{number:05d}.png"), image[:, :, ::-1])
    return folder


def _peak_kb(n_clips: int, frames: Path, folder: Path) -> int:
    """Peak memory of the largest process while this many clips are prepared."""
    shutil.copytree(frames, folder / "frames")
    lines = ["subject,clip,path,fps,onset,apex,offset,au,emotion"]
    # Clips differ in their annotation: none is in the cache already.
    for i in range(n_clips):
        onset, apex, offset = i % 4, 4 + i // 4 % 3, 7 + i // 12 % 5
        lines.append(f"s{i % 5},c{i},frames,30,{onset},{apex},{offset},4,happiness")
    (folder / "clips.csv").write_text("\n".join(lines), encoding="utf-8")
    command = ["-m", "mien", "prepare", "own", folder, "--recipe", "aie-cmcl", "--workers", "1"]
    command = [sys.executable, *command, "--out", folder / "set"]
    environment = {**os.environ, "MIEN_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet)
    peak = 0
    while process.poll() is None:
        peak = max(peak, *(_own_kb(one) for one in [process.pid, *_children(process.pid)]))
        time.sleep(0.01)
    assert process.returncode == 0
    return peak


def _own_kb(pid: int) -> int:
    """Memory of a process that no file stands behind: pages of mapped arrays can be taken back at any time."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    found = re.search(r"RssAnon:\s*(\d+) kB", status)
    return int(found[1]) if found else 0


def _children(pid: int) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_clips(frames: Path, tmp_path: Path) -> None:
    few, many = (_peak_kb(n, frames, tmp_path / str(n)) for n in (5, 60))
    # 55 clips of 16 frames of 112 px, RGB and float flow, would be 210 MB more.
    assert many < 1.1 * few, (few, many)
