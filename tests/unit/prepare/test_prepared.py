"""Prepared sets: what is written comes back, same content gives same bytes, nothing foreign is replaced."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from mien.clips.table import ClipTable
from mien.errors import InputError, UsageError
from mien.prepare.prepared import FLOW, MIN_MAX_UNIT, ArrayToWrite, PreparedSet


def table(n: int = 5) -> ClipTable:
    return ClipTable.from_rows(
        {
            "dataset": "synthetic",
            "subject": f"s{number % 2}",
            "clip": str(number),
            "key": f"k{number}",
            "fps": 200,
            "au": "4",
            "emotion": "negative",
        }
        for number in range(n)
    )


def flow(n: int = 5, seed: int = 0) -> ArrayToWrite:
    data = np.random.default_rng(seed).normal(size=(n, 3, 4, 6)).astype(np.float32)
    return ArrayToWrite(data, ("u", "v", "strain"), "px", "drawn at random")


def write(folder: Path, **changes: object) -> PreparedSet:
    arguments: dict[str, object] = {
        "name": "tiny",
        "table": table(),
        "arrays": {FLOW: flow()},
        "recipe": {"step": "test", "numbers": [1, 2]},
        **changes,
    }
    return PreparedSet.write(folder, **arguments)  # type: ignore[arg-type]


def content(folder: Path) -> Mapping[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    images = ArrayToWrite(np.full((5, 3, 2, 2), 7, np.uint8), ("u", "v", "strain"), MIN_MAX_UNIT, "made")
    write(tmp_path / "set", arrays={FLOW: flow(), "images": images})
    opened = PreparedSet.open(tmp_path / "set")
    assert (opened.name, len(opened), opened.recipe) == ("tiny", 5, {"step": "test", "numbers": [1, 2]})
    assert opened.table == table()
    assert np.array_equal(opened.arrays[FLOW], flow().data)
    assert opened.arrays["images"].dtype == np.uint8
    spec = opened.specs[FLOW]
    assert (spec.shape, spec.dtype, spec.channels, spec.unit) == (
        (5, 3, 4, 6),
        "float32",
        ("u", "v", "strain"),
        "px",
    )
    opened.verify()


def test_arrays_are_mapped_and_read_only(tmp_path: Path) -> None:
    array = write(tmp_path / "set").arrays[FLOW]
    assert isinstance(array, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = write(tmp_path / "a"), write(tmp_path / "b")
    assert content(tmp_path / "a") == content(tmp_path / "b")
    assert one.data_hash == other.data_hash


def test_an_array_in_another_memory_order_gives_the_same_bytes(tmp_path: Path) -> None:
    fortran = ArrayToWrite(np.asfortranarray(flow().data), ("u", "v", "strain"), "px", "drawn at random")
    assert write(tmp_path / "a").data_hash == write(tmp_path / "b", arrays={FLOW: fortran}).data_hash


@pytest.mark.parametrize("change", ["array", "label", "channels"])
def test_the_data_hash_follows_the_content(tmp_path: Path, change: str) -> None:
    before = write(tmp_path / "a").data_hash
    frame = table().frame
    frame.loc[0, "emotion"] = "positive"
    changes = {
        "array": {"arrays": {FLOW: flow(seed=1)}},
        "label": {"table": ClipTable(frame)},
        "channels": {"arrays": {"other_name": flow()}},
    }
    assert write(tmp_path / "b", **changes[change]).data_hash != before


def test_the_recipe_is_no_part_of_the_data_hash(tmp_path: Path) -> None:
    assert write(tmp_path / "a").data_hash == write(tmp_path / "b", recipe={}).data_hash


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path / "set")
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "set").rglob("*")}
    write(tmp_path / "set")
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "set").rglob("*")} == before
    assert [file.name for file in tmp_path.iterdir()] == ["set"]


def test_another_set_is_replaced_only_when_asked(tmp_path: Path) -> None:
    first = write(tmp_path / "set")
    with pytest.raises(UsageError, match="already holds another prepared set"):
        write(tmp_path / "set", arrays={FLOW: flow(seed=1)})
    assert PreparedSet.open(tmp_path / "set").data_hash == first.data_hash
    second = write(tmp_path / "set", arrays={FLOW: flow(seed=1)}, overwrite=True)
    assert second.data_hash != first.data_hash
    assert [file.name for file in tmp_path.iterdir()] == ["set"]


def test_foreign_files_are_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    for target in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(UsageError, match="holds something else"):
            write(target, overwrite=True)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    assert len(write(tmp_path / "set")) == 5


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(OSError, match="no space left"):
        write(tmp_path / "set")
    assert list(tmp_path.iterdir()) == []


def test_a_replacement_that_fails_keeps_the_old_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = write(tmp_path / "set")
    replace, calls = Path.replace, []

    def fail_the_second(self: Path, target: object) -> Path:
        if self.name == "set" and Path(str(target)) == tmp_path / "set":
            calls.append(self)
            raise OSError("gone")
        return replace(self, target)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "replace", fail_the_second)
    with pytest.raises(OSError, match="gone"):
        write(tmp_path / "set", arrays={FLOW: flow(seed=1)}, overwrite=True)
    assert len(calls) == 1
    assert PreparedSet.open(tmp_path / "set").data_hash == first.data_hash


def test_another_process_may_be_faster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, replace = tmp_path / "set", Path.replace

    def late(self: Path, other: object) -> Path:
        monkeypatch.setattr(Path, "replace", replace)
        write(target)
        return replace(self, other)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "replace", late)
    assert len(write(target)) == 5
    assert [file.name for file in tmp_path.iterdir()] == ["set"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"table": table(4)}, "the set has 4 clips"),
        ({"table": ClipTable.from_rows([])}, "the clip table is empty"),
        ({"arrays": {}}, "there is no array"),
        ({"arrays": {"../x": flow()}}, "lower-case letters, digits"),
        ({"arrays": {FLOW: ArrayToWrite(np.zeros((5, 3)), ("a", "b", "c"), "px", "")}}, "type is float64"),
        ({"arrays": {FLOW: ArrayToWrite(np.zeros(5, np.uint8), ("a",), "px", "")}}, "1 channel names"),
        ({"arrays": {FLOW: ArrayToWrite(np.zeros((5, 2), np.uint8), ("a",), "px", "")}}, "1 channel names"),
        ({"arrays": {FLOW: ArrayToWrite(np.zeros((5, 1, 0), np.uint8), ("a",), "px", "")}}, "it is empty"),
        (
            {"arrays": {FLOW: ArrayToWrite(np.full((5, 1), np.nan, "f4"), ("a",), "px", "")}},
            "NaN or infinity in 5",
        ),
    ],
)
def test_content_that_makes_no_set_is_refused(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    with pytest.raises(InputError) as refused:
        write(tmp_path / "set", **changes)
    assert words in str(refused.value)
    assert str(tmp_path / "set") in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_verify_names_the_changed_files(tmp_path: Path) -> None:
    prepared = write(tmp_path / "set")
    text = (tmp_path / "set" / "clips.csv").read_text().replace("negative", "positive", 1)
    (tmp_path / "set" / "clips.csv").write_text(text)
    array = np.load(tmp_path / "set" / "arrays" / f"{FLOW}.npy")
    array[0] += 1
    np.save(tmp_path / "set" / "arrays" / f"{FLOW}.npy", array)
    with pytest.raises(InputError) as refused:
        prepared.verify()
    assert "clips.csv: sha256" in str(refused.value)
    assert f"arrays/{FLOW}.npy: sha256" in str(refused.value)
    assert PreparedSet.open(tmp_path / "set").data_hash != prepared.data_hash


def test_a_set_can_be_sent_to_another_process(tmp_path: Path) -> None:
    prepared = write(tmp_path / "set")
    copy = pickle.loads(pickle.dumps(prepared))
    assert copy.data_hash == prepared.data_hash
    assert np.array_equal(copy.arrays[FLOW], prepared.arrays[FLOW])


def test_prepared_json_is_plain_and_without_machine_or_date(tmp_path: Path) -> None:
    write(tmp_path / "set")
    text = (tmp_path / "set" / "prepared.json").read_text()
    assert set(json.loads(text)) == {"schema", "name", "n_clips", "clips_sha256", "arrays", "recipe"}
    assert os.fspath(tmp_path) not in text
