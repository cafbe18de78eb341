"""Gradient histograms against scikit-image's HOG and cases made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.feature import hog

from mien.errors import UsageError
from mien.motion.gradients import hog_3d, hog_top

RNG = np.random.default_rng(0)
Y, X = np.mgrid[:24, :24].astype(np.float64)


def test_the_picture_plane_of_hog_top_is_the_hog_of_scikit_image() -> None:
    picture = RNG.uniform(0, 255, (40, 40))
    expected = hog(
        picture,
        orientations=8,
        pixels_per_cell=(8, 8),
        cells_per_block=(1, 1),
        block_norm="L1",
        feature_vector=False,
    )[:, :, 0, 0]
    found = hog_top(np.stack([picture, picture]), blocks=5, bins=8).reshape(5, 5, 3, 8)[:, :, 0]
    # At the border of the picture the two take differences in another way.
    np.testing.assert_allclose(found[1:-1, 1:-1], expected[1:-1, 1:-1], atol=1e-5)


def test_a_moving_ramp_has_one_orientation_in_each_plane() -> None:
    clip = np.stack([100 + 2 * X + 2 * Y - 2 * t for t in range(6)])
    found = hog_top(clip, blocks=1, bins=8, signed=True).reshape(3, 8)
    assert found.argmax(axis=1).tolist() == [1, 7, 7]  # 45 degrees begin bin 1, -45 degrees (twice) bin 7
    np.testing.assert_allclose(found.max(axis=1), 1)
    folded = hog_top(clip, blocks=1, bins=8).reshape(3, 8)
    assert folded.argmax(axis=1).tolist() == [2, 6, 6]


def test_higo_does_not_know_light_or_contrast_but_hog_knows_where_contrast_is() -> None:
    clip = RNG.uniform(0, 255, (6, 20, 20))
    brighter = 0.3 * clip + 50
    lit = clip * np.linspace(0.2, 1, 20)[:, None]
    for weighted in (False, True):
        np.testing.assert_allclose(
            hog_top(clip, blocks=2, weighted=weighted),
            hog_top(brighter, blocks=2, weighted=weighted),
            atol=1e-3,
        )
    flat = hog_top(np.full((4, 10, 10), 5.0), blocks=2, weighted=False)
    assert not flat.any()
    assert not np.allclose(hog_top(clip, blocks=1), hog_top(lit, blocks=1), atol=1e-3)


def test_higo_counts_pixels_and_hog_adds_magnitudes() -> None:
    picture = np.where(X < 8, 20 * X, 140 + Y)  # a third is steep along x, the rest gentle along y
    clip = np.stack([picture, picture])
    steep, gentle = 0, 4
    assert hog_top(clip, blocks=1).reshape(3, 8)[0].argmax() == steep
    assert hog_top(clip, blocks=1, weighted=False).reshape(3, 8)[0].argmax() == gentle


def test_length_and_blocks_in_time() -> None:
    clip = RNG.uniform(0, 255, (10, 30, 30))
    assert hog_top(clip, blocks=6, blocks_t=2).shape == (6 * 6 * 2 * 3 * 8,)
    still_then_not = np.concatenate([np.repeat(clip[:1], 5, axis=0), clip[5:]])
    first, second = hog_top(still_then_not, blocks=1, blocks_t=2, signed=True).reshape(2, 3, 8)
    again, _ = hog_top(np.repeat(clip[:1], 10, axis=0), blocks=1, blocks_t=2, signed=True).reshape(2, 3, 8)
    np.testing.assert_allclose(first[0], again[0])
    assert not np.allclose(first, second)
    with pytest.raises(UsageError, match="two frames"):
        hog_top(clip[:1], blocks=1)


def test_regions_of_3dhog_are_read_each_for_itself() -> None:
    clip = RNG.uniform(0, 255, (6, 24, 24))
    regions = np.zeros((3, 24, 24), bool)
    regions[0, :12], regions[1, 12:], regions[2] = True, True, True
    found = hog_3d(clip, regions, blocks_t=2).reshape(2, 3, 3, 8)
    np.testing.assert_allclose(found.sum(axis=-1), 1)
    whole = hog_top(clip, blocks=1, blocks_t=2, signed=True).reshape(2, 3, 8)
    np.testing.assert_allclose(found[:, 2], whole)
    assert not np.allclose(found[:, 0], found[:, 1])
    changed = clip.copy()
    changed[:, 14:] = 0
    np.testing.assert_allclose(hog_3d(changed, regions, blocks_t=2).reshape(2, 3, 3, 8)[:, 0], found[:, 0])
