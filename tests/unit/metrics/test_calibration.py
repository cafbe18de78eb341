"""Calibration scores against values worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from mien.errors import InputError, UsageError
from mien.metrics.calibration import (
    Abstention,
    brier,
    ece,
    fit_abstention,
    fit_temperature,
    reliability_curve,
    tempered,
)

PROB = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7]])
TRUTH = np.array([0, 1, 1, 1])


def test_ece_worked_out_by_hand() -> None:
    # Two bins: all four confidences are above one half; mean .75, accuracy 3/4.
    assert ece(PROB, TRUTH, bins=2) == pytest.approx(0, abs=1e-12)
    # Four bins: (.5, .75] holds .6 and .7, both right; (.75, 1] holds .9 right and .8 wrong.
    assert ece(PROB, TRUTH, bins=4) == pytest.approx(0.5 * (1 - 0.65) + 0.5 * abs(0.5 - 0.85))


def test_a_confidence_on_an_edge_is_in_the_lower_bin() -> None:
    curve = reliability_curve([[0.5, 0.5], [1.0, 0.0]], [0, 0], bins=2)
    assert [b.n for b in curve] == [1, 1]
    assert (curve[0].low, curve[0].high, curve[1].high) == (0.0, 0.5, 1.0)


def test_a_tie_is_decided_for_the_first_class() -> None:
    assert reliability_curve([[0.5, 0.5]], [0], bins=2)[0].accuracy == 1
    assert reliability_curve([[0.5, 0.5]], [1], bins=2)[0].accuracy == 0


def test_empty_bins_have_no_accuracy() -> None:
    curve = reliability_curve(PROB, TRUTH)
    assert len(curve) == 15
    assert curve[0].n == 0
    assert math.isnan(curve[0].accuracy)
    assert math.isnan(curve[0].confidence)
    assert sum(b.n for b in curve) == 4


def test_brier_worked_out_by_hand() -> None:
    assert brier(PROB, TRUTH) == pytest.approx(2 * (0.01 + 0.64 + 0.16 + 0.09) / 4)
    assert brier(np.eye(3), [0, 1, 2]) == 0
    assert brier(np.eye(3), [1, 2, 0]) == 2
    assert brier(np.full((5, 4), 0.25), [0, 1, 2, 3, 0]) == pytest.approx(3 / 4)


def test_without_clips_nothing_is_defined() -> None:
    empty = np.zeros((0, 3))
    assert math.isnan(ece(empty, np.array([], int)))
    assert math.isnan(brier(empty, np.array([], int)))


def test_all_faults_of_probabilities_are_shown_together() -> None:
    with pytest.raises(InputError) as caught:
        brier([[np.nan, 1.0], [0.7, 0.7], [1.5, -0.5]], [0, 1])
    for words in (
        "3 rows of probabilities for 2 true",
        "not finite, first row 0",
        "not adding up to 1",
        "outside 0..1",
    ):
        assert words in str(caught.value)


def test_bad_calls_are_refused() -> None:
    with pytest.raises(InputError, match="at least one bin"):
        ece(PROB, TRUTH, bins=0)
    with pytest.raises(InputError, match="clips, classes"):
        brier([0.1, 0.9], [1])
    with pytest.raises(InputError, match=r"outside 0\.\.1"):
        brier(PROB, [0, 1, 2, 1])


def test_a_temperature_of_one_changes_nothing_and_a_high_one_tends_to_even_odds() -> None:
    np.testing.assert_allclose(tempered(PROB, 1.0), PROB)
    np.testing.assert_allclose(tempered(PROB, 1e6), 0.5, atol=1e-5)
    np.testing.assert_array_equal(tempered(PROB, 3.0).argmax(axis=1), PROB.argmax(axis=1))
    with pytest.raises(UsageError, match="positive"):
        tempered(PROB, 0.0)


def test_the_temperature_that_made_probabilities_too_sure_is_found_again() -> None:
    rng = np.random.default_rng(0)
    honest = rng.dirichlet([1.0, 1.0, 1.0], 4_000)
    truth = (honest.cumsum(axis=1) < rng.random((4_000, 1))).sum(axis=1)
    too_sure = tempered(honest, 0.4)
    assert fit_temperature(too_sure, truth) == pytest.approx(1 / 0.4, rel=0.1)
    assert ece(tempered(too_sure, fit_temperature(too_sure, truth)), truth) < ece(too_sure, truth) / 5


def test_the_abstention_is_the_least_confidence_that_reaches_the_accuracy() -> None:
    # Confidences .9 (right), .8 (wrong), .6 (right), .7 (right): from .6 on 3 of 4 are right.
    assert fit_abstention(PROB, TRUTH, 0.75) == Abstention(0.6, 1.0, 0.75)
    assert fit_abstention(PROB, TRUTH, 0.9) == Abstention(0.9, 0.25, 1.0)


def test_where_no_confidence_reaches_the_accuracy_the_most_accurate_is_taken() -> None:
    found = fit_abstention([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]], [1, 0, 0], 1.0)
    assert (found.below, found.accuracy) == (0.7, pytest.approx(2 / 3))


def test_clips_of_one_confidence_are_answered_together() -> None:
    assert fit_abstention([[0.8, 0.2], [0.8, 0.2]], [0, 1], 1.0).coverage == 1.0


@pytest.mark.parametrize("fit", [fit_temperature, lambda p, t: fit_abstention(p, t, 0.5)])
def test_nothing_is_fitted_without_clips(fit: Callable[..., object]) -> None:
    with pytest.raises(InputError, match="without clips"):
        fit(np.zeros((0, 3)), np.array([], int))
