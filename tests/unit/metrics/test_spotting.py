"""The MEGC protocol: by hand, against slow versions, and against the published result of the 2020 baseline."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import InputError
from mien.metrics import spotting
from mien.metrics.spotting import Counts, FoundCounts, SpottedVideo, spans

FEW = settings(max_examples=100, deadline=None)
interval = st.tuples(st.integers(0, 60), st.integers(1, 25)).map(lambda x: (x[0], x[0] + x[1] - 1))
some = st.lists(interval, max_size=5).map(spans)


def video(predicted, truth, *, key="v", subject="s", fps=30.0, n_frames=1800, kind="micro"):
    return SpottedVideo(key, subject, fps, n_frames, {kind: spans(truth)}, {kind: spans(predicted)})


def slow_iou(a, b) -> float:
    left, right = set(range(a[0], a[1] + 1)), set(range(b[0], b[1] + 1))
    return len(left & right) / len(left | right)


def test_both_ends_belong_to_an_interval() -> None:
    assert spotting.iou([[1, 10]], [[1, 10]])[0, 0] == 1
    assert spotting.iou([[1, 10]], [[10, 19]])[0, 0] == pytest.approx(1 / 19)
    assert spotting.iou([[1, 10]], [[11, 20]])[0, 0] == 0
    assert spotting.iou([[3, 3]], [[3, 3]])[0, 0] == 1
    assert spotting.match([[0, 9]], [[0, 4]]) == [(0, 0)], "an IoU of exactly 0.5 counts"
    assert spotting.match([[0, 9]], [[0, 3]]) == []


@FEW
@given(some, some)
def test_iou_agrees_with_sets_of_frames(predicted, truth) -> None:
    table = spotting.iou(predicted, truth)
    assert table.shape == (len(predicted), len(truth))
    for i, j in itertools.product(range(len(predicted)), range(len(truth))):
        assert table[i, j] == pytest.approx(slow_iou(predicted[i], truth[j]), abs=1e-12)


@FEW
@given(some, some, st.sampled_from([0.1, 0.3, 0.5, 0.7]))
def test_matching_is_one_to_one_and_maximum_means_most(predicted, truth, threshold) -> None:
    table = spotting.iou(predicted, truth) >= threshold
    greedy = spotting.match(predicted, truth, threshold)
    most = spotting.match(predicted, truth, threshold, "maximum")
    for pairs in (greedy, most):
        assert all(table[p, g] for p, g in pairs)
        assert len({p for p, _ in pairs}) == len({g for _, g in pairs}) == len(pairs)
    assert len(greedy) <= len(most) <= 2 * len(greedy)
    assert len(most) == slow_maximum(table)
    found = spotting.count_found(predicted, truth, threshold)
    assert found.found >= len(most) or found.found == len(most)


def slow_maximum(table: np.ndarray) -> int:
    if 0 in table.shape:
        return 0
    rest = slow_maximum(table[1:])
    return max([rest, *(1 + slow_maximum(np.delete(table[1:], g, 1)) for g in np.flatnonzero(table[0]))])


@FEW
@given(some, some)
def test_counts_add_up_and_swapping_sides_swaps_errors(predicted, truth) -> None:
    c, back = spotting.count(predicted, truth), spotting.count(truth, predicted)
    assert (c.tp + c.fp, c.tp + c.fn) == (len(predicted), len(truth))
    assert (c.tp, c.fp, c.fn) == (back.tp, back.fn, back.fp)
    assert math.isnan(c.f1) == (len(predicted) + len(truth) == 0)
    moved = spotting.count(predicted + 7, truth + 7)
    assert moved == c, "where counting starts does not matter"


def test_one_prediction_over_two_truths_counts_once_or_twice() -> None:
    predicted, truth = [[0, 19]], [[0, 9], [10, 19]]
    assert spotting.count(predicted, truth) == Counts(1, 0, 1)
    assert spotting.count_found(predicted, truth) == FoundCounts(1, 2, 2)
    assert spotting.count_found(predicted, truth).f1 == pytest.approx(4 / 3), "above 1: why it was given up"


def test_greedy_may_take_what_two_could_share() -> None:
    # The best pair (0, 0) leaves prediction 1 without a truth, and truth 1 without a prediction.
    predicted, truth = [[0, 9], [0, 6]], [[0, 8], [0, 19]]
    assert len(spotting.match(predicted, truth, 0.5)) == 1
    assert spotting.match(predicted, truth, 0.5, "maximum") == [(0, 1), (1, 0)]


def test_counts_are_pooled_not_averaged_and_empty_videos_count() -> None:
    good, bad = video([(0, 9)], [(0, 9)]), video([(50, 59)] * 3, [(0, 9)], key="w")
    empty = video([(5, 9)], [], key="x")
    row = spotting.scores([good, bad, empty])["micro"]
    assert row.counts == Counts(1, 4, 1)
    assert row.counts.f1 == pytest.approx(2 / 7)
    assert row.minutes == pytest.approx(3)
    assert row.false_alarms_per_min == pytest.approx(4 / 3)


def test_kinds_never_match_each_other_and_overall_adds_their_counts() -> None:
    mixed = SpottedVideo(
        "v", "s", 30, 900, {"micro": spans([(0, 9)])}, {"macro": spans([(0, 9)]), "micro": spans([])}
    )
    result = spotting.scores([mixed])
    assert result["micro"].counts == Counts(0, 0, 1)
    assert result["macro"].counts == Counts(0, 1, 0)
    assert result["all"].counts == Counts(0, 1, 1)


def test_timing_errors_are_signed_and_in_milliseconds() -> None:
    videos = [video([(11, 30)], [(10, 30)], fps=200.0), video([(9, 27)], [(10, 30)], key="w", fps=100.0)]
    errors = spotting.scores(videos)["micro"].errors
    assert errors.onset_mean_ms == pytest.approx((5 - 10) / 2)
    assert errors.onset_median_abs_ms == pytest.approx(7.5)
    assert errors.offset_mean_ms == pytest.approx((0 - 30) / 2)
    assert math.isnan(spotting.scores([video([], [(0, 9)])])["micro"].errors.onset_mean_ms)


def test_a_stricter_overlap_never_finds_more() -> None:
    rng = np.random.default_rng(0)
    starts = np.arange(20) * 80
    truth = [(s, s + 19) for s in starts]
    predicted = [(s + int(rng.integers(-8, 8)), s + 19 + int(rng.integers(-8, 8))) for s in starts]
    table = spotting.sensitivity([video(predicted, truth)])
    f1 = [table[t]["micro"] for t in spotting.IOUS]
    assert f1 == sorted(f1, reverse=True)
    assert f1[0] > f1[-1]
    assert table[0.5]["micro"] == spotting.scores([video(predicted, truth)])["micro"].counts.f1


def test_the_bootstrap_draws_subjects_and_holds_the_estimate() -> None:
    rng = np.random.default_rng(1)
    videos = []
    for i in range(40):
        hit = bool(rng.random() < 0.6)
        videos.append(video([(0, 9) if hit else (50, 59)], [(0, 9)], key=f"v{i}", subject=f"s{i // 4}"))
    point = spotting.scores(videos)["micro"].counts.f1
    by_subject, by_video = (
        spotting.bootstrap(videos, unit=unit, replicates=4000)["micro"] for unit in ("subject", "video")
    )
    for found in (by_subject, by_video):
        assert found.low < point < found.high
    sd = math.sqrt(point * (1 - point) / 40)  # F1 is the share of hits here, for FP = FN
    assert by_video.high - by_video.low == pytest.approx(2 * 1.96 * sd, rel=0.15)
    alone = spotting.bootstrap(videos[:4])["micro"]
    assert math.isnan(alone.low), "one subject says nothing about others"


def test_an_interval_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(InputError, match=r"5\.\.4"):
        spans([(0, 1), (5, 4)])
