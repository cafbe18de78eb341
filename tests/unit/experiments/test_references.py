"""References come with every evaluation, on its folds; none of them knows a held-out label or has a favourite."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

from mien.clips import tasks
from mien.experiments.evaluate import evaluate
from mien.experiments.references import references
from mien.experiments.setting import EvaluateConfig
from mien.prepare.prepared import PreparedSet


def config(data: PreparedSet, model: str = "lda-hoof", protocol: str = "loso") -> EvaluateConfig:
    return EvaluateConfig(
        model=model,
        data=str(data.path),
        task="megc-3",
        protocol=protocol,
        seeds=2,
        backend="loop",
        device="cpu",
    )


@pytest.mark.parametrize("protocol", ["loso", "kfold:2"])
def test_they_are_what_evaluating_them_gives(protocol: str, small_set: PreparedSet, tmp_path: Path) -> None:
    found = references(config(small_set, protocol=protocol))
    assert list(found) == ["au-oracle", "majority"]
    for name, scores in found.items():
        run = evaluate(config(small_set, name, protocol), tmp_path / name)
        metrics = json.loads((run.path / "metrics.json").read_text("utf-8"))
        assert scores["n_clips"] == metrics["n_clips"] == 40
        for score in ("accuracy", "uf1", "uar"):
            assert scores[score]["mean"] == pytest.approx(metrics[score]["mean"], abs=1e-12)


def test_they_stand_in_the_metrics_of_a_run(small_set: PreparedSet, tmp_path: Path) -> None:
    run = evaluate(config(small_set), tmp_path / "run")
    assert json.loads((run.path / "metrics.json").read_text("utf-8"))["references"] == references(
        config(small_set)
    )


def test_the_majority_is_that_of_the_training_clips(small_set: PreparedSet) -> None:
    labels = np.asarray(tasks.get("megc-3").assign(small_set.table).labels)
    groups = small_set.table.groups
    said = np.empty_like(labels)
    for group in np.unique(groups):
        values, counts = np.unique(labels[groups != group], return_counts=True)
        said[groups == group] = values[counts.argmax()]
    found = references(config(small_set))["majority"]
    assert found["accuracy"]["mean"] == pytest.approx(np.mean(said == labels))
    assert found["uf1"]["mean"] == pytest.approx(f1_score(labels, said, average="macro"))


def test_a_set_without_a_coding_says_why_there_is_no_oracle(uncoded_set: PreparedSet) -> None:
    found = references(config(uncoded_set))
    assert "no AU coding" in found["au-oracle"]["missing"] and "40" in found["au-oracle"]["missing"]
    assert found["majority"]["n_clips"] == 40


def test_a_reference_is_not_its_own_reference(small_set: PreparedSet) -> None:
    assert list(references(config(small_set, "majority"))) == ["au-oracle"]
