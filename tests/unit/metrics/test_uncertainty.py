"""Entropy, mutual information and the risk-coverage curve, on cases that a hand can check."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import entropy

from mien.errors import InputError
from mien.metrics.uncertainty import aurc, mutual_information, predictive_entropy, risk_coverage


def test_entropy_is_nothing_when_certain_and_log_k_when_all_are_equal() -> None:
    found = predictive_entropy([[1, 0, 0, 0], [0.25] * 4, [0.5, 0.5, 0, 0]])
    np.testing.assert_allclose(found, [0, np.log(4), np.log(2)], atol=1e-12)
    assert (np.signbit(found) == 0).all()


def test_entropy_is_that_of_scipy() -> None:
    prob = np.random.default_rng(0).dirichlet(np.ones(5), size=(3, 20))
    np.testing.assert_allclose(predictive_entropy(prob), entropy(prob, axis=-1), atol=1e-12)


def test_mutual_information_tells_disagreement_from_common_doubt() -> None:
    agree = [[0.5, 0.5]]
    samples = np.array([[*agree, [1, 0], [0.7, 0.3]], [*agree, [0, 1], [0.3, 0.7]]], float)
    found = mutual_information(samples)
    between = np.log(2) - entropy([0.7, 0.3])
    np.testing.assert_allclose(found, [0, np.log(2), between], atol=1e-12)


def test_one_sample_shares_no_information_with_itself() -> None:
    prob = np.random.default_rng(1).dirichlet(np.ones(3), size=(1, 9))
    assert (mutual_information(prob) == 0).all()


def test_mutual_information_needs_samples_of_clips() -> None:
    with pytest.raises(InputError, match=r"samples, clips, classes"):
        mutual_information(np.ones((4, 2)))
    with pytest.raises(InputError):
        mutual_information(np.ones((0, 4, 2)))


def test_the_curve_of_four_clips() -> None:
    # By falling confidence: wrong, right, wrong, right.
    risk = risk_coverage([0.3, 0.9, 0.5, 0.7], [True, False, False, True])
    np.testing.assert_allclose(risk, [1, 1 / 2, 2 / 3, 2 / 4])
    assert aurc([0.3, 0.9, 0.5, 0.7], [True, False, False, True]) == pytest.approx(
        (1 + 1 / 2 + 2 / 3 + 1 / 2) / 4
    )


def test_the_last_risk_is_the_error_rate() -> None:
    right = np.random.default_rng(2).random(50) < 0.7
    assert risk_coverage(np.random.default_rng(3).random(50), right)[-1] == pytest.approx(1 - right.mean())


def test_perfect_order_is_best_and_reversed_order_worst() -> None:
    right = np.array([True] * 6 + [False] * 2)
    some = aurc(np.random.default_rng(4).random(8), right)
    best, worst = aurc(right, right), aurc(~right, right)
    assert best == pytest.approx((1 / 7 + 2 / 8) / 8)
    assert best <= some <= worst
    assert aurc([0.1, 0.2], [True, True]) == 0


def test_ties_are_the_mean_over_all_orders_of_the_tied() -> None:
    confidence = np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    right = np.array([True, False, True, True, False])
    each = []
    for order in itertools.permutations([1, 2, 3]):
        broken = confidence.copy()
        broken[list(order)] += [0.03, 0.02, 0.01]
        each.append(aurc(broken, right))
    assert aurc(confidence, right) == pytest.approx(np.mean(each))
    assert aurc(np.ones(5), right) == pytest.approx(0.4)


def test_the_order_of_the_clips_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    confidence, right = rng.integers(0, 5, 30) / 5, rng.random(30) < 0.6
    at = rng.permutation(30)
    assert aurc(confidence, right) == pytest.approx(aurc(confidence[at], right[at]))


def test_no_clips_have_no_area_and_nan_is_refused() -> None:
    assert np.isnan(aurc([], []))
    with pytest.raises(InputError, match="1 NaN"):
        aurc([0.5, np.nan], [True, True])
    with pytest.raises(InputError):
        aurc([0.5], [True, True])
