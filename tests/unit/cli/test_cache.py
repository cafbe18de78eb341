"""`mien cache`: what it shows, what it deletes, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "cache" / "clips" / "a.npz"
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(1500))
    return path


def test_what_the_cache_holds_is_shown_and_nothing_deleted(mien: Callable, kept: Path) -> None:
    code, out, _ = mien("cache")
    assert code == 0 and kept.exists()
    (row,) = (line for line in out.splitlines() if line.startswith("clips "))
    assert row.split()[-3:] == ["1", "1.5", "kB"]
    assert str(kept.parent.parent) in out.replace("\n", "")


@pytest.mark.parametrize("part", ["clips", "all"])
def test_a_part_is_deleted(mien: Callable, kept: Path, part: str) -> None:
    code, out, _ = mien("cache", "--clear", part)
    assert code == 0 and not kept.exists()
    assert "deleted from clips: 1 file, 1.5 kB" in out


def test_what_is_young_stays(mien: Callable, kept: Path) -> None:
    code, out, _ = mien("cache", "--clear", "clips", "--older-than", 1)
    assert code == 0 and kept.exists() and "deleted from clips: 0 files" in out


@pytest.mark.parametrize("call", [("--clear", "clip"), ("--older-than", 3), ("--clear", "serve")])
def test_a_wrong_call_deletes_nothing(mien: Callable, kept: Path, call: tuple[object, ...]) -> None:
    code, _, err = mien("cache", *call)
    assert code == 2 and "do:" in err
    assert kept.exists()
