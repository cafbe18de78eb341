"""From a network to a recogniser."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from mien.experiments.jobs import train_view
from mien.experiments.setting import Setting
from mien.models import registry
from mien.models.base import Network
from mien.training.fit import NetworkRecogniser, predict, recogniser

CPU = torch.device("cpu")


def _fitted(setting: Setting, seed: int = 0) -> NetworkRecogniser:
    method = registry.create(setting.model, setting.options)
    assert isinstance(method, Network)
    return NetworkRecogniser(method, seed).fit(train_view(setting, setting.folds[0]))


def test_members_differ_and_their_probabilities_are_averaged(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("ststnet", epochs=2, members=3)
    learner = _fitted(setting)
    alone = [predict(learner.network, [m], setting.arrays, CPU) for m in learner.modules]
    assert len(alone) == 3 and not np.allclose(alone[0], alone[1])
    np.testing.assert_allclose(learner.predict_proba(setting.arrays), np.mean(alone, axis=0), atol=1e-12)


def test_prediction_of_a_clip_does_not_depend_on_the_others(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("ststnet", epochs=2)
    learner = _fitted(setting)
    together = learner.predict_proba(setting.arrays)
    alone = learner.predict_proba({name: a[3:4] for name, a in setting.arrays.items()})
    np.testing.assert_allclose(alone[0], together[3], atol=1e-6)


def test_methods_that_are_no_networks_pass_through() -> None:
    method = registry.create("lda-hoof")
    assert recogniser(method, seed=0) is method
