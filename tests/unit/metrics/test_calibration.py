"""Calibration scores against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mien.errors import InputError
from mien.metrics.calibration import brier, ece, reliability_curve

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
