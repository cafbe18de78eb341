"""kill -9 in the middle of a preparation, a twin or films: the same command goes on, and ends with the same bytes."""

from __future__ import annotations

from pathlib import Path

from killing import killed_once, start

FILES = ("prepared.json", "clips.csv", "quality.csv", "arrays/rgb.npy", "arrays/flow.npy")


def _killed_at_first(folder: Path, pattern: str, cache: Path, *args: object) -> dict[Path, int]:
    """Kill a command when the first file of this pattern is there; the files that were, with their times."""
    killed_once(lambda: list(folder.glob(pattern)), *args, MIEN_CACHE=cache)
    return {file: file.stat().st_mtime_ns for file in folder.glob(pattern)}


def test_a_killed_preparation_goes_on_with_the_same_bytes(small_twin: Path, tmp_path: Path) -> None:
    what = ["prepare", "casme2", small_twin, "--recipe", "aie-cmcl-small", "--workers", "1", "--out"]
    whole, killed, cache = tmp_path / "whole", tmp_path / "killed", tmp_path / "cache"
    assert start(*what, whole, MIEN_CACHE=tmp_path / "other").wait() == 4
    done = _killed_at_first(cache / "clips", "[0-9a-f]*.npz", cache, *what, killed)
    assert 1 <= len(done) < 4 and not killed.exists()
    assert start(*what, killed, MIEN_CACHE=cache).wait() == 4
    assert all(file.stat().st_mtime_ns == at for file, at in done.items())
    for file in FILES:
        assert (killed / file).read_bytes() == (whole / file).read_bytes(), file
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "killed", "other", "whole"]


def test_a_killed_twin_goes_on_with_the_same_bytes(small_twin: Path, tmp_path: Path) -> None:
    sheet, twin = small_twin / "CASME2-coding-small.csv", tmp_path / "twin"
    what = ["data", "twin", "casme2", "--sheet", sheet, "--workers", "1", "--out", twin]
    done = _killed_at_first(twin, "truth/[a-z0-9]*.npz", tmp_path, *what)
    assert 1 <= len(done) < 4
    assert start(*what, MIEN_CACHE=tmp_path).wait() == 4
    assert all(file.stat().st_mtime_ns == at for file, at in done.items())
    made, other = (
        {file.relative_to(root): file.read_bytes() for file in root.rglob("[!.]*.*") if file.is_file()}
        for root in (twin, small_twin)  # a half-written frame may lie about under a hidden name
    )
    assert made == other


def test_killed_films_go_on_with_the_same_bytes(egl: None, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    what = ["data", "film", "--subjects", 2, "--minutes", 0.25, "--fps", 15, "--size", "96x72"]
    what += ["--workers", 1, "--out"]
    assert start(*what, whole, MIEN_CACHE=tmp_path).wait() == 0
    done = _killed_at_first(killed, "truth/s01_1.npz", tmp_path, *what, killed)
    assert len(done) == 1 and not (killed / "truth" / "s02_1.npz").exists()
    assert start(*what, killed, MIEN_CACHE=tmp_path).wait() == 0
    assert all(file.stat().st_mtime_ns == at for file, at in done.items())
    made, other = (
        {file.relative_to(root): file.read_bytes() for file in root.rglob("*") if file.is_file()}
        for root in (killed, whole)
    )
    assert made == other
