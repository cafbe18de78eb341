"""Damaged prepared sets are refused in one clear message, never by a crash and never silently."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mien.clips.table import ClipTable
from mien.errors import InputError
from mien.prepare.prepared import FLOW, ArrayToWrite, PreparedSet

ARRAY = f"arrays/{FLOW}.npy"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A prepared set of six clips."""
    table = ClipTable.from_rows(
        {
            "dataset": "synthetic",
            "subject": "s",
            "clip": str(n),
            "key": f"k{n}",
            "fps": 200,
            "emotion": "fear",
        }
        for n in range(6)
    )
    data = np.random.default_rng(0).normal(size=(6, 3, 4, 4)).astype(np.float32)
    arrays = {FLOW: ArrayToWrite(data, ("u", "v", "strain"), "px", "drawn at random")}
    PreparedSet.write(tmp_path / "set", name="tiny", table=table, arrays=arrays, recipe={})
    return tmp_path / "set"


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as refused:
        PreparedSet.open(folder)
    assert refused.value.exit_code == 3
    assert str(folder) in str(refused.value)
    return str(refused.value)


def change_json(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    file = folder / "prepared.json"
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))


def change_array(folder: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    np.save(folder / ARRAY, change(np.load(folder / ARRAY)), allow_pickle=True)


def test_the_set_itself_is_good(folder: Path) -> None:
    opened = PreparedSet.open(folder)
    opened.verify()
    assert len(opened) > 0 and FLOW in opened.arrays


def test_a_missing_array(folder: Path) -> None:
    (folder / ARRAY).unlink()
    assert f"array {FLOW!r}: the file {ARRAY} is missing" in refusal(folder)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number(folder: Path, value: float) -> None:
    def spoil(array: np.ndarray) -> np.ndarray:
        array[[1, 4], 2, 3, 3] = value
        return array

    change_array(folder, spoil)
    assert f"array {FLOW!r}: NaN or infinity in 2 of the clips (rows 1, 4)" in refusal(folder)


def test_values_are_checked_chunk_by_chunk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(array: np.ndarray) -> np.ndarray:
        array[5] = np.nan
        return array

    monkeypatch.setattr("mien.prepare.layout._CHUNK_BYTES", 2 * 3 * 4 * 4 * 4)
    change_array(folder, spoil)
    assert "in 1 of the clips (rows 5)" in refusal(folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: a[:5], "the shape is (5, 3, 4, 4), but the set has 6 clips"),
        (lambda a: a[:, :2], "the shape is (6, 2, 4, 4), but prepared.json says (6, 3, 4, 4)"),
        (lambda a: a.reshape(6, 3, 16), "the shape is (6, 3, 16), but prepared.json says"),
        (lambda a: a[0, 0, 0, 0], "the shape is ()"),
        (lambda a: a[:0], "the shape is (0, 3, 4, 4)"),
        (lambda a: a.astype(np.float64), "the type is float64, but prepared.json says float32"),
        (lambda a: a.astype(">f4"), "the type is >f4, but prepared.json says float32"),
        (lambda a: a.astype(object), "is damaged, cut off or no array file"),
    ],
)
def test_an_array_of_another_shape_or_type(
    folder: Path, change: Callable[[np.ndarray], np.ndarray], words: str
) -> None:
    change_array(folder, change)
    assert words in refusal(folder)


class _Bomb:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return (pytest.fail, ("a prepared set was unpickled",))


def test_a_pickle_is_never_loaded(folder: Path) -> None:
    (folder / ARRAY).write_bytes(pickle.dumps(_Bomb()))
    assert "damaged, cut off or no array file" in refusal(folder)
    np.save(folder / ARRAY, np.array([_Bomb()] * 6, dtype=object), allow_pickle=True)
    assert "damaged, cut off or no array file" in refusal(folder)


def test_an_archive_under_the_name_of_an_array(folder: Path) -> None:
    np.savez(folder / "other.npz", a=np.zeros(3))
    (folder / "other.npz").replace(folder / ARRAY)
    assert "is an archive, not one array" in refusal(folder)


@pytest.mark.parametrize("part", [0, 5, 40, 127, 128, 200, -1])
def test_a_truncated_array(folder: Path, part: int) -> None:
    content = (folder / ARRAY).read_bytes()
    (folder / ARRAY).write_bytes(content[:part])
    assert "is damaged, cut off or no array file" in refusal(folder)


