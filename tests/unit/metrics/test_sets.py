"""Agreement of sets against hand-made cases and against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import f1_score, jaccard_score

from mien.metrics import sets


@pytest.mark.parametrize(
    ("truth", "found", "f1", "jaccard"),
    [
        ({6, 12, 25}, {6, 12, 25}, 1, 1),
        ({1, 2, 4, 9, 25}, {4, 9, 25}, 0.75, 0.6),
        ({4}, {12}, 0, 0),
        ({4}, set(), 0, 0),
        (set(), set(), 1, 1),
    ],
)
def test_hand_made_pairs(truth: set, found: set, f1: float, jaccard: float) -> None:
    assert sets.set_f1(truth, found) == pytest.approx(f1)
    assert sets.jaccard(truth, found) == pytest.approx(jaccard)


def test_they_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    elements = (1, 2, 4, 6, 12)
    truth, found = rng.random((2, 60, 5)) < 0.4
    as_sets = [
        [{e for e, there in zip(elements, row, strict=True) if there} for row in side]
        for side in (truth, found)
    ]
    counts = sets.element_counts(*as_sets, elements)
    assert counts.shape == (60, 5, 3)
    assert sets.micro_f1(counts.sum(0)) == pytest.approx(f1_score(truth, found, average="micro"))
    assert sets.macro_f1(counts.sum(0)) == pytest.approx(f1_score(truth, found, average="macro"))
    pairs = list(zip(*as_sets, strict=True))
    reference = jaccard_score(truth, found, average="samples", zero_division=1)
    assert np.mean([sets.jaccard(*pair) for pair in pairs]) == pytest.approx(reference)


def test_an_element_that_is_only_named_falsely_lowers_micro_f1_alone() -> None:
    counts = sets.element_counts([{4}], [{4, 9}], (4, 9)).sum(0)
    assert sets.macro_f1(counts) == 1
    assert sets.micro_f1(counts) == pytest.approx(2 / 3)


def test_nothing_there_and_nothing_named_has_no_f1() -> None:
    counts = sets.element_counts([set()], [set()], (4,)).sum(0)
    assert math.isnan(sets.micro_f1(counts))
    assert math.isnan(sets.macro_f1(counts))
