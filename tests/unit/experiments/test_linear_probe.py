"""The linear probe: inner products in place of pixels, scales, strengths."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from mien.experiments.linear_probe import RIDGES, choose_ridge, inner_products, person_scores


def people_and_features(noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    people = np.arange(60) % 6
    return people, rng.normal(size=(6, 40))[people] + noise * rng.normal(size=(60, 40))


def test_scores_are_those_of_ridge_regression_on_the_features_themselves() -> None:
    people, features = people_and_features(2.0)
    train, test = np.arange(5, 60), np.arange(5)
    scores = person_scores(inner_products(features), train, test, people[train], 0.1)

    x = features[train] - features[train].mean(axis=0)
    length = (x**2).sum(axis=1).mean()
    targets = np.eye(6)[people[train]]
    counts = np.bincount(people[train])
    # the probe's ridge is fitted without an intercept to centred clips and targets
    direct = Ridge(alpha=0.1 * length, fit_intercept=False)
    direct.fit(x, targets - targets.mean(axis=0), sample_weight=55 / (6 * counts[people[train]]))
    expected = direct.predict(features[test] - features[train].mean(axis=0)) + targets.mean(axis=0)
    np.testing.assert_allclose(scores, expected, atol=1e-8)


def test_channels_weigh_the_same_whatever_their_unit_and_a_dead_one_nothing() -> None:
    people, features = people_and_features(2.0)
    clips = features.reshape(60, 2, 20)
    train, test = np.arange(5, 60), np.arange(5)
    other_unit = clips * np.array([1.0, 1e-4])[None, :, None]
    dead = np.concatenate([clips, np.full((60, 1, 20), 7.0)], axis=1)
    expected = person_scores(inner_products(clips), train, test, people[train], 0.1)
    for changed in (other_unit, dead):
        found = person_scores(inner_products(changed), train, test, people[train], 0.1)
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_held_out_clip_changes_the_scores_of_no_other() -> None:
    people, features = people_and_features(2.0)
    train = np.arange(5, 60)
    before = person_scores(inner_products(features), train, np.arange(5), people[train], 0.1)
    features[4] = 1e3
    after = person_scores(inner_products(features), train, np.arange(5), people[train], 0.1)
    np.testing.assert_allclose(after[:4], before[:4], atol=1e-6)


def test_the_strength_suits_the_noise() -> None:
    parts = np.arange(60) // 12
    weak = choose_ridge(inner_products(people_and_features(0.01)[1]), np.arange(60), np.arange(60) % 6, parts)
    assert weak == RIDGES[0]  # all name every clip rightly: the strongest is taken
    # one feature tells people apart, and a hundredfold larger ones nothing: a strong ridge sees those alone
    rng = np.random.default_rng(0)
    people = np.arange(60) % 2
    features = np.concatenate([(people * 2.0 - 1)[:, None], 8 * rng.normal(size=(60, 3))], axis=1)
    assert choose_ridge(inner_products(features), np.arange(60), people, parts) < RIDGES[0]


@pytest.mark.parametrize("held", [0, 3])
def test_the_strength_is_chosen_without_the_held_out_part(held: int) -> None:
    people, features = people_and_features(4.0)
    parts = np.arange(60) // 12
    within = np.flatnonzero(parts != held)
    before = choose_ridge(inner_products(features), within, people[within], parts[within])
    features[parts == held] = 1e3
    assert choose_ridge(inner_products(features), within, people[within], parts[within]) == before
