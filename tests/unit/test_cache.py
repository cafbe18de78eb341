"""The cache: what is counted, what is deleted, and what is never touched."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from mien.cache import DAY_S, PARTS, Amount, cache_folder, clear, held


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))
    for name, size in (
        ("clips/a.npz", 10),
        ("clips/b.npz", 20),
        ("features/ab/c.npy", 30),
        ("serve/upload.mp4", 40),
    ):
        path = cache_folder() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    return cache_folder()


def test_what_is_there_is_counted(folder: Path) -> None:
    assert held("clips") == Amount(2, 30) and held("features") == Amount(1, 30)
    assert held("vlm") == Amount(0, 0)


def test_one_part_is_deleted_and_nothing_else(folder: Path) -> None:
    assert clear("features") == Amount(1, 30)
    assert not (folder / "features").exists()
    assert held("clips") == Amount(2, 30) and (folder / "serve" / "upload.mp4").exists()
    assert "serve" not in PARTS


def test_what_was_made_lately_stays(folder: Path) -> None:
    old = time.time() - 3 * DAY_S
    os.utime(folder / "clips" / "a.npz", (old, old))
    assert clear("clips", older_than_days=2) == Amount(1, 10)
    assert (folder / "clips" / "b.npz").exists()


def test_what_a_link_points_to_is_never_touched(folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "data.csv").write_text("kept")
    (folder / "clips" / "file").symlink_to(mine / "data.csv")
    (folder / "clips" / "folder").symlink_to(mine)
    clear("clips")
    assert (mine / "data.csv").read_text() == "kept"
