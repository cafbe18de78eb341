"""Local binary patterns against scikit-image, and cases made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.feature import local_binary_pattern

from mien.errors import InputError, UsageError
from mien.motion.local_patterns import UNIFORM, UNIFORM_BINS, lbp_mop, lbp_sip, lbp_top, pattern_codes

RNG = np.random.default_rng(0)
CLIP = RNG.integers(0, 256, (9, 40, 44)).astype(np.uint8)
PLANES = {"xy": (1, 2), "xt": (0, 2), "yt": (0, 1)}


def reference(plane: np.ndarray, radius: int, method: str = "default") -> np.ndarray:
    return local_binary_pattern(plane, 8, radius, method)[radius:-radius, radius:-radius].astype(int)


@pytest.mark.parametrize("radius", [1, 2, 3])
@pytest.mark.parametrize("plane", PLANES)
def test_codes_of_every_plane_equal_those_of_scikit_image(plane: str, radius: int) -> None:
    axes = PLANES[plane]
    codes = pattern_codes(CLIP.astype(np.float32), dict.fromkeys(axes, radius))
    third = 3 - sum(axes)
    for i in (0, 4):
        expected = reference(CLIP.take(i, axis=third), radius)
        np.testing.assert_array_equal(codes.take(i, axis=third), expected)


def test_the_uniform_map_groups_codes_as_scikit_image_does() -> None:
    picture = RNG.integers(0, 256, (200, 200)).astype(np.uint8)
    pairs = {
        (int(UNIFORM[code]), int(label))
        for code, label in zip(
            reference(picture, 1).ravel(), reference(picture, 1, "nri_uniform").ravel(), strict=True
        )
    }
    assert len(pairs) == UNIFORM_BINS == 59  # one to one


def test_an_ellipse_reaches_further_in_time_than_in_space() -> None:
    clip = np.zeros((9, 5, 5), np.float32)
    clip[4] = 1.0  # every neighbour in time lies lower, those in the same frame are equal
    codes = pattern_codes(clip, {0: 4, 2: 1})
    assert codes.shape == (1, 5, 3)
    assert set(codes.ravel()) == {0b00010001}


def test_lbp_top_pools_the_codes_of_the_three_planes_at_the_same_places() -> None:
    found = lbp_top(CLIP, blocks=1, radius=2, radius_t=2).reshape(3, 59)
    inner = slice(2, -2)
    slices = {
        "xy": [reference(CLIP[t], 2) for t in range(2, 7)],
        "xt": [reference(CLIP[:, y], 2) for y in range(2, 38)],
        "yt": [reference(CLIP[:, :, x], 2) for x in range(2, 42)],
    }
    assert CLIP[inner].shape[0] == 5
    for histogram, codes in zip(found, slices.values(), strict=True):
        expected = np.bincount(UNIFORM[np.stack(codes)].ravel(), minlength=59)
        np.testing.assert_allclose(histogram, expected / expected.sum())


def test_lengths_are_those_of_the_literature() -> None:
    clip = RNG.uniform(0, 255, (10, 64, 64))
    assert lbp_top(clip, blocks=8, radius=3, radius_t=3).shape == (11_328,)
    assert lbp_top(clip, blocks=5, radius=1, radius_t=4).shape == (4_425,)
    assert lbp_mop(clip, blocks=5, radius=1, radius_t=4).shape == (4_425,)
    assert lbp_sip(clip, blocks=5, radius=1, radius_t=1).shape == (25 * 20,)
    assert lbp_sip(clip, blocks=5, radius=1, radius_t=1, levels=2).shape == (2 * 25 * 20,)


def test_lbp_sip_of_a_ramp_over_time_and_space() -> None:
    t, _, x = np.mgrid[:5, :12, :12]
    found = lbp_sip(10.0 * x + 3.0 * t, blocks=1, radius=1, radius_t=1)
    space, time = found[:16], found[16:]
    assert space.argmax() == 0b1011 and space.max() == 1  # right, above and below are not lower; left is
    assert time.argmax() == 0b10 and time.max() == 1  # the frame after is not lower


def test_lbp_sip_compares_each_pixel_with_its_six_neighbours() -> None:
    found = lbp_sip(CLIP, blocks=1, radius=2, radius_t=3)
    space, time = np.zeros(16), np.zeros(4)
    for t in range(3, 6):
        for y in range(2, 38):
            for x in range(2, 42):
                centre = CLIP[t, y, x]
                around = CLIP[t, y, x + 2], CLIP[t, y - 2, x], CLIP[t, y, x - 2], CLIP[t, y + 2, x]
                space[sum((value >= centre) << bit for bit, value in enumerate(around))] += 1
                time[(CLIP[t - 3, y, x] >= centre) + 2 * (CLIP[t + 3, y, x] >= centre)] += 1
    np.testing.assert_allclose(found, np.concatenate([space / space.sum(), time / time.sum()]))


def test_lbp_mop_reads_the_means_of_a_block() -> None:
    found = lbp_mop(CLIP, blocks=1, radius=1, radius_t=1).reshape(3, 59)
    for axis, histogram in enumerate(found):
        codes = pattern_codes(CLIP.mean(axis=axis, keepdims=True, dtype=np.float32), _others(axis))
        expected = np.bincount(UNIFORM[codes].ravel(), minlength=59)
        np.testing.assert_allclose(histogram, expected / expected.sum(), atol=2e-2)


def test_lbp_mop_of_a_block_is_that_of_its_own_means() -> None:
    """Mean planes of whole numbers, so that no tie depends on the order of a sum."""
    clip = 4 * RNG.integers(0, 64, (8, 16, 16)).astype(np.float32)
    found = lbp_mop(clip, blocks=2, blocks_t=2, radius=1, radius_t=1).reshape(2, 2, 2, 3, 59)
    for block in np.ndindex(2, 2, 2):
        for plane, third in enumerate((0, 1, 2)):
            half = clip.shape[third] // 2
            part = clip.take(range(block[third] * half, (block[third] + 1) * half), axis=third)
            codes = UNIFORM[pattern_codes(part.mean(axis=third, keepdims=True), _others(third))].squeeze(
                third
            )
            rest = [axis for axis in range(3) if axis != third]
            # Of n - 2 places per axis, each of the two blocks has one half.
            cut = tuple(
                slice(
                    block[axis] * (clip.shape[axis] - 2) // 2, (block[axis] + 1) * (clip.shape[axis] - 2) // 2
                )
                for axis in rest
            )
            expected = np.bincount(codes[cut].ravel(), minlength=59)
            np.testing.assert_allclose(found[(*block, plane)], expected / expected.sum())


def _others(axis: int) -> dict[int, int]:
    return {other: 1 for other in range(3) if other != axis}


@pytest.mark.parametrize("descriptor", [lbp_top, lbp_sip, lbp_mop])
def test_light_and_contrast_do_not_matter_and_a_still_clip_has_one_code(descriptor) -> None:  # type: ignore[no-untyped-def]
    settings = {"blocks": 2, "radius": 1, "radius_t": 1}
    np.testing.assert_array_equal(descriptor(CLIP, **settings), descriptor(CLIP * 0.5 + 20.0, **settings))
    flat = descriptor(np.full((5, 20, 20), 77.7), **settings)
    assert set(flat) == {0.0, 1.0}


def test_clips_that_cannot_be_read_are_refused() -> None:
    with pytest.raises(InputError, match="finite grey clip"):
        lbp_top(np.full((9, 9, 9), np.nan), blocks=1, radius=1, radius_t=1)
    with pytest.raises(InputError, match="finite grey clip"):
        lbp_top(CLIP[0], blocks=1, radius=1, radius_t=1)
    with pytest.raises(UsageError, match="distance of 5"):
        lbp_top(CLIP, blocks=1, radius=1, radius_t=5)
    with pytest.raises(UsageError, match="blocks do not fit"):
        lbp_top(CLIP, blocks=43, radius=1, radius_t=1)
