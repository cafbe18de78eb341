"""Block descriptors against slow versions and known cases."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import UsageError
from mien.motion.descriptors import block_hoof, block_means, centred_flow

RNG = np.random.default_rng(0)


def test_block_means_equal_a_slow_version() -> None:
    images = RNG.normal(size=(2, 3, 28, 28))
    expected = images.reshape(2, 3, 7, 4, 7, 4).mean(axis=(3, 5)).reshape(2, -1)
    np.testing.assert_allclose(block_means(images, 7), expected)


def test_uneven_blocks_cover_every_pixel_once() -> None:
    ones = np.ones((1, 1, 10, 10))
    np.testing.assert_allclose(block_means(ones, 3), 1)
    with pytest.raises(UsageError, match="11 blocks"):
        block_means(ones, 11)


def test_hoof_votes_with_the_magnitude_and_sums_to_one() -> None:
    flow = np.zeros((1, 2, 4, 4))
    flow[0, 0, :, :2], flow[0, 0, :, 2:] = 3.0, -1.0  # right on the left half, left on the right half
    hoof = block_hoof(flow, 1, 4).reshape(4)
    assert hoof[2] == pytest.approx(0.75)  # angle 0 begins bin 2 of (-pi, pi]
    assert hoof.sum() == pytest.approx(1)
    assert hoof[[0, 3]].sum() == pytest.approx(0.25)


def test_hoof_of_a_still_image_is_zero_and_scale_does_not_matter() -> None:
    assert not block_hoof(np.zeros((1, 2, 8, 8)), 2, 8).any()
    flow = RNG.normal(size=(3, 2, 8, 8))
    np.testing.assert_allclose(block_hoof(flow, 2, 8), block_hoof(5 * flow, 2, 8))


def test_centred_flow_has_median_zero() -> None:
    flow = RNG.integers(0, 256, (2, 3, 9, 9)).astype(np.uint8)
    np.testing.assert_allclose(np.median(centred_flow(flow), axis=(2, 3)), 0)
