"""Temporal interpolation against the published form, and the choice of frames."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import InputError, UsageError
from mien.motion.interpolation import dct_weights, fill, fill_weights, interpolate

LENGTH, COUNT = st.integers(1, 40), st.integers(1, 40)


def published(frames: np.ndarray, count: int) -> np.ndarray:
    """TIM with singular values: frames (T, D) that do not depend on each other, T >= 2."""
    n = len(frames)
    k = np.arange(1, n)[:, None]

    def curve(t: np.ndarray) -> np.ndarray:
        return np.sin(np.pi * k * t + np.pi * (n - k) / (2 * n))

    mean = frames.mean(axis=0)
    u, _, _ = np.linalg.svd((frames - mean).T, full_matrices=False)
    u = u[:, : n - 1]
    mapping = u.T @ (frames - mean).T @ np.linalg.pinv(curve(np.arange(1, n + 1) / n))
    return (mean[:, None] + u @ mapping @ curve(np.linspace(1 / n, 1, count))).T


@pytest.mark.parametrize(("length", "count"), [(2, 5), (3, 10), (7, 7), (13, 10), (20, 64)])
def test_it_equals_the_published_form(length: int, count: int) -> None:
    frames = np.random.default_rng(length).normal(size=(length, 200))
    np.testing.assert_allclose(dct_weights(length, count) @ frames, published(frames, count), atol=1e-10)


@given(LENGTH, COUNT)
def test_weights_sum_to_one_and_the_ends_are_kept(length: int, count: int) -> None:
    weights = dct_weights(length, count)
    assert weights.shape == (count, length)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    np.testing.assert_allclose(weights[0], np.eye(length)[0], atol=1e-9)
    if count > 1:
        np.testing.assert_allclose(weights[-1], np.eye(length)[-1], atol=1e-9)


@given(LENGTH)
def test_as_many_frames_are_the_frames(length: int) -> None:
    np.testing.assert_allclose(dct_weights(length, length), np.eye(length), atol=1e-9)


@given(st.integers(2, 12), st.integers(2, 6))
def test_times_that_meet_give_the_frames(length: int, finer: int) -> None:
    weights = dct_weights(length, (length - 1) * finer + 1)
    np.testing.assert_allclose(weights[::finer], np.eye(length), atol=1e-9)


def test_a_half_cosine_is_exact_and_a_ramp_is_nearly_so() -> None:
    wanted = np.linspace(0.5, 7.5, 29)
    wave = np.cos(np.pi * (np.arange(8) + 0.5) / 8)
    np.testing.assert_allclose(interpolate(wave, 29), np.cos(np.pi * wanted / 8), atol=1e-6)
    bend = interpolate(np.arange(8.0), 29) - (wanted - 0.5)
    assert 0.001 < np.abs(bend).max() < 0.05  # frames; the docstring says so


def test_few_frames_have_defined_outcomes() -> None:
    np.testing.assert_array_equal(interpolate([7.0], 4), [7, 7, 7, 7])
    np.testing.assert_allclose(interpolate([0.0, 1.0], 3), [0, 0.5, 1], atol=1e-7)
    np.testing.assert_allclose(interpolate([0.0, 1.0, 0.0], 3), [0, 1, 0], atol=1e-7)
    np.testing.assert_allclose(interpolate([3.0, 1.0, 0.0], 1), [3], atol=1e-6)


def test_bytes_stay_bytes_and_do_not_wrap_around() -> None:
    frames = np.zeros((6, 2, 3), np.uint8)
    frames[2:4] = 255  # overshoots
    made = interpolate(frames, 21)
    assert made.dtype == np.uint8 and made.shape == (21, 2, 3)
    as_floats = interpolate(frames.astype(np.float32), 21)
    assert as_floats.dtype == np.float32 and as_floats.max() > 256 and as_floats.min() < -1
    np.testing.assert_array_equal(made, np.rint(as_floats).clip(0, 255))


def test_what_cannot_be_interpolated_is_refused() -> None:
    for frames in (np.zeros((0, 3)), np.array([1.0, np.nan]), np.float64(3)):
        with pytest.raises(InputError, match="finite frames"):
            interpolate(frames, 3)
    with pytest.raises(UsageError, match="at least one"):
        interpolate([1.0], 0)


@pytest.mark.parametrize(
    ("given", "count", "wanted"),
    [
        # One blend in each of the gaps; then one each in the central gaps alone.
        ([0, 1, 2], 5, [0, 0.5, 1, 1.5, 2]),
        ([0, 1, 2, 3], 5, [0, 1, 1.5, 2, 3]),
        ([0, 1, 2, 3, 4], 7, [0, 1, 1.5, 2, 2.5, 3, 4]),
        # 11 frames from 5: 6 blends in 4 gaps are one each and two more in the middle.
        ([0, 3, 6, 9, 12], 11, [0, 1.5, 3, 4, 5, 6, 7, 8, 9, 10.5, 12]),
        ([0, 10], 11, list(range(11))),
        ([7], 11, [7] * 11),
    ],
)
def test_gaps_are_filled_as_slstt_shares_out_the_blends(
    given: list[float], count: int, wanted: list[float]
) -> None:
    np.testing.assert_allclose(fill(np.array(given, np.float32), count), wanted, rtol=1e-6)


@pytest.mark.parametrize("length", range(1, 12))
def test_a_filled_window_has_its_length_and_keeps_every_given_frame(length: int) -> None:
    weights = fill_weights(length, 11)
    assert weights.shape == (11, length)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert sum(row.max() == 1 for row in weights) >= length
    filled = fill(np.arange(length, dtype=np.uint8) * 20, 11)
    assert filled.dtype == np.uint8 and set(range(0, 20 * length, 20)) <= set(filled.tolist())


def test_a_window_is_not_thinned_out() -> None:
    with pytest.raises(UsageError, match="filled, not thinned"):
        fill(np.zeros(12), 11)
