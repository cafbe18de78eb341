"""Rank-k and verification, by hand-made cases and against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, top_k_accuracy_score

from mien.errors import InputError
from mien.metrics.identification import (
    rank_k,
    rank_k_interval,
    ranks,
    verification,
    verification_intervals,
)


def test_ranks_count_from_one_and_ties_count_against() -> None:
    scores = [[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.4, 0.4, 0.2], [0.1, 0.1, 0.1]]
    places = ranks(scores, [0, 2, 1, 0])
    assert places.tolist() == [1, 3, 2, 3]
    assert rank_k(places, 1) == 0.25
    assert rank_k(places, 2) == 0.5
    assert math.isnan(rank_k([], 1))


@pytest.mark.parametrize("k", [1, 3, 5])
def test_rank_k_is_the_top_k_accuracy_of_scikit_learn(k: int) -> None:
    rng = np.random.default_rng(0)
    scores, truth = rng.random((200, 8)), rng.integers(8, size=200)
    assert rank_k(ranks(scores, truth), k) == pytest.approx(
        top_k_accuracy_score(truth, scores, k=k, labels=range(8))
    )


def test_wrong_scores_are_refused() -> None:
    with pytest.raises(InputError, match="none NaN"):
        ranks([[0.1, float("nan")]], [0])
    with pytest.raises(InputError, match=r"outside 0\.\.1"):
        ranks([[0.1, 0.2]], [2])
    with pytest.raises(InputError, match="per row"):
        ranks([[0.1, 0.2]], [0, 1])


def test_the_interval_draws_people_not_clips() -> None:
    places = np.repeat([1, 9], 50)
    people = rank_k_interval(places, np.repeat(["a", "b"], 50), 1)
    assert (people.low, people.high) == (0, 1)
    many = rank_k_interval(places, np.arange(100), 1)
    assert 0.35 < many.low < 0.45 < 0.55 < many.high < 0.65
    assert math.isnan(rank_k_interval(places, ["a"] * 100, 1).low)


def test_verification_of_pairs_told_apart_wholly_or_not_at_all() -> None:
    apart = verification([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0])
    assert (apart.auc, apart.eer, apart.genuine, apart.impostor) == (1, 0, 2, 2)
    turned = verification([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0])
    assert (turned.auc, turned.eer) == (0, 1)
    alike = verification([0.5] * 4, [1, 1, 0, 0])
    assert (alike.auc, alike.eer) == (0.5, 0.5)


def test_equal_error_rate_by_hand() -> None:
    # one genuine pair of four lies below the best impostor, one impostor pair of four above the worst genuine one
    found = verification([0.9, 0.8, 0.7, 0.3, 0.6, 0.2, 0.1, 0.0], [1, 1, 1, 1, 0, 0, 0, 0])
    assert found.eer == pytest.approx(0.25)
    assert found.auc == pytest.approx(15 / 16)


def test_auc_and_equal_error_rate_of_two_normal_curves() -> None:
    rng = np.random.default_rng(0)
    same = np.repeat([True, False], 20_000)
    similarity = rng.normal(np.where(same, 2.0, 0.0))
    found = verification(similarity, same)
    assert found.auc == pytest.approx(roc_auc_score(same, similarity))
    assert found.eer == pytest.approx(0.1587, abs=0.01)  # both curves cross the middle one deviation away


def test_a_weight_counts_a_pair_that_often() -> None:
    similarity, same, weight = [0.9, 0.4, 0.5, 0.1], [1, 1, 0, 0], [1, 3, 2, 1]
    weighed = verification(similarity, same, weight)
    repeated = verification(np.repeat(similarity, weight), np.repeat(same, weight))
    assert (weighed.auc, weighed.eer) == pytest.approx((repeated.auc, repeated.eer))


def test_pairs_of_one_kind_are_refused() -> None:
    with pytest.raises(InputError, match="0 of two"):
        verification([0.5, 0.6], [1, 1])
    with pytest.raises(InputError, match="a similarity and a truth"):
        verification([0.5, 0.6], [1])


def test_intervals_of_verification_hold_the_value_and_need_three_people() -> None:
    rng = np.random.default_rng(3)
    people = np.repeat([f"p{i}" for i in range(10)], 4)
    a, b = np.triu_indices(people.size, 1)
    same = people[a] == people[b]
    similarity = rng.normal(same * 1.0)
    auc, eer = verification_intervals(similarity, people[a], people[b])
    found = verification(similarity, same)
    assert 0.5 < auc.low < found.auc < auc.high < 1
    assert 0 < eer.low < found.eer < eer.high < 0.5
    assert math.isnan(verification_intervals([0.1], ["a"], ["b"])[0].low)
