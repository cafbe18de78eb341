"""Two runs side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import InputError
from mien.experiments.compare import compare
from mien.experiments.evaluate import evaluate
from mien.experiments.setting import EvaluateConfig
from mien.prepare.prepared import PreparedSet


def _run(small_set: PreparedSet, out: Path, model: str, task: str = "megc-3") -> Path:
    config = EvaluateConfig(
        model=model, data=str(small_set.path), task=task, seeds=1, backend="loop", device="cpu"
    )
    return evaluate(config, out).path


def test_a_run_against_the_majority(small_set: PreparedSet, tmp_path: Path) -> None:
    lda, majority = (_run(small_set, tmp_path / m, m) for m in ("lda-hoof", "majority"))
    found = compare(lda, majority)
    uar = found.differences["uar"]
    assert uar.b == pytest.approx(1 / 3) and uar.difference == pytest.approx(uar.a - uar.b)
    assert found.n_subjects == 5
    assert found.both + found.only_a + found.only_b + found.neither == found.n_clips


def test_runs_of_other_clips_are_refused(small_set: PreparedSet, tmp_path: Path) -> None:
    from mien.prepare.synthetic import synthetic_flow

    other = synthetic_flow(tmp_path / "other", subjects=4, clips_per_subject=8, seed=5)
    a, b = _run(small_set, tmp_path / "a", "majority"), _run(other, tmp_path / "b", "majority")
    with pytest.raises(InputError):
        compare(a, b)
