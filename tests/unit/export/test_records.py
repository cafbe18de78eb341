"""events.json: valid JSON, numbers as in the CSV, null for what was not measured."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from mien.analysis.result import VideoAnalysis
from mien.export import facts
from mien.export.columns import EVENTS
from mien.export.records import json_bytes, plain
from mien.export.tables import csv_bytes, rows


def test_numbers_are_those_of_the_csv(analysis: VideoAnalysis) -> None:
    found = json.loads(json_bytes(analysis))
    text = csv_bytes(*rows(EVENTS, analysis.events, facts.classes(analysis), analysis)).decode()
    for written, row in zip(found["events"], csv.DictReader(io.StringIO(text, newline="")), strict=True):
        for name in ("onset_frame", "onset_s", "apex_s", "score", "doubt", "asymmetry", "duration_s"):
            assert float(row[name]) == written[name]
        assert {name: float(row[f"prob_{name}"]) for name in written["prob"]} == written["prob"]
        assert written["regions"][0]["u_px"] == float(row["region_1_u_px"])
        assert written["nearest"][1] == {
            "sentence": row["nearest_2"],
            "cosine": float(row["nearest_2_cosine"]),
        }


def test_everything_is_in_it_and_says_what_made_it(analysis: VideoAnalysis) -> None:
    found = json.loads(json_bytes(analysis))
    assert found["schema"] == "mien-events/1"
    assert found["settings"] == dict(analysis.settings)
    assert found["model"]["record"] == analysis.model["record"]
    assert found["detector"]["false_alarms_per_min"] == {"micro": 3.4, "macro": 1.25}
    assert {"mien", "python", "numpy", "av"} <= found["software"].keys()
    assert found["baseline"]["from_s"] == 0.0
    assert json.loads(json_bytes(replace(analysis, baseline=None)))["baseline"] == {
        "from_s": None,
        "to_s": None,
    }
    assert found["excluded"][0]["from_s"] == analysis.excluded[0][0]


def test_what_is_not_finite_is_null_and_nothing_else_is_lost(analysis: VideoAnalysis) -> None:
    odd = {
        "a": float("nan"),
        "b": np.float32(0.5),
        "c": (1, np.int64(2)),
        "d": Path("x"),
        1: np.array([1.0, np.inf]),
    }
    assert plain(odd) == {"a": None, "b": 0.5, "c": [1, 2], "d": "x", "1": [1.0, None]}

    class Setting(BaseModel):
        name: str = "n"

    assert plain(Setting()) == {"name": "n"}
    assert plain({3, 1}) == [1, 3]
    unsure = replace(analysis, events=(replace(analysis.events[0], doubt=float("nan"), prob={}, regions=()),))
    event = json.loads(json_bytes(unsure))["events"][0]
    assert event["doubt"] is None
    assert event["prob"] == {"negative": None, "positive": None, "surprise": None}
    assert event["regions"] == []
