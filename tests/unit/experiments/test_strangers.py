"""A hidden class: neither it nor the held-out people are in training, and scores are fitted to training clips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from mien.clips import tasks
from mien.errors import UsageError
from mien.experiments.setting import Setting
from mien.experiments.strangers import (
    MADE_UP_KINDS,
    hidden_folds,
    leave_one_class_out,
    made_up_strangers,
    strangeness,
    without_class,
)
from mien.metrics.rejection import Mahalanobis
from mien.models.cmg import Cmg, CmgOptions
from mien.protocols.view import TrainView
from mien.training.fit import NetworkRecogniser

QUICK = {"epochs": 1, "synthetic_clips": 0, "text": "multi-hot"}
CLASSES = ("negative", "positive", "surprise")


def test_neither_the_class_nor_the_people_are_in_training() -> None:
    rng = np.random.default_rng(0)
    labels, groups = rng.integers(0, 3, 60), np.array([f"x/{i % 10}" for i in range(60)])
    found = hidden_folds(labels, groups, CLASSES, 4, 0)
    assert len(found) == 12
    for split in found:
        assert split.hidden not in labels[split.fold.train]
        assert not set(groups[split.fold.train]) & set(groups[split.fold.held_out])
        np.testing.assert_array_equal(split.strange, labels[split.fold.held_out] == split.hidden)
    for hidden in range(3):
        strangers = sum(int(s.strange.sum()) for s in found if s.hidden == hidden)
        assert strangers == (labels == hidden).sum()


def test_a_part_without_strangers_is_passed_over() -> None:
    labels, groups = np.array([0, 1, 0, 1, 2]), np.array(["a", "a", "b", "b", "b"])
    assert [s.hidden for s in hidden_folds(labels, groups, CLASSES, 2, 0)] == [0, 0, 1, 1, 2]


def test_two_classes_cannot_lose_one() -> None:
    with pytest.raises(UsageError, match="three or more classes"):
        hidden_folds(np.array([0, 1]), np.array(["a", "b"]), CLASSES[:2], 2, 0)


def test_a_task_without_a_class() -> None:
    task = without_class(tasks.get("megc-3"), 1)
    assert task.classes == ("negative", "surprise")
    assert all("positive" not in values.values() for values in task.classes_of.values())
    assert task.classes_of.keys() == tasks.get("megc-3").classes_of.keys()


def test_scores_of_a_recogniser_come_from_its_training_clips(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("cmg", **QUICK)
    network = Cmg(CmgOptions.parse(setting.options, model="cmg"))
    fold = setting.folds[0]
    view = TrainView.of(
        setting.arrays,
        setting.labels,
        setting.groups,
        setting.datasets,
        setting.annotations,
        setting.task,
        fold,
    )
    learner = NetworkRecogniser(network, 0).fit(view)
    inputs = {n: a[fold.held_out] for n, a in setting.arrays.items()}
    found = strangeness(learner, view, inputs)
    prob = learner.predict_proba(inputs)
    np.testing.assert_allclose(found["max-softmax"], 1 - prob.max(axis=1))
    np.testing.assert_allclose(found["entropy"], -(prob * np.log(prob)).sum(axis=1))
    with torch.inference_mode():
        views = network.views(network.tensors(inputs))
        logits = torch.stack([network.logits(learner.modules[0](view)).double() for view in views]).mean(
            dim=0
        )
    np.testing.assert_allclose(found["energy"], -torch.logsumexp(logits, dim=1), rtol=1e-6)
    train, test = (network.visual(learner.modules[0], x) for x in (view.arrays, inputs))
    np.testing.assert_allclose(found["mahalanobis"], Mahalanobis.fit(train, view.labels).scores(test))
    one = strangeness(learner, view, {n: a[:1] for n, a in inputs.items()})
    assert one["mahalanobis"][0] == pytest.approx(found["mahalanobis"][0], rel=1e-4)


def test_clips_of_the_hidden_class_do_not_reach_training(
    small_setting: Callable[..., Setting],
) -> None:
    """They are spoilt where their people are in training: nothing changes."""
    setting = small_setting("cmg", **QUICK)
    split = hidden_folds(setting.labels, setting.groups, setting.classes, 2, 0)[0]
    unseen = np.setdiff1d(np.arange(len(setting.labels)), split.fold.train)
    spoilt = {n: np.array(a) for n, a in setting.arrays.items()}
    strange = np.setdiff1d(unseen, split.fold.held_out)
    assert strange.size  # clips of the hidden class of the people in training
    for array in spoilt.values():
        array[strange] = np.nan
    clean, other = (
        next(leave_one_class_out(s, 2, 0, compiled=False)) for s in (setting, replace(setting, arrays=spoilt))
    )
    assert clean == other
    assert set(clean.separations) == {"max-softmax", "entropy", "energy", "mahalanobis"}
    assert clean.separations["entropy"].auroc == clean.separations["max-softmax"].auroc


def test_what_cannot_be_measured_is_refused(small_setting: Callable[..., Setting]) -> None:
    with pytest.raises(UsageError, match="no embedding"):
        next(leave_one_class_out(small_setting("ststnet"), 2, 0, compiled=False))
    with pytest.raises(UsageError, match="hidden class"):
        next(leave_one_class_out(small_setting("cmg", synthetic_clips=8), 2, 0, compiled=False))


def test_made_up_strangers_are_of_every_kind_and_never_trained_on(
    small_setting: Callable[..., Setting],
) -> None:
    setting = small_setting("cmg", **QUICK)
    found = list(made_up_strangers(setting, 0, compiled=False))
    assert [split.kind for split in found] == list(MADE_UP_KINDS) * len(setting.folds)
    held_out = {split.fold: split.separations["entropy"].n_known for split in found}
    assert sum(held_out.values()) == len(setting.labels)
    assert all(split.separations["entropy"].n_strangers == held_out[split.fold] for split in found)
    assert found == list(made_up_strangers(setting, 0, compiled=False))


def test_made_up_strangers_are_not_compared_with_real_clips(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("cmg", **QUICK)
    real = replace(setting, datasets=np.full_like(setting.datasets, "casme2", dtype="<U9"))
    with pytest.raises(UsageError, match="made in the same way"):
        next(made_up_strangers(real, 0, compiled=False))
    with pytest.raises(UsageError, match="no embedding"):
        next(made_up_strangers(small_setting("ststnet"), 0, compiled=False))


@pytest.mark.parametrize("parts", [{}, {"masking": "au", "structure": "emotion"}])
def test_the_flagship_can_tell_strangers_by_the_same_distance(
    parts: dict[str, str], small_setting: Callable[..., Setting]
) -> None:
    setting = small_setting("aie-cmcl-flow", **QUICK, members=1, **parts)
    found = next(made_up_strangers(setting, 0, compiled=False))
    assert set(found.separations) == {"max-softmax", "entropy", "energy", "mahalanobis", "stillness"}
    assert 0 <= found.separations["mahalanobis"].auroc <= 1
