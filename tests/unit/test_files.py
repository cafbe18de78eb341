"""Files appear under their name only when they are complete."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mien.errors import UsageError
from mien.files import begin_folder, write_json, write_whole, written_whole


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_is_written_into_a_new_folder_and_nothing_else_is_left(tmp_path: Path, durable: bool) -> None:
    write_whole(tmp_path / "deep" / "file", b"content", durable=durable)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["file"]
    assert (tmp_path / "deep" / "file").read_bytes() == b"content"


def test_the_old_file_stays_until_the_new_one_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")

    def stop(self: Path, target: Path) -> Path:
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "replace", stop)
    with pytest.raises(OSError, match="full"):
        write_whole(file, b"new")
    assert file.read_bytes() == b"old"


def test_a_large_file_gets_its_name_at_the_end(tmp_path: Path) -> None:
    with written_whole(tmp_path / "deep" / "film.mp4") as temporary:
        assert temporary.suffix == ".mp4"
        temporary.write_bytes(b"new")
        assert not (tmp_path / "deep" / "film.mp4").exists()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["film.mp4"]


def test_a_large_file_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"old")
    with pytest.raises(RuntimeError), written_whole(tmp_path / "film.mp4") as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_numbers_that_are_none_become_null(tmp_path: Path) -> None:
    write_json(tmp_path / "j.json", {"x": float("nan"), "y": [1.5, float("nan")]})
    assert json.loads((tmp_path / "j.json").read_text()) == {"x": None, "y": [1.5, None]}


def test_a_folder_is_begun_once_and_gone_on_with(tmp_path: Path) -> None:
    root = tmp_path / "deep" / "films"
    begin_folder(root, "films.json", {"seed": 0, "size": (4, 3)}, holds="films")
    (root / "a.mp4").write_bytes(b"film")
    begin_folder(root, "films.json", {"seed": 0, "size": (4, 3)}, holds="films")
    assert json.loads((root / "films.json").read_text()) == {"seed": 0, "size": [4, 3]}
    assert (root / "a.mp4").read_bytes() == b"film"


def test_a_folder_of_another_order_is_refused_and_left_alone(tmp_path: Path) -> None:
    begin_folder(tmp_path, "films.json", {"seed": 0}, holds="films")
    before = (tmp_path / "films.json").read_bytes()
    with pytest.raises(UsageError, match="films of another order"):
        begin_folder(tmp_path, "films.json", {"seed": 1}, holds="films")
    assert (tmp_path / "films.json").read_bytes() == before


@pytest.mark.parametrize("damaged", [b"", b"{", b"\xff\xfe"])
def test_a_damaged_record_is_refused_and_left_alone(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "films.json").write_bytes(damaged)
    with pytest.raises(UsageError, match="films of another order"):
        begin_folder(tmp_path, "films.json", {"seed": 0}, holds="films")
    assert (tmp_path / "films.json").read_bytes() == damaged


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="does not hold films"):
        begin_folder(tmp_path, "films.json", {"seed": 0}, holds="films")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_whose_beginning_was_killed_can_be_begun(tmp_path: Path) -> None:
    (tmp_path / ".films.json.4711.part").write_bytes(b'{"se')
    begin_folder(tmp_path, "films.json", {"seed": 0}, holds="films")
    assert [path.name for path in tmp_path.iterdir()] == ["films.json"]
