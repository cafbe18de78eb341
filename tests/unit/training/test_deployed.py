"""A deployed model says after reading what it said before writing; files that are none are refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from safetensors import safe_open

from mien.errors import InputError
from mien.experiments.setting import EvaluateConfig, resolve
from mien.metrics.calibration import tempered
from mien.models import registry
from mien.models.base import Network
from mien.prepare import recipe as recipes
from mien.prepare.prepared import PreparedSet
from mien.protocols.view import TrainView
from mien.training import deployed
from mien.training.deployed import Calibration, Card, Record, Score, TrainedOn, load, read_card, save, shipped
from mien.training.fit import NetworkRecogniser

OPTIONS = {"epochs": "2", "synthetic_clips": "0", "members": "2"}
NONE = Score(mean=None, low=None, high=None)


@pytest.fixture(scope="module")
def view(small_set: PreparedSet) -> TrainView:
    setting = resolve(
        EvaluateConfig(model="aie-cmcl-flow", data=str(small_set.path), task="megc-3", options=OPTIONS)
    ).setting
    return TrainView(
        setting.arrays,
        setting.labels,
        setting.groups,
        setting.datasets,
        setting.annotations,
        setting.task,
        "all",
    )


@pytest.fixture(scope="module")
def fitted(view: TrainView) -> NetworkRecogniser:
    network = registry.create("aie-cmcl-flow", OPTIONS)
    assert isinstance(network, Network)
    return NetworkRecogniser(network, 0).fit(view)


@pytest.fixture(scope="module")
def card(fitted: NetworkRecogniser, view: TrainView) -> Card:
    texts = fitted.network.texts(fitted.modules[0], view)
    assert texts is not None
    return Card(
        model="aie-cmcl-flow",
        title="t",
        paper="p",
        options=fitted.network.plan.model_dump(mode="json"),
        task="megc-3",
        classes=view.task.classes,
        recipe=recipes.load("onset-apex").model_dump(mode="json"),
        arrays={"onset_apex_flow": (3, 28, 28)},
        n_members=2,
        sentences=texts.sentences,
        calibration=Calibration(
            temperature=2.0,
            abstain_below=0.5,
            target_accuracy=0.75,
            coverage=0.9,
            accuracy_answered=0.8,
            ece_before=0.2,
            ece_after=0.1,
            fitted_on="tests",
        ),
        record=(
            Record(
                on="tests",
                protocol="none",
                n_clips=1,
                n_subjects=1,
                n_seeds=1,
                uf1=NONE,
                uar=NONE,
                accuracy=NONE,
                apex="given",
                command="",
            ),
        ),
        trained_on=(TrainedOn(name="s", data_hash="0", n_clips=40, n_subjects=5, made_up=True),),
    )


@pytest.fixture(scope="module")
def file(
    card: Card, fitted: NetworkRecogniser, view: TrainView, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("deployed") / "m.safetensors"
    save(path, card, fitted, fitted.network.texts(fitted.modules[0], view))
    return path


def test_what_is_read_says_what_was_written(
    file: Path, card: Card, fitted: NetworkRecogniser, view: TrainView
) -> None:
    model = load(file)
    assert model.card == card
    assert model.recipe == recipes.load("onset-apex")
    found = model.predict(view.arrays)
    np.testing.assert_allclose(found.prob, tempered(fitted.predict_proba(view.arrays), 2.0))
    assert found.members.shape == (2, len(view), 3)
    np.testing.assert_allclose(found.members.sum(axis=2), 1)


def test_the_nearest_sentences_are_those_of_the_evaluation(
    file: Path, fitted: NetworkRecogniser, view: TrainView
) -> None:
    found = load(file).predict(view.arrays)
    texts = fitted.network.texts(fitted.modules[0], view)
    assert texts is not None
    expected = texts.beside(fitted.network.visual(fitted.modules[0], view.arrays))
    assert tuple(row[0][0] for row in found.nearest) == expected.nearest
    cosines = np.array([[cosine for _, cosine in row] for row in found.nearest])
    assert (np.diff(cosines, axis=1) <= 0).all()
    np.testing.assert_allclose(cosines[:, 0], expected.similarity, atol=1e-6)


def test_the_same_model_gives_the_same_bytes(
    file: Path, card: Card, fitted: NetworkRecogniser, view: TrainView, tmp_path: Path
) -> None:
    save(tmp_path / "again.safetensors", card, fitted, fitted.network.texts(fitted.modules[0], view))
    assert (tmp_path / "again.safetensors").read_bytes() == file.read_bytes()


def test_members_that_agree_leave_no_doubt() -> None:
    alike = np.full((3, 1, 2), 0.5)
    apart = np.array([[[1.0, 0.0]], [[0.0, 1.0]]])
    assert deployed.Predictions(alike[0], alike, ((),)).doubt[0] == pytest.approx(0)
    assert deployed.Predictions(apart[0], apart, ((),)).doubt[0] == pytest.approx(np.log(2))


def test_arrays_of_another_size_are_refused(file: Path) -> None:
    model = load(file)
    with pytest.raises(InputError, match=r"of size \(3, 28, 28\)"):
        model.predict({"onset_apex_flow": np.zeros((1, 3, 32, 32), np.float32)})
    with pytest.raises(InputError, match="no such array"):
        model.predict({"flow": np.zeros((1, 3, 28, 28), np.float32)})


def test_files_that_are_no_model_are_refused(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "x.safetensors"
    with pytest.raises(InputError, match="cannot be read"):
        read_card(other)
    other.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(InputError, match="cannot be read"):
        read_card(other)
    other.write_bytes(safetensors.torch.save({"0.weight": torch.zeros(1)}))
    with pytest.raises(InputError, match="no model of Mien"):
        read_card(other)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": 2}, "another version"),
        ({"classes": ["a", "b", "c"]}, "other classes"),
        ({"n_members": 3}, "do not fit"),
        ({"options": {"filters": 8}}, "do not fit"),
    ],
)
def test_a_changed_card_is_refused(file: Path, tmp_path: Path, change: dict[str, object], words: str) -> None:
    with safe_open(file, framework="pt") as opened:
        text = json.loads(opened.metadata()["mien"])
    other = tmp_path / "x.safetensors"
    other.write_bytes(
        safetensors.torch.save(safetensors.torch.load_file(file), {"mien": json.dumps(text | change)})
    )
    with pytest.raises(InputError, match=words):
        load(other)


def test_the_shipped_model_has_learnt_from_made_up_people_alone() -> None:
    card = read_card(shipped())
    assert all(source.made_up for source in card.trained_on)
    assert card.record[0].n_clips == 442


def test_the_shipped_model_keeps_its_record(shared_data: Path, tmp_path: Path) -> None:
    """The scores on its card are those of three trainings; the one that is shipped lies in their interval."""
    from mien.metrics import recognition
    from mien.prepare.importing import import_megc2019_flow

    data = import_megc2019_flow(shared_data / "megc2019_flow", tmp_path / "set")
    model = load()
    setting = resolve(EvaluateConfig(model="lda-hoof", data=str(data.path), task=model.card.task)).setting
    found = model.predict(setting.arrays)
    matrix = recognition.confusion(setting.labels, found.prob.argmax(axis=1), 3)
    record = model.card.record[0]
    assert record.uf1.low is not None and record.uf1.high is not None
    assert record.uf1.low < recognition.uf1(matrix) < record.uf1.high
