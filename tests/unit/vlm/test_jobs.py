"""Jobs from a prepared set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mien.errors import InputError, UsageError
from mien.experiments.evaluate import evaluate
from mien.experiments.setting import EvaluateConfig
from mien.prepare.prepared import PreparedSet
from mien.vlm.jobs import How, job_of_set, shown_of_set
from mien.vlm.results import TITLES
from mien.vlm.running import run
from vlm_server import Server


def test_a_set_is_asked_about_with_a_supervised_run_beside(
    how: Callable[..., How], small_set: PreparedSet, tmp_path: Path
) -> None:
    config = EvaluateConfig(model="majority", data=str(small_set.path), task="megc-3", seeds=2, device="cpu")
    done = evaluate(config, tmp_path / "majority")
    beside = (tmp_path / "majority",)
    job = job_of_set(
        str(small_set.path), "micro-expression", "megc-3", "choice", how("flow"), clips=20, beside=beside
    )
    assert len(job.questions) == 20
    scores = run(job, tmp_path / "run").metrics["topics"]["micro-expression"]["scores"]
    title = "majority (supervised, loso)"
    assert list(scores) == [TITLES["model"], TITLES["none"], title, "majority", "prior", "uniform"]
    table = done.predictions()
    ours = table[table["key"].isin({q.clip for q in job.questions})]
    right = (ours["truth"] == ours["predicted"]).mean()
    assert scores[title]["accuracy"]["value"] == pytest.approx(right)


def test_a_run_of_another_task_or_set_is_no_neighbour(
    how: Callable[..., How], small_set: PreparedSet, tmp_path: Path
) -> None:
    config = EvaluateConfig(model="majority", data=str(small_set.path), task="megc-3", seeds=1, device="cpu")
    evaluate(config, tmp_path / "run")
    with pytest.raises(InputError, match="another task"):
        job_of_set(
            str(small_set.path), "expression", "emotions", "choice", how("flow"), beside=(tmp_path / "run",)
        )
    with pytest.raises(UsageError, match="--beside"):
        job_of_set(
            str(small_set.path), "action-units", None, "choice", how("flow"), beside=(tmp_path / "run",)
        )


def test_nothing_shown_needs_no_control(how: Callable[..., How], small_set: PreparedSet) -> None:
    job = job_of_set(str(small_set.path), "micro-expression", "megc-3", "choice", how("none"))
    assert job.controls == ()


def test_an_unknown_encoding_is_refused(how: Callable[..., How]) -> None:
    with pytest.raises(UsageError, match="overlay"):
        how("hologram")


def test_what_would_be_sent_can_be_looked_at(server: Server, small_clips: PreparedSet) -> None:
    key = small_clips.table.keys[0]
    texts, shown = shown_of_set(
        str(small_clips.path), "micro-expression", "megc-3", "judge", key, "strip", 64
    )
    assert len(texts) == 2 and len(shown.pictures) == 1
    with pytest.raises(UsageError, match=key):
        shown_of_set(str(small_clips.path), "micro-expression", "megc-3", "judge", f"{key}x", "strip", 64)
    assert server.requests == []
