"""Scores of any predictions: against scikit-learn, against a slow version by hand, and what must hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from mien.metrics import calibration, recognition

FEW = settings(max_examples=100, deadline=None)
EXACT = {"rel": 0, "abs": 1e-12}


@st.composite
def predictions(draw: st.DrawFn, every_class: bool = False) -> tuple[list[int], list[int], int]:
    k = draw(st.integers(2, 6))
    n = draw(st.integers(1, 60))
    label = st.integers(0, k - 1)
    truth = draw(st.lists(label, min_size=n, max_size=n))
    if every_class:
        truth += list(range(k))
    return truth, draw(st.lists(label, min_size=len(truth), max_size=len(truth))), k


@st.composite
def probabilities(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int]:
    n, k = draw(st.integers(1, 60)), draw(st.integers(2, 5))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    prob = rng.dirichlet(np.full(k, draw(st.sampled_from([0.1, 1.0, 10.0]))), n)
    if draw(st.booleans()):
        prob = np.round(prob * 15) / 15  # puts confidences on the edges of the bins
        prob[:, 0] += 1 - prob.sum(1)
        prob = np.where((prob < 0).any(1, keepdims=True), np.eye(k)[0], prob)
    return prob, rng.integers(0, k, n), draw(st.sampled_from([1, 2, 10, 15]))


def slow_scores(truth: list[int], predicted: list[int], k: int) -> dict[str, float]:
    """The four scores, clip by clip and class by class, straight from their definitions."""
    f1, recall, support = [], [], []
    for c in range(k):
        tp = fp = fn = 0
        for t, p in zip(truth, predicted, strict=True):
            if t == c and p == c:
                tp += 1
            elif p == c:
                fp += 1
            elif t == c:
                fn += 1
        n = tp + fn
        support.append(n)
        f1.append(2 * tp / (2 * tp + fp + fn) if n else math.nan)
        recall.append(tp / n if n else math.nan)
    right = sum(1 for t, p in zip(truth, predicted, strict=True) if t == p)
    return {
        "accuracy": right / len(truth),
        "uf1": sum(f1) / k,
        "uar": sum(recall) / k,
        "weighted_f1": sum(f * n for f, n in zip(f1, support, strict=True) if n) / len(truth),
    }


def slow_ece(prob: np.ndarray, truth: np.ndarray, bins: int) -> float:
    total = 0.0
    for b in range(bins):
        low, high = np.linspace(0, 1, bins + 1)[b : b + 2]
        inside = [i for i in range(len(truth)) if low < max(prob[i]) <= high]
        if inside:
            confidence = sum(max(prob[i]) for i in inside) / len(inside)
            accuracy = sum(int(np.argmax(prob[i]) == truth[i]) for i in inside) / len(inside)
            total += len(inside) / len(truth) * abs(accuracy - confidence)
    return total


@FEW
@given(predictions())
def test_scores_equal_the_slow_ones(case: tuple[list[int], list[int], int]) -> None:
    truth, predicted, k = case
    found = recognition.scores(recognition.confusion(truth, predicted, k)).as_dict()
    for name, value in slow_scores(truth, predicted, k).items():
        assert found[name] == pytest.approx(value, **EXACT, nan_ok=True)


@FEW
@given(predictions(every_class=True))
def test_scores_equal_those_of_scikit_learn(case: tuple[list[int], list[int], int]) -> None:
    truth, predicted, k = case
    labels = list(range(k))
    matrix = recognition.confusion(truth, predicted, k)
    np.testing.assert_array_equal(matrix, sk.confusion_matrix(truth, predicted, labels=labels))
    found = recognition.scores(matrix)
    rows = recognition.per_class(matrix, [str(i) for i in labels])
    macro = {"labels": labels, "zero_division": 0}
    assert found.accuracy == pytest.approx(sk.accuracy_score(truth, predicted), **EXACT)
    assert found.uf1 == pytest.approx(sk.f1_score(truth, predicted, average="macro", **macro), **EXACT)
    assert found.uar == pytest.approx(sk.balanced_accuracy_score(truth, predicted), **EXACT)
    assert found.weighted_f1 == pytest.approx(
        sk.f1_score(truth, predicted, average="weighted", **macro), **EXACT
    )
    theirs = sk.precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=np.nan)
    for ours, values in zip(
        (
            [row.precision for row in rows],
            [row.recall for row in rows],
            [row.f1 for row in rows],
            [row.support for row in rows],
        ),
        theirs,
        strict=True,
    ):
        np.testing.assert_allclose(ours, values, rtol=0, atol=1e-12)


@FEW
@given(predictions(every_class=True), st.randoms(use_true_random=False))
def test_scores_stay_within_bounds_and_ignore_order_and_class_names(case, random) -> None:
    truth, predicted, k = case
    found = recognition.scores(recognition.confusion(truth, predicted, k)).as_dict()
    assert all(0 <= value <= 1 for value in found.values())
    clips = list(zip(truth, predicted, strict=True))
    random.shuffle(clips)
    names = list(range(k))
    random.shuffle(names)
    renamed = recognition.confusion([names[t] for t, _ in clips], [names[p] for _, p in clips], k)
    for name, value in recognition.scores(renamed).as_dict().items():
        assert value == pytest.approx(found[name], **EXACT)
    perfect = recognition.scores(recognition.confusion(truth, truth, k)).as_dict()
    assert all(value == 1 for value in perfect.values())


@FEW
@given(predictions())
def test_a_reason_is_given_exactly_when_uf1_is_undefined(case: tuple[list[int], list[int], int]) -> None:
    truth, predicted, k = case
    matrix = recognition.confusion(truth, predicted, k)
    reason = recognition.undefined_reason(matrix, [f"class{i}" for i in range(k)])
    undefined = math.isnan(recognition.scores(matrix).uf1)
    assert bool(reason) == undefined == (len(set(truth)) < k)
    assert all((f"'class{i}'" in reason) == (undefined and i not in truth) for i in range(k))


@FEW
@given(probabilities())
def test_calibration_equals_the_slow_one_and_scikit_learn(case) -> None:
    prob, truth, bins = case
    assert calibration.ece(prob, truth, bins) == pytest.approx(slow_ece(prob, truth, bins), **EXACT)
    slow = sum(
        (prob[i, c] - (truth[i] == c)) ** 2 for i in range(len(truth)) for c in range(prob.shape[1])
    ) / len(truth)
    found = calibration.brier(prob, truth)
    assert found == pytest.approx(slow, **EXACT)
    assert 0 <= found <= 2
    if prob.shape[1] == 2 and len(set(truth.tolist())) == 2:
        assert found == pytest.approx(2 * sk.brier_score_loss(truth, prob[:, 1]), **EXACT)
    curve = calibration.reliability_curve(prob, truth, bins)
    assert sum(b.n for b in curve) == len(truth)
    right = sum(b.n * b.accuracy for b in curve if b.n)
    assert right == pytest.approx((prob.argmax(1) == truth).sum())
