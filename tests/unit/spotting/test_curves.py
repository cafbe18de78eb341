"""Curve arithmetic, against slow versions and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.metrics.spotting import iou, spans
from mien.spotting import curves

FEW = settings(max_examples=100, deadline=None)
NAN = float("nan")
values = st.lists(st.one_of(st.floats(-5, 5), st.just(NAN)), min_size=1, max_size=30).map(np.array)


@FEW
@given(values, st.integers(0, 8))
def test_window_mean_is_the_mean_of_the_known_neighbours(curve, half) -> None:
    found = curves.window_mean(curve, half)
    for i, value in enumerate(curve):
        around = curve[max(i - half, 0) : i + half + 1]
        expected = NAN if math.isnan(value) else np.nanmean(around)
        assert found[i] == pytest.approx(expected, abs=1e-9, nan_ok=True)


@FEW
@given(values, st.integers(1, 40))
def test_contrast_takes_the_neighbour_that_is_known(curve, reach) -> None:
    found = curves.contrast(curve, reach)
    for i, value in enumerate(curve):
        around = [curve[j] for j in (i - reach, i + reach) if 0 <= j < len(curve)]
        known = [x for x in around if not math.isnan(x)]
        expected = value - sum(known) / len(known) if known else NAN
        assert found[i] == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_contrast_removes_a_drift() -> None:
    curve = np.linspace(0, 100, 60)
    np.testing.assert_allclose(curves.contrast(curve, 5)[5:-5], 0, atol=1e-9)


def test_scores_move_to_the_middle_of_their_lag() -> None:
    # Row 7 saw frames 3 to 7: it speaks of frame 5.
    rows = np.zeros(10)
    rows[7] = 1
    found = curves.centred(rows, 4)
    assert int(np.nanargmax(found)) == 5
    assert np.isnan(found).tolist() == [False] * 8 + [True] * 2
    assert np.isnan(curves.centred([1.0], 9)).all()


def test_robust_z_ignores_outliers_and_has_a_floor() -> None:
    rng = np.random.default_rng(0)
    curve = rng.normal(3, 2, 2000)
    curve[:40] = 1000
    curve[50] = NAN
    z = curves.robust_z(curve, 1e-6)
    assert np.nanstd(z[60:]) == pytest.approx(1, abs=0.05)
    assert math.isnan(z[50])
    assert curves.robust_z(np.array([0.0, 0.0, 0.0, 1e-9]), 0.01).max() == pytest.approx(1e-7)
    assert np.isnan(curves.robust_z([NAN, NAN], 1)).all()


def test_relative_threshold() -> None:
    assert curves.relative_threshold([0, 2, NAN, 4], 0.5) == pytest.approx(3)
    assert curves.relative_threshold([NAN], 0.5) == float("inf")


def test_runs_with_and_without_the_one_that_lasts_to_the_end() -> None:
    mask = [1, 1, 0, 1, 0, 1, 1]
    assert curves.runs(mask).tolist() == [[0, 1], [3, 3], [5, 6]]
    assert curves.runs(mask, keep_last=False).tolist() == [[0, 1], [3, 3]]
    assert curves.runs([0, 0]).shape == curves.runs([]).shape == (0, 2)


@FEW
@given(st.lists(st.booleans(), max_size=40))
def test_runs_give_the_mask_back(mask) -> None:
    again = np.zeros(len(mask), bool)
    for first, last in curves.runs(mask):
        again[first : last + 1] = True
    assert again.tolist() == mask


def test_peaks_keep_the_higher_of_two_close_ones_and_see_the_borders() -> None:
    assert curves.peaks([0, 3, 0, 5, 0, 0, 0, 4], 3).tolist() == [3, 7]
    assert curves.peaks([0, 3, 0, 5, 0, 0, 0, 4], 1).tolist() == [1, 3, 7]
    assert curves.peaks([6, 1, NAN, 2, 1], 1).tolist() == [0, 3]
    assert curves.peaks([NAN, NAN], 1).size == 0


def test_half_peak_stops_at_half_and_at_unknown_frames() -> None:
    curve = np.array([0, 3, 6, 10, 6, 6, 5, 9, 0])
    assert curves.half_peak(curve, 3) == (2, 5)
    assert curves.half_peak(np.array([8.0, 9.0, NAN, 9.0]), 1) == (0, 1)


@FEW
@given(st.integers(0, 50), st.integers(1, 60), st.integers(1, 20), st.integers(0, 30), st.data())
def test_intervals_get_the_length_that_is_allowed(onset, length, shortest, more, data) -> None:
    offset, longest, n = onset + length - 1, shortest + more, 200
    middle = data.draw(st.integers(onset, offset))
    first, last = curves.fit_length(onset, offset, middle, shortest, longest, n)
    assert 0 <= first <= middle <= last < n
    if first > 0:
        assert shortest <= last - first + 1 <= longest
    if shortest <= length <= longest:
        assert (first, last) == (onset, offset)


def test_the_stronger_of_two_overlapping_intervals_stays() -> None:
    found = spans([(0, 9), (3, 12), (40, 49), (11, 20)])
    assert curves.suppress(found, [1.0, 2.0, 0.5, 0.1], 0.3) == [1, 2, 3]
    assert iou(found[[3]], found[[1]])[0, 0] <= 0.3
    assert curves.suppress(spans([]), [], 0.3) == []
