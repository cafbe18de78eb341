"""What an estimator makes of exact flow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.synthesis.conditions import Conditions, correlated_noise, observe

FACE = np.zeros((28, 28), dtype=bool)
FACE[:, 4:24] = True


def noise(n: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, 5, 28, 28))


def test_exact_conditions_change_nothing() -> None:
    flow = np.random.default_rng(1).normal(size=(3, 2, 28, 28)).astype(np.float32)
    np.testing.assert_array_equal(observe(flow, FACE, Conditions.exact(), noise(3), np.zeros(3)), flow)


def test_correlated_noise_has_unit_variance_and_is_correlated() -> None:
    smooth = correlated_noise(np.random.default_rng(0).normal(size=(200, 28, 28)), 1.5)
    assert smooth.var() == pytest.approx(1, abs=0.05)
    neighbours = (smooth[:, 1:] * smooth[:, :-1]).mean()
    assert neighbours > 0.8
    assert (smooth[:, 8:] * smooth[:, :-8]).mean() == pytest.approx(0, abs=0.05)


def test_a_still_shift_passes_every_filter_and_fills_the_background() -> None:
    flow = np.zeros((1, 2, 28, 28), dtype=np.float32)
    flow[:, 0, FACE], flow[:, 1, FACE] = 0.4, -0.2
    seen = observe(flow, FACE, replace(Conditions(), noise=0.0), noise(1), np.zeros(1))
    np.testing.assert_allclose(seen[0, 0], 0.4, atol=0.02)
    np.testing.assert_allclose(seen[0, 1], -0.2, atol=0.02)


def test_the_error_has_the_size_asked_for_and_follows_the_loudness() -> None:
    conditions = replace(Conditions.exact(), noise=0.01, noise_scale=0.05, noise_spread=1.0, white_share=0.1)
    flow = np.zeros((100, 2, 28, 28), dtype=np.float32)
    seen = observe(flow, FACE, conditions, noise(100), np.repeat([0.0, 1.0], 50))
    assert seen[:50].std() == pytest.approx(0.28, rel=0.05)
    assert seen[50:].std() == pytest.approx(0.28 * np.e, rel=0.05)


def test_the_deadband_flattens_small_motion_more_than_large() -> None:
    flow = np.zeros((1, 2, 28, 28), dtype=np.float32)
    flow[0, 1, 3, 5], flow[0, 1, 20, 20] = 0.1, 10.0
    seen = observe(flow, FACE, replace(Conditions.exact(), deadband=0.1 / 28), noise(1), np.zeros(1))
    assert seen[0, 1, 3, 5] == pytest.approx(0.05)
    assert seen[0, 1, 20, 20] == pytest.approx(10.0, rel=0.02)
