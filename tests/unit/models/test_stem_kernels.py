"""The compiled kernels against a slow version in numpy."""

from __future__ import annotations

import numpy as np
from scipy.signal import correlate2d

from mien.models import stem_kernels

RNG = np.random.default_rng(0)


def test_forward_equals_a_slow_version() -> None:
    x = RNG.normal(size=(2, 3, 9, 11)).astype(np.float32)
    weight = RNG.normal(size=(4, 3, 3, 3)).astype(np.float32)
    bias = RNG.normal(size=4).astype(np.float32)
    sign = np.array([1, -1, 1, -1], np.float32)
    height, width = 9 + 4 - 2, 11 + 4 - 2
    rows, columns = (height - 1) // 3 + 1, (width - 1) // 3 + 1
    rectified = np.full((2, 4, height, width + 2), np.nan, np.float32)
    pooled = np.zeros((2, 4, rows, columns), np.float32)
    where = np.zeros(pooled.shape, np.uint8)
    total, square = np.zeros(4), np.zeros(4)
    stem_kernels.forward(x, weight, bias, sign, rectified, pooled, where, total, square)

    padded = np.pad(x, ((0, 0), (0, 0), (2, 2), (2, 2)))
    slow = np.zeros((2, 4, height, width))
    for n in range(2):
        for c in range(4):
            slow[n, c] = bias[c] + sum(correlate2d(padded[n, k], weight[c, k], "valid") for k in range(3))
    slow = np.maximum(slow, 0)
    np.testing.assert_allclose(rectified[..., :width], slow, atol=1e-4)
    assert not rectified[..., width:].any()
    np.testing.assert_allclose(total, slow.sum(axis=(0, 2, 3)), rtol=1e-4)
    np.testing.assert_allclose(square, (slow**2).sum(axis=(0, 2, 3)), rtol=1e-4)
    for c in range(4):
        for p in range(rows):
            for q in range(columns):
                window = slow[:, c, max(3 * p - 1, 0) : 3 * p + 2, max(3 * q - 1, 0) : 3 * q + 2]
                expected = (sign[c] * window).max(axis=(1, 2)) * sign[c]
                np.testing.assert_allclose(pooled[:, c, p, q], expected, atol=1e-4)
                for n in range(2):
                    di, dj = divmod(int(where[n, c, p, q]), 3)
                    i, j = 3 * p - 1 + di, 3 * q - 1 + dj
                    assert abs(slow[n, c, i, j] - pooled[n, c, p, q]) < 1e-4
