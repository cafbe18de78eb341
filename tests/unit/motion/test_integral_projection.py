"""STLBP-IP: lengths, cases made by hand, and a slow version of one histogram."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.feature import local_binary_pattern

from mien.errors import UsageError
from mien.motion.integral_projection import line_codes, stlbp_ip
from mien.motion.local_patterns import UNIFORM

RNG = np.random.default_rng(0)


def test_length_and_sums() -> None:
    found = stlbp_ip(RNG.uniform(0, 255, (6, 30, 30)), blocks=3)
    assert found.shape == (2 * 9 * (256 + 59),)
    assert found.sum() == pytest.approx(2 * 9 * 2)  # two histograms per block and direction


def test_line_codes_have_a_bit_for_each_of_eight_neighbours() -> None:
    rising = np.arange(9, dtype=np.float32).reshape(1, 9, 1)
    assert line_codes(rising).ravel().tolist() == [0b11110000]
    assert line_codes(-rising).ravel().tolist() == [0b00001111]
    with pytest.raises(UsageError, match="too short for a mask of 9"):
        line_codes(rising[:, :8])


def test_appearance_is_the_pattern_of_the_projection_of_the_change() -> None:
    clip = RNG.uniform(0, 255, (4, 12, 12)).astype(np.float32)
    found = stlbp_ip(clip, blocks=1).reshape(2, 256 + 59)[:, :256]
    change = np.abs(clip[1:] - clip[0])
    for histogram, sums in zip(found, (change.sum(axis=2), change.sum(axis=1)), strict=True):
        expected = np.zeros(256)
        for row in sums:
            for centre in range(4, 8):
                around = np.delete(row[centre - 4 : centre + 5], 4)
                expected[int(((around >= row[centre]) << np.arange(8)).sum())] += 1
        np.testing.assert_allclose(histogram, expected / expected.sum())


@pytest.mark.filterwarnings("ignore:Applying `local_binary_pattern` to floating-point")
def test_motion_is_the_pattern_of_the_projections_over_time() -> None:
    clip = RNG.uniform(0, 255, (7, 24, 24)).astype(np.float32)
    found = stlbp_ip(clip, blocks=2).reshape(2, 2, 2, 256 + 59)[..., 256:]
    change = np.abs(clip[1:] - clip[0])
    for row in range(2):
        for column in range(2):
            block = change[:, 12 * row : 12 * row + 12, 12 * column : 12 * column + 12]
            across, down = block.sum(axis=2), block.sum(axis=1)
            # The horizontal projections come in the order of rows, the vertical ones in that of columns.
            for histogram, sums in ((found[0, row, column], across), (found[1, column, row], down)):
                shares = sums / sums.sum(axis=1, keepdims=True)
                codes = local_binary_pattern(shares, 8, 1, "default")[1:-1, 1:-1].astype(int)
                expected = np.bincount(UNIFORM[codes].ravel(), minlength=59)
                np.testing.assert_allclose(histogram, expected / expected.sum())


def test_what_does_not_change_does_not_matter() -> None:
    face, change = RNG.uniform(0, 100, (2, 20, 20)), RNG.uniform(0, 100, (5, 20, 20))
    change[0] = 0
    np.testing.assert_array_equal(stlbp_ip(face[0] + change, blocks=2), stlbp_ip(face[1] + change, blocks=2))
