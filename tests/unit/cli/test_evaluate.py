"""`mien evaluate`: the run it writes, what it prints, and each wrong call with its code and one message."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mien.prepare.prepared import PreparedSet


@pytest.fixture
def evaluate(mien: Callable, small_set: PreparedSet, tmp_path: Path) -> Callable:
    """Call `mien evaluate MODEL` on the small set with further arguments; the run is `tmp_path / "run"`."""

    def call(model: str, *more: object) -> tuple[int, str, str]:
        given = [str(arg) for arg in more]
        where = [] if "--data" in given else ["--data", small_set.path]
        task = [] if "--task" in given else ["--task", "megc-3"]
        return mien("evaluate", model, *where, *task, "--out", tmp_path / "run", *given)

    return call


def test_scores_intervals_and_the_folder_are_told(evaluate: Callable, tmp_path: Path) -> None:
    code, out, err = evaluate("lda-hoof", "--seeds", 1)
    assert code == 0, err
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    for score in ("accuracy", "uf1", "uar"):
        assert f"{metrics[score]['mean']:.3f}" in out
        assert f"{metrics[score]['low']:.3f}" in out
    assert "5 subjects, 1 seed," in out
    for name, scores in metrics["references"].items():
        assert name in out and f"{scores['uf1']['mean']:.3f}" in out
    assert str(tmp_path / "run") in out
    assert "5/5" in err


def test_the_recorded_command_says_everything_that_was_chosen(evaluate: Callable, tmp_path: Path) -> None:
    chosen = ("--protocol", "kfold:3", "--seeds", 2, "--audit", "--backend", "loop", "--set", "epochs=2")
    code, out, err = evaluate("ststnet", *chosen)
    assert code == 0, err
    command = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))["command"]
    for part in ("mien evaluate ststnet", "--protocol kfold:3", "--seeds 2", "--audit", "--set epochs=2"):
        assert part in command
    assert "invalid" in out


def test_why_a_reference_is_missing_is_told(evaluate: Callable, uncoded_set: PreparedSet) -> None:
    code, out, err = evaluate("lda-hoof", "--seeds", 1, "--data", uncoded_set.path)
    assert code == 0, err
    assert "au-oracle: no clip of" in out and "no AU coding" in out


def test_a_reference_is_called_one(evaluate: Callable) -> None:
    _, out, _ = evaluate("majority", "--seeds", 1)
    assert "reference, not a recogniser to rank" in out


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (["stsnet"], "ststnet"),
        (["ststnet", "--task", "megc3"], "megc-3"),
        (["ststnet", "--protocol", "losso"], "loso"),
        (["ststnet", "--backend", "stakced"], "stacked"),
        (["ststnet", "--set", "epoch=2"], "epochs"),
        (["ststnet", "--set", "epochs=none"], "epochs"),
        (["ststnet", "--set", "epochs"], "KEY=VALUE"),
        (["ststnet", "--data", "nowhere"], "nowhere"),
        (["ststnet", "--seeds", "0"], "--seeds"),
        (["ststnet", "--sets", "epochs=2"], "--sets"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_call_is_code_2_names_what_was_meant_and_writes_nothing(
    evaluate: Callable, tmp_path: Path, args: list[str], named: str
) -> None:
    code, _, err = evaluate(*args)
    assert code == 2, err
    assert named in err
    assert "Traceback" not in err
    assert not (tmp_path / "run").exists()
