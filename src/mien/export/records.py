"""events.json: everything an analysis found but its frames, with the versions of the software that found it."""

from __future__ import annotations

import dataclasses
import json
import math
import platform
from collections.abc import Mapping
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

import mien
from mien.analysis.result import Event, VideoAnalysis
from mien.export import facts, naming
from mien.export.columns import EVENTS, SUMMARY
from mien.export.dictionary import Column
from mien.export.tables import rows

SCHEMA = "mien-events/1"
_SOFTWARE = ("numpy", "av", "opencv-contrib-python-headless", "mediapipe", "torch")


def json_bytes(analysis: VideoAnalysis) -> bytes:
    """The file: UTF-8, numbers as in the CSV, null for what was not measured."""
    text = json.dumps(record(analysis), ensure_ascii=False, indent=1, allow_nan=False)
    return (text + "\n").encode("utf-8", "backslashreplace")


def record(analysis: VideoAnalysis) -> dict[str, Any]:
    """What the file holds, ready for JSON."""
    named = facts.classes(analysis)
    (summary,) = _as_records(SUMMARY, [analysis], analysis)
    events = _as_records(EVENTS, analysis.events, analysis)
    for written, event in zip(events, analysis.events, strict=True):
        written |= _lists(event, named)
    found = {
        "schema": SCHEMA,
        "source": analysis.source,
        "software": _software(),
        "video": dict(analysis.video),
        "summary": summary,
        "excluded": [{"from_s": start, "to_s": end} for start, end in analysis.excluded],
        "baseline": dict(zip(("from_s", "to_s"), analysis.baseline or (None, None), strict=True)),
        "settings": analysis.settings,
        "model": analysis.model,
        "detector": analysis.detector,
        "stages_s": analysis.stages_s,
        "notes": analysis.notes,
        "frames_file": naming.FRAMES,
        "events": events,
    }
    made: dict[str, Any] = plain(found)
    return made


def _as_records(columns: tuple[Column, ...], records: Any, analysis: VideoAnalysis) -> list[dict[str, Any]]:
    """The table's rows by column, without what the lists beside them hold in full."""
    in_lists = ("prob_", "region_", "nearest_")
    kept = [column for column in columns if not column.name.startswith(in_lists)]
    heads, body = rows(kept, records, facts.classes(analysis), analysis)
    return [dict(zip(heads, row, strict=True)) for row in body]


def _lists(event: Event, classes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "prob": {name: event.prob.get(name, facts.NAN) for name in classes},
        "regions": [dataclasses.asdict(each) | {"size_px": each.size_px} for each in event.regions],
        "nearest": [{"sentence": sentence, "cosine": cosine} for sentence, cosine in event.nearest],
    }


def _software() -> dict[str, str]:
    """Versions of Mien, Python, and of what measured."""
    found = {"mien": mien.__version__, "python": platform.python_version()}
    for name in _SOFTWARE:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def plain(value: object) -> Any:
    """The value in what JSON knows: records and numpy's arrays become lists and objects, what is not finite null."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    if hasattr(value, "model_dump"):
        return plain(value.model_dump())
    return value.isoformat() if isinstance(value, date) else str(value)
