"""The run folder: pieces are whole or absent, and damage is told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mien.errors import InputError, UsageError
from mien.experiments.jobs import FoldResult, Job
from mien.experiments.run import SCHEMA, Run

RECORD = {"schema": SCHEMA, "model": "m", "options": {}, "classes": ["a", "b"], "command": "mien evaluate m"}


def test_results_are_stored_and_loaded(tmp_path: Path) -> None:
    run = Run.begin(tmp_path / "run", RECORD)
    result = FoldResult(Job(1, 2), np.array([[0.3, 0.7]]), 0.5, "now", weights=b"w")
    assert not run.has(result.job)
    run.store(result)
    assert run.has(result.job) and run.load(result.job).prob.tolist() == [[0.3, 0.7]]
    assert (run.path / "weights" / "1-002.safetensors").read_bytes() == b"w"
    assert not list(run.path.rglob("*.part"))


def test_the_same_evaluation_is_resumed_and_another_refused(tmp_path: Path) -> None:
    Run.begin(tmp_path / "run", RECORD | {"started": "then"})
    assert Run.begin(tmp_path / "run", RECORD | {"started": "now"}).record["started"] == "then"
    with pytest.raises(UsageError, match="model: 'm' there, 'n' asked"):
        Run.begin(tmp_path / "run", RECORD | {"model": "n"})


def test_a_call_killed_while_writing_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".run.json.77.part").write_text("{")
    assert Run.begin(tmp_path / "run", RECORD).record["model"] == "m"
    (tmp_path / "run" / "folds").mkdir()
    (tmp_path / "run" / "folds" / ".0-000.npz.77.part").write_text("x")
    assert Run.begin(tmp_path / "run", RECORD).record["model"] == "m"
    assert not list((tmp_path / "run").rglob("*.part"))


@pytest.mark.parametrize("content", ["", "[]", "{}", "{", '"text"', "\x00"])
def test_a_damaged_record_is_told(content: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(InputError, match=r"run\.json is damaged"):
        Run.read_record(tmp_path)


def test_a_newer_record_is_told(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps(RECORD | {"schema": 99}))
    with pytest.raises(InputError, match="another version"):
        Run.read_record(tmp_path)


@pytest.mark.parametrize("text", ["", "key,seed\nx,0\n",
"key,dataset,subject,fold,seed,truth,predicted,prob_a,prob_b\n"
                                  "k,d,s,f,0,a,a,high,low\n"])  # fmt: skip
def test_damaged_predictions_are_told(text: str, tmp_path: Path) -> None:
    run = Run.begin(tmp_path / "run", RECORD)
    (run.path / "predictions.csv").write_text(text)
    with pytest.raises(InputError, match=r"predictions\.csv is damaged"):
        run.predictions()
