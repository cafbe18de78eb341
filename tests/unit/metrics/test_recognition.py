"""Scores against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mien.errors import InputError
from mien.metrics import recognition as r

CLASSES = ("negative", "positive", "surprise")
# rows: truth. F1: 2*3/(4+4), 2*1/(2+3), 2*2/(3+2)
MATRIX = np.array([[3, 1, 0], [1, 1, 0], [0, 1, 2]])


def test_scores_worked_out_by_hand() -> None:
    found = r.scores(MATRIX)
    f1 = [6 / 8, 2 / 5, 4 / 5]
    assert found.n_clips == 9
    assert found.accuracy == pytest.approx(6 / 9, abs=1e-15)
    assert found.uf1 == pytest.approx(sum(f1) / 3, abs=1e-15)
    assert found.uar == pytest.approx((3 / 4 + 1 / 2 + 2 / 3) / 3, abs=1e-15)
    assert found.weighted_f1 == pytest.approx((4 * f1[0] + 2 * f1[1] + 3 * f1[2]) / 9, abs=1e-15)
    assert list(found.as_dict()) == ["accuracy", "uf1", "uar", "weighted_f1"] == list(r.METRICS)


def test_confusion_has_the_truth_in_rows() -> None:
    matrix = r.confusion([0, 0, 2], [0, 1, 1], 3)
    assert matrix.tolist() == [[1, 1, 0], [0, 0, 0], [0, 1, 0]]
    assert matrix.dtype == np.int64


def test_grouped_confusions_add_up_to_the_pooled_one() -> None:
    truth, predicted, groups = [0, 1, 1, 0], [0, 0, 1, 1], ["b", "a", "a", "b"]
    names, matrices = r.grouped_confusions(truth, predicted, groups, 2)
    assert names.tolist() == ["a", "b"]
    assert matrices[0].tolist() == [[0, 0], [1, 1]]
    assert (matrices.sum(0) == r.confusion(truth, predicted, 2)).all()


def test_a_class_absent_from_the_truth_makes_uf1_and_uar_undefined() -> None:
    matrix = r.confusion([0, 0, 1], [0, 2, 1], 3)
    found = r.scores(matrix)
    assert math.isnan(found.uf1)
    assert math.isnan(found.uar)
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.weighted_f1 == pytest.approx((2 * 2 / 3 + 1 * 1) / 3)
    reason = r.undefined_reason(matrix, CLASSES)
    assert "class 'surprise' is absent" in reason
    assert "all 3 classes" in reason


def test_reasons_name_several_classes_or_nothing() -> None:
    assert r.undefined_reason(MATRIX, CLASSES) == ""
    assert "'negative', 'surprise' are absent" in r.undefined_reason(r.confusion([1], [1], 3), CLASSES)
    assert r.undefined_reason(np.zeros((3, 3)), CLASSES) == "there is no clip to score"


def test_a_class_that_is_never_predicted_counts_with_zero() -> None:
    matrix = r.confusion([0, 1, 2], [0, 1, 1], 3)
    row = r.per_class(matrix, CLASSES)[2]
    assert (row.name, row.recall, row.f1, row.support) == ("surprise", 0.0, 0.0, 1)
    assert math.isnan(row.precision)
    assert r.scores(matrix).uf1 == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_per_class_in_the_order_of_the_classes() -> None:
    rows = r.per_class(MATRIX, CLASSES)
    assert [row.name for row in rows] == list(CLASSES)
    assert [row.support for row in rows] == [4, 2, 3]
    assert [row.precision for row in rows] == pytest.approx([3 / 4, 1 / 3, 1])
    assert [row.recall for row in rows] == pytest.approx([3 / 4, 1 / 2, 2 / 3])
    assert np.mean([row.f1 for row in rows]) == pytest.approx(r.scores(MATRIX).uf1)


def test_stacks_of_matrices_score_like_single_ones() -> None:
    stack = np.random.default_rng(0).integers(0, 3, (4, 5, 3, 3))
    for metric in r.METRICS.values():
        values = metric(stack)
        assert values.shape == (4, 5)
        np.testing.assert_array_equal(values[2, 3], metric(stack[2, 3]))


def test_no_clips_are_undefined() -> None:
    assert all(math.isnan(value) for value in r.scores(r.confusion([], [], 2)).as_dict().values())


@pytest.mark.parametrize(
    ("truth", "predicted", "words"),
    [
        ([0, 1], [0], "2 true and 1 predicted"),
        ([0, -1], [0, 1], "a truth label is outside 0..1"),
        ([0, 1], [0, 2], "a predicted label is outside 0..1"),
        ([0.5, 1], [0, 1], "must be a list of class numbers"),
    ],
)
def test_bad_labels_are_refused(truth: list[float], predicted: list[float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        r.confusion(truth, predicted, 2)


def test_matrices_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(InputError, match="square"):
        r.uf1(np.zeros((2, 3)))
    with pytest.raises(InputError, match="one confusion matrix"):
        r.scores(np.zeros((2, 3, 3)))
    with pytest.raises(InputError, match="do not belong together"):
        r.per_class(MATRIX, ("negative", "positive"))
    with pytest.raises(InputError, match="3 groups"):
        r.grouped_confusions([0, 1], [0, 1], ["a", "b", "c"], 2)
