"""Spot-then-recognise: published rows come out, and the product never stands alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score

from mien.errors import InputError
from mien.metrics.spotting import Counts
from mien.metrics.strs import Analysis, analysis, strs

NAN = float("nan")

#: MEAN (Liong et al. 2023): TP, FP, FN, events analysed, precision, recall -> spotting F1, analysis F1, STRS.
PUBLISHED = [
    ((159, 85, 85), 159, 0.5983, 0.5872, (0.6516, 0.5927, 0.3862)),
    ((60, 97, 97), 60, 0.5076, 0.5224, (0.3822, 0.5149, 0.1968)),
    ((17, 206, 40), 7, 0.6667, 0.6667, (0.1214, 0.6667, 0.0809)),
    ((26, 363, 133), 19, 0.5882, 0.4762, (0.0949, 0.5263, 0.0499)),
]


@pytest.mark.parametrize(("counts", "n", "precision", "recall", "expected"), PUBLISHED)
def test_published_rows(counts, n, precision, recall, expected) -> None:
    f1 = 2 * precision * recall / (precision + recall)
    result = strs(Counts(*counts), Analysis(n, precision, recall, f1, NAN, NAN))
    assert (result.spotting.f1, result.analysis.f1, result.score) == pytest.approx(expected, abs=6e-5)


def test_means_agree_with_scikit_learn_over_the_classes_that_occur() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        truth, predicted = rng.integers(0, 4, (2, 9))
        found = analysis(truth, predicted, 5)
        assert found.precision == pytest.approx(
            precision_score(truth, predicted, average="macro", zero_division=0)
        )
        assert found.recall == pytest.approx(recall_score(truth, predicted, average="macro", zero_division=0))
        assert math.isnan(found.uf1), "class 4 never occurs: UF1 over all classes is undefined"


def test_events_of_no_class_are_left_out() -> None:
    assert analysis([0, -1, 1], [0, 1, 1], 2) == analysis([0, 1], [0, 1], 2)
    none = analysis([-1], [0], 2)
    assert none.n == 0
    assert math.isnan(none.f1)
    assert math.isnan(strs(Counts(1, 0, 0), none).score)


def test_nothing_right_is_zero_not_undefined() -> None:
    found = analysis([0, 1], [1, 0], 2)
    assert found.f1 == 0
    assert strs(Counts(2, 0, 0), found).score == 0


def test_the_words_hold_both_factors_and_the_counts() -> None:
    words = str(strs(Counts(4, 3, 2), analysis([0, 1, 1, 1], [0, 1, 1, 0], 2)))
    for part in ("STRS", "TP 4, FP 3, FN 2", "analysis F1", "4 events", f"{8 / 13:.4f}"):
        assert part in words


def test_only_true_positives_are_analysed() -> None:
    with pytest.raises(InputError, match="only true positives"):
        strs(Counts(1, 0, 0), analysis([0, 1], [0, 1], 2))
    with pytest.raises(InputError, match="one label per found event"):
        analysis([0, 1], [0], 2)
