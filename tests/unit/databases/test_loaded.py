"""Clips of one kind."""

from __future__ import annotations

import pytest

from mien.clips.table import ClipTable
from mien.databases.loaded import of_kind
from mien.errors import InputError


def _table() -> ClipTable:
    return ClipTable.from_rows(
        {"dataset": "own", "subject": "a", "clip": key, "key": key, "fps": 30.0, "emotion": ""}
        for key in "xyz"
    )


def test_clips_of_one_kind_are_kept_and_those_without_a_kind_are_micro() -> None:
    kinds = {"x": "macro", "y": "micro"}
    assert of_kind(_table(), kinds, "macro").keys.tolist() == ["x"]
    assert of_kind(_table(), kinds, "micro").keys.tolist() == ["y", "z"]
    assert of_kind(_table(), kinds, None).keys.tolist() == ["x", "y", "z"]
    with pytest.raises(InputError, match="no macro-expressions"):
        of_kind(_table(), {}, "macro")
