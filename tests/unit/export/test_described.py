"""The data dictionary is complete, and the document is what the code says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mien.analysis.result import Event, FrameRow, RegionMotion, VideoAnalysis
from mien.export.columns import EVENTS, FRAMES
from mien.export.described import OUTPUTS, described, document
from mien.export.dictionary import Column, expanded
from mien.export.records import record

ROOT = Path(__file__).resolve().parents[3]
EVERY = [(file, column) for file, columns in OUTPUTS.items() for column in columns]


@pytest.mark.parametrize(("file", "column"), EVERY, ids=[f"{file}-{column.name}" for file, column in EVERY])
def test_every_entry_says_unit_range_order_and_meaning(file: str, column: Column) -> None:
    assert all((column.unit, column.range, column.order, column.meaning))
    assert (column.unit == "-") == (column.type in ("text", "object")), "numbers have a unit, words have none"


@pytest.mark.parametrize("file", OUTPUTS)
def test_no_name_stands_twice_in_a_file(file: str) -> None:
    names = [name for name, _, _ in expanded(OUTPUTS[file], ("a", "b"))]
    assert len(set(names)) == len(names)


def test_every_value_of_a_frame_has_a_column_and_the_first_five_are_those_that_readers_know() -> None:
    names = [column.name for column in FRAMES]
    assert names == list(FrameRow.__dataclass_fields__)
    assert names[:5] == ["frame", "timestamp", "face_id", "confidence", "success"]


def test_every_value_of_an_event_is_written_somewhere(analysis: VideoAnalysis) -> None:
    written = set(record(analysis)["events"][0])
    assert set(Event.__dataclass_fields__) - {"pictures"} <= written
    assert set(RegionMotion.__dataclass_fields__) <= set(record(analysis)["events"][0]["regions"][0])


def test_columns_per_class_follow_the_models_order() -> None:
    names = [name for name, _, _ in expanded(EVENTS, ("z", "a"))]
    assert [name for name in names if name.startswith("prob_")] == ["prob_z", "prob_a"]
    assert [
        e.column for e in described(("z", "a")) if e.column.startswith("n_") and e.column[2:] in "za"
    ] == ["n_z", "n_a"]


def test_every_value_of_the_json_has_an_entry(analysis: VideoAnalysis) -> None:
    entries = {
        entry.column: entry
        for entry in described(("negative", "positive", "surprise"))
        if entry.file == "events.json"
    }
    objects = tuple(f"{name}." for name, entry in entries.items() if entry.type == "object")
    missing = {way for way in _ways(json.loads(json.dumps(record(analysis)))) if way not in entries}
    assert {way for way in missing if not way.startswith(objects)} == set()


def _ways(value: object, way: str = "") -> set[str]:
    """The ways to all leaves, list places as []."""
    if isinstance(value, dict):
        return set().union(*(_ways(inner, f"{way}.{key}" if way else key) for key, inner in value.items()))
    if isinstance(value, list):
        return set().union(*(_ways(inner, f"{way}[]") for inner in value))
    return {way}


def test_the_document_is_current() -> None:
    kept = (ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    assert kept == document(), "write it again with mien.export.described.document()"
