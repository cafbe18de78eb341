"""Thresholds: of training clips alone, each scored by others, and what they do to known clips and strangers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mien.experiments.jobs import train_view
from mien.experiments.rejecting import rejections, thresholds
from mien.experiments.setting import Setting
from mien.experiments.strangers import hidden_folds, leave_one_class_out, made_up_strangers, strangeness
from mien.models.base import Targets
from mien.models.cmg import Cmg, CmgOptions
from mien.protocols.view import Inputs, TrainView
from mien.training.fit import NetworkRecogniser

QUICK = {"epochs": 1, "synthetic_clips": 0, "text": "multi-hot"}


def test_thresholds_are_those_of_training_clips_whose_people_the_scoring_network_did_not_see(
    small_setting: Callable[..., Setting],
) -> None:
    setting = small_setting("cmg", **QUICK)
    view = train_view(setting, setting.folds[0])
    seen: list[set[str]] = []

    class Noting(Cmg):
        def targets(self, view: TrainView) -> Targets:
            seen.append(set(view.groups.tolist()))
            return super().targets(view)

    network = Noting(CmgOptions.parse(setting.options, model="cmg"))
    owner = {c.tobytes(): str(g) for c, g in zip(view.arrays["onset_apex_flow"], view.groups, strict=True)}
    scored: list[float] = []

    def score(learner: NetworkRecogniser, part: TrainView, inputs: Inputs) -> dict[str, np.ndarray]:
        assert learner.modules
        people = {owner[clip.tobytes()] for clip in inputs["onset_apex_flow"]}
        assert people and people.isdisjoint(seen[-1])
        assert seen[-1] == set(part.groups.tolist())
        found = np.arange(len(scored), len(scored) + len(inputs["onset_apex_flow"]), dtype=float)
        scored.extend(found)
        return {"x": found}

    limits = thresholds(network, view, score, 2, 0, compiled=False)
    assert len(scored) > len(view.labels) / 2
    assert limits == {"x": pytest.approx(np.quantile(scored, 0.95))}
    assert thresholds(network, view, score, 0, 0, compiled=False) == {}


def test_known_clips_above_the_threshold_are_not_answered_and_strangers_above_it_are_rejected() -> None:
    prob = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6]])
    known, strangers = {"x": np.array([1.0, 5.0, 2.0, 3.0])}, {"x": np.array([1.0, 2.0, 3.0, 9.0, 9.0])}
    found = rejections({"x": 2.0}, known, strangers, np.array([0, 1, 1, 1]), prob)["x"]
    assert found.strangers == 3 / 5
    assert found.known.tolist() == [[1, 0], [1, 2]]
    assert found.kept.tolist() == [[1, 0], [1, 0]]


def test_no_stranger_and_no_held_out_clip_has_a_part_in_a_threshold(
    small_setting: Callable[..., Setting],
) -> None:
    """Spoilt held-out clips leave every threshold as it was."""
    setting = small_setting("cmg", **QUICK)
    fold = setting.folds[0]
    spoilt = {n: np.array(a) for n, a in setting.arrays.items()}
    for array in spoilt.values():
        array[fold.held_out] *= -3
    network = Cmg(CmgOptions.parse(setting.options, model="cmg"))
    found = [
        thresholds(network, train_view(s, fold), strangeness, 2, 0, compiled=False)
        for s in (setting, replace(setting, arrays=spoilt))
    ]
    assert found[0] == found[1]
    assert set(found[0]) == {"max-softmax", "entropy", "energy", "mahalanobis"}


def test_every_split_tells_what_it_rejects_if_it_is_asked(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("cmg", **QUICK)
    hidden = next(leave_one_class_out(setting, 2, 0, compiled=False, inner=2))
    made_up = next(made_up_strangers(setting, 0, compiled=False, inner=2))
    split = hidden_folds(setting.labels, setting.groups, setting.classes, 2, 0)[0]
    known = setting.labels[split.fold.held_out][~split.strange]
    assert split.hidden == 0 and known.min() > 0
    for found in hidden.rejections.values():
        assert found.known.sum(axis=1).tolist() == np.bincount(known - 1, minlength=2).tolist()
    for told, classes in ((hidden, 2), (made_up, 3)):
        assert set(told.rejections) == set(told.separations)
        for name, found in told.rejections.items():
            assert found.known.shape == (classes, classes)
            assert found.known.sum() == told.separations[name].n_known
            assert (found.kept <= found.known).all()
            assert 0 <= found.strangers <= 1
    assert next(made_up_strangers(setting, 0, compiled=False)).rejections == {}
