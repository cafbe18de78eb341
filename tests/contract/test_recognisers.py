"""What every registered recogniser must do: learn, predict, be repeatable, and never see the held-out
clips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import safetensors.torch

from mien.experiments.jobs import Job, run_job, train_view
from mien.experiments.setting import Setting
from mien.facs.annotation import parse
from mien.models import registry
from mien.models.base import CLIPS, Network
from mien.prepare.stages import KINDS
from mien.training.fit import NetworkRecogniser, recogniser
from mien.training.loop import train
from mien.training.weights import members

QUICK: dict[str, dict[str, object]] = {
    "majority": {},
    "au-oracle": {},
    "lda-hoof": {},
    "svm-flow": {"inner_folds": 2},
    "lbp-top": {"inner_folds": 2, "blocks": 2},
    "lbp-sip": {"inner_folds": 2, "blocks": 2},
    "lbp-mop": {"inner_folds": 2, "blocks": 2},
    "stlbp-ip": {"inner_folds": 2, "blocks": 2},
    "hog-top": {"inner_folds": 2, "blocks": 2},
    "higo-top": {"inner_folds": 2, "blocks": 2},
    "3dhog": {"inner_folds": 2},
    "hoof": {"inner_folds": 2},
    "bi-woof": {"inner_folds": 2},
    "fhofo": {"inner_folds": 2},
    "mdmo": {"inner_folds": 2},
    "ststnet": {"epochs": 2},
    "offapexnet": {"epochs": 1},
    "htnet": {"epochs": 2, "width": 12, "depth": 1, "learning_rate": 1e-3},
    "skd-tstsan": {"epochs": 1, "width": 16},
    "st-bln": {"epochs": 1, "passes": 3},
    "pst-bln": {"epochs": 1, "passes": 3, "max_layers": 2, "max_blocks": 2},
    "aie-cmcl-flow": {"epochs": 2, "members": 1, "synthetic_clips": 0},
    "cmg": {"epochs": 2, "synthetic_clips": 0, "text": "multi-hot"},
    "aie-cmcl": {"epochs": 1, "width": 8, "features": 16, "shared": 16},
    "aie-cmcl-r3d18": {"epochs": 1, "frames": 8, "crop": 0.5, "learning_rate": 1e-3},
    "slstt": {"epochs": 2, "vit": "ti16", "size_px": 32, "hidden": 16, "layers": 1},
    "slstt-small": {"epochs": 2, "width": 8, "depth": 1, "heads": 2, "hidden": 8},
    "atm-gcn": {"epochs": 2, "width": 4, "features": 16, "layers": 1, "frames": 4},
    "aie-cmcl-i3d": {"epochs": 1, "frames": 8, "crop": 1, "learning_rate": 1e-3},
    "ma2mi": {"epochs": 1},
    "ma2mi-small": {"epochs": 1, "width": 8},
    "mmnet": {"epochs": 1, "side_px": 32, "depth": 1},
}
LARGE = {"aie-cmcl-r3d18", "aie-cmcl-i3d", "ma2mi", "mmnet"}
NAMES = [pytest.param(n, marks=pytest.mark.slow) if n in LARGE else n for n in registry.names()]


def test_every_recogniser_is_in_this_table() -> None:
    assert set(QUICK) == set(registry.names())


@pytest.fixture(scope="module")
def settings(small_setting: Callable[..., Setting]) -> Callable[[str], Setting]:
    def make(name: str) -> Setting:
        setting = small_setting(name, **QUICK[name])
        return _few_clips(setting) if name in LARGE else setting

    return make


def _few_clips(setting: Setting) -> Setting:
    """The setting with 3 training clips per fold, one or two of each class as they come, and one held out."""
    folds = tuple(replace(f, train=f.train[::11], held_out=f.held_out[:1]) for f in setting.folds)
    return replace(setting, folds=folds)


@pytest.mark.parametrize("name", NAMES)
def test_gives_probabilities_and_repeats_itself(name: str, settings: Callable[[str], Setting]) -> None:
    setting = settings(name)
    first, second = (run_job(setting, Job(0, 1), compiled=False) for _ in range(2))
    assert first.prob.shape == (len(setting.folds[1].held_out), len(setting.classes))
    np.testing.assert_allclose(first.prob.sum(axis=1), 1, atol=1e-6)
    assert (first.prob >= 0).all()
    assert first.prob.tobytes() == second.prob.tobytes()
    assert first.weights == second.weights


def _poisoned(setting: Setting, what: str) -> Setting:
    """The setting with the held-out clips of fold 1 turned to nonsense."""
    at = setting.folds[1].held_out
    if what == "pixels":
        arrays = {}
        for array_name, array in setting.arrays.items():
            spoilt = np.array(array)
            spoilt[at] = np.nan if spoilt.dtype.kind == "f" else 77
            arrays[array_name] = spoilt
        return replace(setting, arrays=arrays)
    if what == "labels":
        labels = setting.labels.copy()
        labels[at] = (labels[at] + 1) % len(setting.classes)
        return replace(setting, labels=labels)
    marks = list(setting.annotations)
    for i in at:
        marks[i] = parse("28+38+39")
    return replace(setting, annotations=tuple(marks))


def _state(setting: Setting, name: str) -> bytes:
    """Everything a recogniser has learned on fold 1, as bytes, read through its answers and its weights."""
    learner = recogniser(registry.create(name, setting.options), seed=0)
    learner.fit(train_view(setting, setting.folds[1]))
    clean = {n: np.array(a)[setting.folds[1].train] for n, a in setting.arrays.items()}
    modules = getattr(learner, "modules", [])
    weights = b"".join(v.numpy().tobytes() for m in modules for v in m.state_dict().values())
    return weights + learner.predict_proba(clean).tobytes()


@pytest.mark.parametrize("what", ["pixels", "labels", "action units"])
@pytest.mark.parametrize("name", NAMES)
def test_poisoned_held_out_clips_leave_it_bit_identical(
    name: str, what: str, settings: Callable[[str], Setting]
) -> None:
    setting = settings(name)
    assert _state(setting, name) == _state(_poisoned(setting, what), name)


@pytest.mark.parametrize("name", NAMES)
def test_poisoned_training_clips_do_change_it(name: str, settings: Callable[[str], Setting]) -> None:
    """The check above can fail: the same poison on the training side is noticed."""
    setting = settings(name)
    labels = setting.labels.copy()
    labels[setting.folds[1].train] = np.roll(labels[setting.folds[1].train], 1)
    other = replace(setting, labels=labels)
    if name == "majority":
        labels[setting.folds[1].train[0]] = (labels[setting.folds[1].train[0]] + 1) % 3
    assert _state(setting, name) != _state(other, name)


@pytest.mark.parametrize("name", NAMES)
def test_a_clip_is_predicted_alone_as_among_others(name: str, settings: Callable[[str], Setting]) -> None:
    setting = settings(name)
    learner = recogniser(registry.create(name, setting.options), seed=0)
    learner.fit(train_view(setting, setting.folds[1]))
    some = {n: np.array(a)[setting.folds[1].held_out][:3] for n, a in setting.arrays.items()}
    alone = [learner.predict_proba({n: a[i : i + 1] for n, a in some.items()}) for i in range(3)]
    np.testing.assert_allclose(learner.predict_proba(some), np.concatenate(alone), atol=1e-5)


NETWORKS = [p for p in NAMES if isinstance(registry.create(str(getattr(p, "values", [p])[0])), Network)]
UNREACHED: dict[str, tuple[str, ...]] = {"htnet": ("query_key",)}
"""Parameters (by a part of their name) that no gradient can reach, as the authors published the network."""


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_reach_every_parameter_that_should_learn(
    name: str, settings: Callable[[str], Setting]
) -> None:
    setting = settings(name)
    learner = recogniser(registry.create(name, setting.options), seed=0)
    assert isinstance(learner, NetworkRecogniser)
    material = learner.materials(train_view(setting, setting.folds[1]))[0]
    reached: set[str] = set()
    learning = {n: p for n, p in material.module.named_parameters() if p.requires_grad}
    for parameter_name, parameter in learning.items():
        parameter.register_hook(
            lambda gradient, known=parameter_name: reached.add(known) if gradient.any() else None
        )
    train(material)
    missed = {n for n in learning.keys() - reached if not any(part in n for part in UNREACHED.get(name, ()))}
    assert not missed


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_read_back_give_the_same_answers(name: str, settings: Callable[[str], Setting]) -> None:
    setting = settings(name)
    result = run_job(setting, Job(0, 1), compiled=False)
    network = registry.create(name, setting.options)
    assert isinstance(network, Network)
    learner = NetworkRecogniser(network, seed=1)
    learner.adopt([network.build(setting.task)], [])
    held_out = {n: np.array(a)[setting.folds[1].held_out] for n, a in setting.arrays.items()}
    assert not np.allclose(learner.predict_proba(held_out), result.prob, atol=1e-4)
    learner.adopt(members(network, setting.task, safetensors.torch.load(result.weights), name), [])
    np.testing.assert_allclose(learner.predict_proba(held_out), result.prob, atol=1e-6)


@pytest.mark.parametrize("name", [n for n in registry.names() if n != "au-oracle"])
def test_inputs_hold_no_labels_and_no_action_units(name: str, settings: Callable[[str], Setting]) -> None:
    setting = settings(name)
    assert set(setting.arrays) <= {*KINDS, CLIPS}


@pytest.mark.parametrize("name", NAMES)
def test_changing_the_action_units_of_all_clips_changes_no_prediction_of_methods_without_text(
    name: str, settings: Callable[[str], Setting]
) -> None:
    setting = settings(name)
    needs: Any = registry.create(name).needs
    if needs.action_units != "never":
        pytest.skip("it reads AUs in training, or is the oracle")
    other = replace(setting, annotations=tuple(parse("28") for _ in setting.annotations))
    a, b = (run_job(s, Job(0, 0), compiled=False).prob for s in (setting, other))
    assert a.tobytes() == b.tobytes()
