"""Block histograms against slow ones."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import UsageError
from mien.motion.blocks import block_histograms, edges, normalised

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("weighted", [False, True])
def test_histograms_equal_those_of_each_block_alone(weighted: bool) -> None:
    values, weights = RNG.integers(0, 5, (4, 11, 13)), RNG.random((4, 11, 13))
    found = block_histograms(values, 5, (2, 3, 4), weights if weighted else None)
    cuts = [edges(n, k) for n, k in zip(values.shape, (2, 3, 4), strict=True)]
    row = 0
    for t in range(2):
        for y in range(3):
            for x in range(4):
                at = tuple(slice(c[i], c[i + 1]) for c, i in zip(cuts, (t, y, x), strict=True))
                expected = [(weights[at] if weighted else 1) * (values[at] == b) for b in range(5)]
                np.testing.assert_allclose(found[row], [np.sum(e) for e in expected])
                row += 1
    assert row == len(found)


def test_blocks_differ_by_a_pixel_at_most_and_must_fit() -> None:
    assert set(np.diff(edges(10, 3))) == {3, 4}
    with pytest.raises(UsageError, match="11 blocks"):
        edges(10, 11)


def test_a_histogram_without_votes_stays_zero() -> None:
    np.testing.assert_array_equal(normalised(np.array([[1.0, 3.0], [0.0, 0.0]])), [[0.25, 0.75], [0, 0]])
