"""From a network to a recogniser."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from scipy.special import softmax

from mien.experiments.jobs import train_view
from mien.experiments.setting import Setting
from mien.models import registry
from mien.models.base import Network, Train, Trained
from mien.models.ststnet import Ststnet, StstnetOptions
from mien.protocols.view import TrainView
from mien.training.fit import NetworkRecogniser, predict, recogniser
from mien.training.weights import fingerprint

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


def test_every_pass_of_every_member_is_a_sample(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("st-bln", epochs=1, frames=2, passes=3, members=2)
    learner = _fitted(setting)
    samples = learner.samples(setting.arrays)
    assert samples.shape == (6, len(setting.labels), 3)
    first = predict(learner.network, learner.modules[:1], setting.arrays, CPU)
    np.testing.assert_allclose(samples[:3].mean(axis=0), first)
    assert len(np.unique(samples[:, 0, 0])) == 6


def test_the_softmax_of_the_logits_of_one_view_is_the_probability(
    small_setting: Callable[..., Setting],
) -> None:
    setting = small_setting("ststnet", epochs=1, members=2)
    learner = _fitted(setting)
    logits = learner.logits(setting.arrays)
    assert logits.shape == (2, len(setting.labels), 3)
    np.testing.assert_allclose(softmax(logits, axis=2), learner.samples(setting.arrays), atol=1e-12)


def test_a_network_without_passes_is_one_sample_per_member(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("ststnet", epochs=1, members=2)
    assert _fitted(setting).samples(setting.arrays).shape == (2, len(setting.labels), 3)


def test_a_structure_is_chosen_on_the_clips_of_the_fit(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("ststnet")
    asked, tried, chosen = (Ststnet(StstnetOptions(epochs=n)) for n in (1, 2, 3))  # type: ignore[call-arg]
    view = train_view(setting, setting.folds[0])
    inner = view.inner_folds(2, seed=0)[0][0]
    attempts: list[Trained] = []

    def structured(given: TrainView, train: Train) -> Network:
        assert given is view
        attempts.append(train(tried, inner))
        return chosen

    asked.structured = structured  # type: ignore[method-assign]
    learner = NetworkRecogniser(asked, 0)
    for n in (1, 2):
        learner.fit(view)
        assert learner.network is chosen and len(learner.curves[0]) == 3 and len(attempts) == n
    alone = NetworkRecogniser(tried, 0).fit(inner)
    assert fingerprint(attempts[0].modules) == fingerprint(alone.modules)