def test_duplicate_clip_keys(folder: Path) -> None:
    file = folder / "clips.csv"
    file.write_text(file.read_text().replace("k3", "k1"))
    assert "the clip key 'k1' occurs more than once (rows 1, 3)" in refusal(folder)


def test_a_missing_clip_table(folder: Path) -> None:
    (folder / "clips.csv").unlink()
    assert "clips.csv: the clip table cannot be read" in refusal(folder)


def test_a_truncated_clip_table(folder: Path) -> None:
    file = folder / "clips.csv"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:-1]))
    assert "clips.csv: 5 clips, but prepared.json says 6" in refusal(folder)
    file.write_text("".join(lines)[:-20])
    assert "clips.csv: the clip table cannot be read" in refusal(folder)


def test_all_problems_are_told_at_once(folder: Path) -> None:
    file = folder / "clips.csv"
    file.write_text(file.read_text().replace("k3", "k1"))
    change_array(folder, lambda array: array * np.nan)
    change_json(
        folder, lambda c: c["arrays"].update(second={**c["arrays"][FLOW], "file": "arrays/second.npy"})
    )
    message = refusal(folder)
    assert "occurs more than once" in message
    assert "NaN or infinity in 6 of the clips (rows 0, 1, 2, 3, 4, ...)" in message
    assert "array 'second': the file arrays/second.npy is missing" in message


def test_no_prepared_json(folder: Path) -> None:
    (folder / "prepared.json").unlink()
    assert "this is not a prepared set" in refusal(folder)


def test_no_such_folder(tmp_path: Path) -> None:
    assert "no such folder" in refusal(tmp_path / "nothing")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"schema": 1'])
def test_an_unreadable_json(folder: Path, content: bytes) -> None:
    (folder / "prepared.json").write_bytes(content)
    assert "prepared.json cannot be read" in refusal(folder)


def test_a_newer_schema_asks_for_an_update(folder: Path) -> None:
    change_json(folder, lambda c: c.update(schema=2, shards=[]))
    message = refusal(folder)
    assert "written by a newer version of Mien" in message
    assert "schema 2" in message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.pop("arrays"), "arrays: Field required"),
        (lambda c: c.update(arrays={}), "arrays: "),
        (lambda c: c.update(n_clips="six"), "n_clips: "),
        (lambda c: c.update(extra=1), "extra: "),
        (lambda c: c.update(schema="1"), "schema: "),
        (lambda c: c["arrays"][FLOW].update(dtype="object"), "arrays.onset_apex_flow.dtype: "),
        (lambda c: c["arrays"][FLOW].update(sha256="0"), "arrays.onset_apex_flow.sha256: "),
        (lambda c: c["arrays"][FLOW].update(file="../../secret.npy"), "its file must be arrays/<name>.npy"),
        (lambda c: c["arrays"].update({"../x": c["arrays"].pop(FLOW)}), "its file must be arrays/<name>.npy"),
        (lambda c: c["arrays"][FLOW].update(channels=["u"]), "it has 1 channel names"),
        (lambda c: c.update(n_clips=7), "but prepared.json says 7"),
    ],
)
def test_a_json_that_says_something_else(
    folder: Path, change: Callable[[dict[str, Any]], object], words: str
) -> None:
    change_json(folder, lambda content: change(content) and None)
    assert words in refusal(folder)


@pytest.mark.parametrize("content", ["[]", "null", "3", '"text"'])
def test_json_of_another_kind(folder: Path, content: str) -> None:
    (folder / "prepared.json").write_text(content)
    assert "does not describe a prepared set" in refusal(folder)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_to_any_file_is_refused_or_found_by_verify(folder: Path, data: st.DataObject) -> None:
    file = folder / data.draw(st.sampled_from(["prepared.json", "clips.csv", ARRAY]))
    good = file.read_bytes()
    at = data.draw(st.integers(0, len(good) - 1))
    if data.draw(st.booleans()):
        bad = good[:at]
    else:
        bad = good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :]
    file.write_bytes(bad)
    try:
        opened = PreparedSet.open(folder)
        if file.name != "prepared.json":
            with pytest.raises(InputError):
                opened.verify()
    except InputError:
        pass
    finally:
        file.write_bytes(good)
