"""A deployed model: an honest record, calibration on held-out clips, a fit on all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from mien.clips.table import ClipTable
from mien.errors import InputError, UsageError
from mien.experiments.deploy import Deployment, calibrate, deploy
from mien.experiments.run import Run
from mien.experiments.setting import EvaluateConfig
from mien.metrics import calibration
from mien.prepare.prepared import ArrayToWrite, PreparedSet
from mien.prepare.synthetic import synthetic_flow
from mien.training.deployed import load
from mien.training.weights import fingerprint

FAST = {"epochs": "2", "synthetic_clips": "0", "text": "multi-hot"}


@pytest.fixture(scope="module")
def other_set(tmp_path_factory: pytest.TempPathFactory) -> PreparedSet:
    """Synthetic flow of 3 other people."""
    folder = tmp_path_factory.mktemp("sets")
    made = synthetic_flow(folder / "made", subjects=3, clips_per_subject=8, seed=7)
    return renamed(made, folder / "other", made.arrays["onset_apex_flow"])


def renamed(made: PreparedSet, folder: Path, flow: NDArray[np.float32]) -> PreparedSet:
    """The clips of a set under other names, with other flow."""
    frame = made.table.frame
    return PreparedSet.write(
        folder,
        name=folder.name,
        table=ClipTable(frame.assign(subject="o" + frame["subject"], key="o" + frame["key"])),
        arrays={"onset_apex_flow": ArrayToWrite(flow, ("u", "v", "s"), "px", "test")},
        recipe=made.recipe,
    )


@pytest.fixture
def asked(small_set: PreparedSet) -> Deployment:
    config = EvaluateConfig(
        model="aie-cmcl-flow",
        data=str(small_set.path),
        task="megc-3",
        protocol="kfold:2",
        seeds=1,
        options=FAST,
        backend="loop",
        device="cpu",
    )
    return Deployment(config, recipe="onset-apex")


def test_the_record_is_that_of_the_evaluation_beside_it(asked: Deployment, tmp_path: Path) -> None:
    card = deploy(asked, tmp_path / "m.safetensors", tmp_path / "record", command="mien train ...")
    run = Run.open(tmp_path / "record")
    assert card.record[0].on == run.record["data"]["name"]
    assert card.record[0].n_clips == len(run.predictions())
    assert card.trained_on[0].n_clips == card.record[0].n_clips
    assert card.trained_on[0].made_up
    assert card.recipe["name"] == "onset-apex"
    model = load(tmp_path / "m.safetensors")
    assert model.card == card
    again = deploy(asked, tmp_path / "n.safetensors", tmp_path / "record", command="mien train ...")
    assert again == card
    assert fingerprint(list(load(tmp_path / "n.safetensors").modules)) == fingerprint(list(model.modules))


def test_with_another_set_for_the_record_its_clips_do_not_reach_the_weights(
    asked: Deployment, small_set: PreparedSet, other_set: PreparedSet, tmp_path: Path
) -> None:
    flow = np.ascontiguousarray(other_set.arrays["onset_apex_flow"][:, ::-1]) + 100
    poisoned = renamed(other_set, tmp_path / "poisoned", flow)
    weights = []
    for name, data in (("clean", other_set), ("poisoned", poisoned)):
        config = asked.evaluation.model_copy(
            update={"data": str(data.path), "train_on": str(small_set.path), "protocol": "transfer"}
        )
        out = tmp_path / f"{name}.safetensors"
        card = deploy(replace(asked, evaluation=config), out, tmp_path / f"{name}.record")
        assert (card.record[0].n_subjects, card.trained_on[0].n_subjects) == (3, 5)
        weights.append(fingerprint(list(load(out).modules)))
    assert weights[0] == weights[1]


def test_several_sets_are_trained_on_as_one(
    asked: Deployment, small_set: PreparedSet, other_set: PreparedSet, tmp_path: Path
) -> None:
    both = asked.evaluation.model_copy(update={"data": (str(small_set.path), str(other_set.path))})
    card = deploy(replace(asked, evaluation=both), tmp_path / "both.safetensors", tmp_path / "both")
    assert [(source.name, source.n_clips) for source in card.trained_on] == [
        ("synthetic-flow", 40),
        ("other", 24),
    ]
    assert (card.record[0].on, card.record[0].n_subjects) == ("synthetic-flow + other", 8)
    config = asked.evaluation.model_copy(update={"data": (str(small_set.path), str(small_set.path))})
    with pytest.raises(InputError, match="same clips"):
        deploy(replace(asked, evaluation=config), tmp_path / "m.safetensors", tmp_path / "record")


def test_what_cannot_be_deployed_is_refused_before_any_training(asked: Deployment, tmp_path: Path) -> None:
    out, record = tmp_path / "m.safetensors", tmp_path / "record"
    svm = asked.evaluation.model_copy(update={"model": "lda-hoof", "options": {}})
    with pytest.raises(UsageError, match="no network"):
        deploy(replace(asked, evaluation=svm), out, record)
    with pytest.raises(InputError, match="do not say how"):
        deploy(replace(asked, recipe=None), out, record)
    with pytest.raises(UsageError, match="does not make"):
        deploy(replace(asked, recipe="landmarks"), out, record)
    assert not out.exists() and not record.exists()


def _of_two_subjects(run: Run) -> Run:
    """The run with other predictions: one subject's are all right, the other's all wrong, both with .9."""
    rows = [
        {
            "key": f"{subject}{i}",
            "dataset": "d",
            "subject": subject,
            "fold": "f",
            "seed": 0,
            "truth": "negative",
        }
        | {"predicted": found, "prob_negative": 0.05, "prob_positive": 0.05, "prob_surprise": 0.05}
        | {f"prob_{found}": 0.9}
        for subject, found in (("a", "negative"), ("b", "positive"))
        for i in range(10)
    ]
    pd.DataFrame(rows).to_csv(run.path / "predictions.csv", index=False)
    return run


def test_calibration_is_judged_on_subjects_it_was_not_fitted_on(asked: Deployment, tmp_path: Path) -> None:
    deploy(asked, tmp_path / "m.safetensors", tmp_path / "record")
    run = _of_two_subjects(Run.open(tmp_path / "record"))
    found = calibrate(run, 0.75)
    # Fitted on both, a soft answer fits half right, half wrong. Judged fairly, who is right is doubted for the other's
    # faults, and who is wrong is believed without doubt.
    prob = np.repeat([[0.9, 0.05, 0.05], [0.05, 0.9, 0.05]], 10, axis=0)
    in_sample = calibration.ece(calibration.tempered(prob, found.temperature), np.zeros(20, int))
    assert in_sample < 0.2
    assert found.ece_after > 0.7


def test_one_subject_cannot_be_judged_fairly(asked: Deployment, tmp_path: Path) -> None:
    deploy(asked, tmp_path / "m.safetensors", tmp_path / "record")
    run = Run.open(tmp_path / "record")
    table = run.predictions()
    one = table[table["group"] == table["group"].iloc[0]]
    one.drop(columns="group").to_csv(run.path / "predictions.csv", index=False)
    with pytest.raises(InputError, match="two subjects"):
        calibrate(run, 0.5)


def test_a_grown_network_is_kept_with_its_topology_and_its_passes_are_its_doubt(
    made: Callable[..., PreparedSet], tmp_path: Path
) -> None:
    data = made({"landmarks": (2, 8, 68)})
    options = {"epochs": "1", "frames": "2", "passes": "3", "max_layers": "1", "max_blocks": "2"}
    config = EvaluateConfig(
        model="pst-bln",
        data=str(data.path),
        task="megc-3",
        protocol="kfold:2",
        seeds=1,
        options=options,
        backend="loop",
        device="cpu",
    )
    card = deploy(Deployment(config, recipe="landmarks"), tmp_path / "m.safetensors", tmp_path / "record")
    assert card.options["topology"] in ([1], [2])
    model = load(tmp_path / "m.safetensors")
    found = model.predict({"landmarks": np.array(data.arrays["landmarks"])})
    assert found.members.shape == (3, len(data), 3)
    assert (found.doubt > 0).all()
