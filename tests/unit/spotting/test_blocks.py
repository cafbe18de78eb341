"""The main directional difference of blocks, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import InputError
from mien.spotting.blocks import block_differences


def uniform(u: float, v: float, size: int = 12) -> np.ndarray:
    return np.stack([np.full((size, size), u), np.full((size, size), v)])


def test_a_movement_that_goes_back_scores_and_one_that_goes_on_does_not() -> None:
    there = uniform(3, 4)
    assert block_differences(there, uniform(0, 0)) == pytest.approx(np.full(36, 5))
    assert block_differences(there, uniform(6, 8)) == pytest.approx(np.full(36, -5))


def test_only_the_main_direction_of_a_block_counts_and_its_top_third() -> None:
    first = uniform(1, 0.01, size=18)  # 3 x 3 pixels a block, all to the right ...
    first[:, ::3, ::3] = np.array([-9, 0.01])[
        :, None, None
    ]  # ... but for one, to the left, which is stronger
    second = np.zeros_like(first)
    first[0, 1::3, 1::3] = 4
    # 8 pixels to the right, of which the top third is round(8 / 3) = 3: 4, 1, 1
    expected = (np.hypot(4, 0.01) + 2 * np.hypot(1, 0.01)) / 3
    assert block_differences(first, second) == pytest.approx(np.full(36, expected))


def test_opposite_directions_are_told_apart() -> None:
    """The published atan folds them together: 5 pixels to the left would outvote 4 upwards of strength 2."""
    first = np.zeros((2, 18, 18))
    for row in range(0, 18, 3):
        for column in range(0, 18, 3):
            block = first[:, row : row + 3, column : column + 3].reshape(2, 9).copy()
            block[:, :3] = np.array([1, 0.1])[:, None]
            block[:, 3:6] = np.array([-1, -0.1])[:, None]
            block[:, 6:9] = np.array([-0.1, 2])[:, None]
            block[:, 8] = [-0.1, 2]
            block[:, 5] = [-0.1, 2]
            first[:, row : row + 3, column : column + 3] = block.reshape(2, 3, 3)
    assert block_differences(first, np.zeros_like(first)) == pytest.approx(np.full(36, np.hypot(0.1, 2)))


def test_flows_must_fit() -> None:
    with pytest.raises(InputError, match="two flows"):
        block_differences(uniform(1, 1), uniform(1, 1, size=18))
    with pytest.raises(InputError, match="6 x 6 at least"):
        block_differences(uniform(1, 1, size=5), uniform(1, 1, size=5))
