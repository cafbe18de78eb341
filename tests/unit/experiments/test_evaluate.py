"""An evaluation writes a run folder whose numbers agree with scikit-learn, and resumes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

from mien.clips.table import ClipTable
from mien.errors import InputError, UsageError
from mien.experiments import backends
from mien.experiments.compare import compare
from mien.experiments.evaluate import MADE_UP, evaluate
from mien.experiments.run import Run
from mien.experiments.setting import EvaluateConfig
from mien.models.ststnet import Ststnet
from mien.prepare.prepared import ArrayToWrite, PreparedSet


@pytest.fixture
def config(small_set: PreparedSet) -> EvaluateConfig:
    return EvaluateConfig(
        model="ststnet",
        data=str(small_set.path),
        task="megc-3",
        seeds=2,
        options={"epochs": "2"},
        backend="loop",
        audit=True,
        device="cpu",
    )


def test_metrics_agree_with_scikit_learn(config: EvaluateConfig, tmp_path: Path) -> None:
    run = evaluate(config, tmp_path / "run")
    metrics = json.loads((run.path / "metrics.json").read_text())
    table = pd.read_csv(run.path / "predictions.csv", dtype=str)
    seeds = [table[table["seed"] == str(s)] for s in (0, 1)]
    expected = [f1_score(t["truth"], t["predicted"], average="macro") for t in seeds]
    assert metrics["uf1"]["mean"] == pytest.approx(np.mean(expected), abs=1e-12)
    assert metrics["uf1"]["sd"] == pytest.approx(np.std(expected, ddof=1), abs=1e-12)
    uar = [recall_score(t["truth"], t["predicted"], average="macro") for t in seeds]
    assert metrics["uar"]["mean"] == pytest.approx(np.mean(uar), abs=1e-12)
    accuracy = [accuracy_score(t["truth"], t["predicted"]) for t in seeds]
    assert metrics["accuracy"]["mean"] == pytest.approx(np.mean(accuracy), abs=1e-12)
    classes = run.record["classes"]
    pooled = sum(confusion_matrix(t["truth"], t["predicted"], labels=classes) for t in seeds)
    assert metrics["confusion"] == pooled.tolist()
    assert metrics["n_clips"] == len(seeds[0]) and metrics["n_subjects"] == 5 and metrics["n_seeds"] == 2
    assert (metrics["task"], metrics["protocol"]) == ("megc-3", "loso")
    assert metrics["uf1"]["low"] <= metrics["uf1"]["high"]
    assert metrics["seconds"] > 0


def test_peeking_never_lowers_the_score(config: EvaluateConfig, tmp_path: Path) -> None:
    run = evaluate(config, tmp_path / "run")
    metrics = json.loads((run.path / "metrics.json").read_text())
    assert metrics["audit"]["accuracy"] >= metrics["accuracy"]["mean"]
    assert "invalid" in metrics["audit"]["words"]


def test_the_audit_changes_no_prediction(config: EvaluateConfig, tmp_path: Path) -> None:
    watched = evaluate(config, tmp_path / "watched")
    alone = evaluate(config.model_copy(update={"audit": False}), tmp_path / "alone")
    assert (watched.path / "predictions.csv").read_bytes() == (alone.path / "predictions.csv").read_bytes()
    assert json.loads((alone.path / "metrics.json").read_text())["audit"] is None


def test_record_says_how_to_reproduce(config: EvaluateConfig, tmp_path: Path) -> None:
    record = evaluate(config, tmp_path / "run", command="mien evaluate ststnet").record
    assert record["command"] == "mien evaluate ststnet"
    assert record["versions"]["torch"] and record["data_hash"] and record["apex"] == "given"
    assert record["options"]["epochs"] == 2 and record["options"]["learning_rate"] == 5e-5
    opened = record["opened"]
    assert len(opened) == 10 and all(o["held_out_opened_at"] for o in opened)


def test_finished_folds_are_not_repeated(
    config: EvaluateConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = evaluate(config, tmp_path / "run")
    whole = (run.path / "predictions.csv").read_bytes()
    (run.path / "predictions.csv").unlink()
    kept = sorted((run.path / "folds").iterdir())
    for file in kept[3:]:
        file.unlink()
    ran: list[str] = []
    original = backends.run_job

    def counted(setting: Any, job: Any, **more: Any) -> Any:
        ran.append(job.name)
        return original(setting, job, **more)

    monkeypatch.setattr(backends, "run_job", counted)
    evaluate(config, tmp_path / "run")
    assert len(ran) == 10 - 3 and not {f.stem for f in kept[:3]} & set(ran)
    assert (run.path / "predictions.csv").read_bytes() == whole


def test_a_resumed_run_says_what_it_kept(config: EvaluateConfig, tmp_path: Path) -> None:
    run = evaluate(config, tmp_path / "run")
    assert run.record["warnings"] == [MADE_UP]
    next((run.path / "folds").iterdir()).unlink()
    again = evaluate(config.model_copy(update={"backend": "processes"}), tmp_path / "run")
    assert again.record["backend"] == "loop" and "resumed with backend 'loop'" in again.record["warnings"][1]


def test_an_audit_of_a_method_without_epochs_is_told(config: EvaluateConfig, tmp_path: Path) -> None:
    run = evaluate(config.model_copy(update={"model": "lda-hoof", "options": {}}), tmp_path / "run")
    assert "nothing to audit" in run.record["warnings"][1]


def test_a_diverged_training_names_its_fold(config: EvaluateConfig, tmp_path: Path) -> None:
    wild = config.model_copy(update={"options": {"epochs": "2", "learning_rate": "1e30"}})
    with pytest.raises(InputError, match="the training diverged"):
        evaluate(wild, tmp_path / "run")


def test_another_evaluation_in_the_folder_is_refused(config: EvaluateConfig, tmp_path: Path) -> None:
    evaluate(config, tmp_path / "run")
    with pytest.raises(UsageError, match="holds another evaluation"):
        evaluate(config.model_copy(update={"options": {"epochs": "3"}}), tmp_path / "run")


def test_a_folder_with_other_things_is_refused(config: EvaluateConfig, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty and holds no run"):
        evaluate(config, tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_damaged_pieces_are_told(config: EvaluateConfig, tmp_path: Path) -> None:
    run = evaluate(config, tmp_path / "run")
    piece = next((run.path / "folds").iterdir())
    piece.write_bytes(piece.read_bytes()[:50])
    with pytest.raises(InputError, match="result of a fold is damaged"):
        evaluate(config, tmp_path / "run")
    (run.path / "run.json").write_text("{")
    with pytest.raises(InputError, match=r"run\.json is damaged"):
        evaluate(config, tmp_path / "run")
    with pytest.raises(InputError, match=r"run\.json is damaged"):
        Run.open(run.path)


def test_unfinished_and_foreign_folders_cannot_be_compared(config: EvaluateConfig, tmp_path: Path) -> None:
    run = evaluate(config, tmp_path / "run")
    (run.path / "metrics.json").unlink()
    with pytest.raises(InputError, match="not finished"):
        compare(run.path, run.path)
    with pytest.raises(InputError, match="not a run folder"):
        compare(tmp_path, run.path)


def test_a_run_equals_itself(config: EvaluateConfig, tmp_path: Path) -> None:
    run = evaluate(config, tmp_path / "run")
    same = compare(run.path, run.path)
    assert all(d.difference == 0 and d.p == 1 for d in same.differences.values())


def test_ray_gives_what_one_process_gives(config: EvaluateConfig, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    few = config.model_copy(update={"seeds": 1, "audit": False})
    on_ray = evaluate(few.model_copy(update={"backend": "ray", "workers": 2}), tmp_path / "ray")
    in_processes = evaluate(few.model_copy(update={"backend": "processes"}), tmp_path / "processes")
    assert (on_ray.path / "predictions.csv").read_bytes() == (
        in_processes.path / "predictions.csv"
    ).read_bytes()


def test_auto_measures_and_says_why(config: EvaluateConfig, tmp_path: Path) -> None:
    run = evaluate(config.model_copy(update={"backend": "auto"}), tmp_path / "run")
    assert run.record["backend"] in backends.BACKENDS
    assert "measured here" in run.record["backend_reason"]


def test_what_a_network_notes_about_its_start_is_kept_with_the_warnings(
    config: EvaluateConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ststnet, "notes", lambda self: ["the stream starts from random weights"])
    run = evaluate(config, tmp_path / "run")
    evaluate(config, tmp_path / "run")
    record = json.loads((run.path / "run.json").read_text())
    assert record["warnings"] == [MADE_UP, "the stream starts from random weights"]


def test_a_transfer_names_the_set_it_was_trained_on_and_tells_made_up_people(
    config: EvaluateConfig, small_set: PreparedSet, tmp_path: Path
) -> None:
    frame = small_set.table.frame
    others = PreparedSet.write(
        tmp_path / "others",
        name="others",
        table=ClipTable(frame.assign(subject="o" + frame["subject"], key="o" + frame["key"])),
        arrays={
            "onset_apex_flow": ArrayToWrite(
                np.array(small_set.arrays["onset_apex_flow"]), ("u", "v", "s"), "px", "test"
            )
        },
        recipe={"made_up": True},
    )
    asked = config.model_copy(
        update={"data": str(others.path), "protocol": "transfer", "train_on": str(small_set.path), "seeds": 1}
    )
    run = evaluate(asked, tmp_path / "run")
    assert f"trained on {small_set.name}" in run.record["protocol_words"]
    assert run.record["data_hash"] == f"{others.data_hash}+{small_set.data_hash}"
    table = run.predictions()
    assert sorted(table["key"]) == sorted(others.table.keys.tolist())
    assert any("made up" in text for text in run.record["warnings"])
