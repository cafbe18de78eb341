"""Histograms of flow: the facts of their definitions, and slow versions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.errors import InputError, UsageError
from mien.motion.blocks import edges
from mien.motion.flow_histograms import FINE_BINS, bi_woof, fhofo, hoof, memberships, orientation_bins
from mien.motion.strain import optical_strain

RNG = np.random.default_rng(0)
FLOW = RNG.normal(size=(2, 30, 34))


def with_strain(flow: np.ndarray) -> np.ndarray:
    return np.concatenate([flow, optical_strain(*flow)[None]])


def turned(flow: np.ndarray, angle: float) -> np.ndarray:
    u, v = flow
    return np.stack([u * np.cos(angle) - v * np.sin(angle), u * np.sin(angle) + v * np.cos(angle)])


def test_bins_begin_at_minus_pi_and_v_points_down() -> None:
    u, v = np.array([-1.0, 0.1, 1.0, -0.1, -1.0]), np.array([-0.1, -1.0, 0.1, 1.0, 0.1])
    assert orientation_bins(u, v, 4).tolist() == [0, 1, 2, 3, 3]
    assert orientation_bins(-1.0, 0.0, 8) == 0  # pi is where the circle closes


def test_hoof_equals_a_slow_version() -> None:
    found = hoof(FLOW, blocks=2, bins=8)
    block = FLOW[:, :15, 17:]
    angle, size = np.arctan2(block[1], block[0]), np.hypot(*block)
    expected, _ = np.histogram(angle, bins=8, range=(-np.pi, np.pi), weights=size)
    np.testing.assert_allclose(found[1], expected / size.sum())
    assert not hoof(np.zeros((2, 8, 8)), blocks=2, bins=8).any()


def test_the_published_histograms_have_the_form_of_ours(shared_data: Path) -> None:
    """Their frames are not public and their bins not described: only the form can be compared."""
    with np.load(shared_data / "features" / "hoof_megc2019" / "hoof.npz") as published:
        for bins in (4, 8):
            theirs = published[f"HOOF_TIM10_{bins}"].transpose(0, 2, 1)
            ours = hoof(FLOW, blocks=1, bins=bins)
            assert theirs.shape[-1] == ours.shape[-1]
            for histograms in (theirs, ours):
                assert histograms.min() >= 0
                np.testing.assert_allclose(histograms.sum(axis=-1), 1, atol=1e-5)


def test_bi_woof_has_200_values_of_length_1_that_scale_does_not_change() -> None:
    found = bi_woof(with_strain(FLOW), blocks=5)
    assert found.shape == (200,)
    assert np.linalg.norm(found) == pytest.approx(1)
    np.testing.assert_allclose(bi_woof(with_strain(3.7 * FLOW), blocks=5), found, rtol=1e-5)


def test_bi_woof_equals_a_slow_version() -> None:
    image = with_strain(FLOW)
    rows, columns = edges(30, 4), edges(34, 4)  # blocks of two sizes
    found = []
    for y in range(4):
        for x in range(4):
            u, v, strain = image[:, rows[y] : rows[y + 1], columns[x] : columns[x + 1]]
            angle, size = np.degrees(np.arctan2(v, u)), np.hypot(u, v)
            histogram, _ = np.histogram(angle, np.arange(-180, 181, 45), weights=size)
            found.append(histogram / size.sum() * strain.sum())
    expected = np.ravel(found) / np.linalg.norm(found)
    np.testing.assert_allclose(bi_woof(image, blocks=4), expected)


def test_bi_woof_weighs_a_block_by_its_strain() -> None:
    y, x = np.mgrid[:20, :20].astype(float)
    flow = np.stack([np.where(x < 10, 5.0, 5 + 0.3 * (x - 10)), np.zeros_like(y)])  # shifted; stretched
    found = bi_woof(with_strain(flow), blocks=2).reshape(2, 2, 8)
    assert found[:, 1].sum() > 10 * found[:, 0].sum()
    assert found.argmax(axis=-1)[:, 1].tolist() == [4, 4]
    assert not bi_woof(np.zeros((3, 20, 20)), blocks=5).any()


@pytest.mark.parametrize("weighted", [False, True])
def test_fhofo_sums_to_one_in_every_block_and_frame(weighted: bool) -> None:
    flow = RNG.normal(size=(2, 4, 30, 30))
    flow[:, 0] = 0
    found = fhofo(flow, blocks=3, weighted=weighted)
    assert found.shape == (4, 9, 18)
    np.testing.assert_allclose(found[1:].sum(axis=-1), 1)
    assert not found[0].any()


def test_turning_all_vectors_by_a_fine_bin_shifts_the_smoothed_histogram_by_one() -> None:
    bin_angle = 2 * np.pi / FINE_BINS
    bins = RNG.integers(0, FINE_BINS, (2, 30, 30))
    angle = -np.pi + (bins[0] + 0.5) * bin_angle
    flow = np.stack([np.cos(angle), np.sin(angle)])
    before, after = (
        fhofo(f[:, None], blocks=1, bins=FINE_BINS)[0, 0] for f in (flow, turned(flow, bin_angle))
    )
    np.testing.assert_allclose(after, np.roll(before, 1), rtol=1e-9)
    assert not np.allclose(after, before, rtol=1e-9)


def test_fhofo_counts_and_fhoof_weighs() -> None:
    flow = np.zeros((2, 1, 10, 10))
    flow[0, 0, :7], flow[1, 0, 7:] = 1.0, 50.0
    counted, weighted = (fhofo(flow, blocks=1, bins=FINE_BINS, weighted=w)[0, 0] for w in (False, True))
    assert abs(int(counted.argmax()) - 25) <= 3 and abs(int(weighted.argmax()) - 37) <= 3
    np.testing.assert_allclose(fhofo(9 * flow, blocks=1), fhofo(flow, blocks=1))


def test_memberships_are_one_at_home_and_go_around_the_circle() -> None:
    matrix = memberships()
    np.testing.assert_allclose(np.diag(matrix), 1)
    assert matrix[0, 49] == pytest.approx(np.exp(-1 / 200)) == pytest.approx(matrix[0, 1])
    np.testing.assert_allclose(memberships(18)[[0, -1]], matrix[[0, -1]])
    with pytest.raises(UsageError):
        memberships(51)


def test_other_arrays_are_refused() -> None:
    with pytest.raises(InputError, match="3 channels"):
        bi_woof(FLOW, blocks=2)
    with pytest.raises(InputError, match=r"\(C, T, H, W\)"):
        fhofo(FLOW, blocks=2)
    with pytest.raises(InputError, match="finite"):
        hoof(np.full((2, 9, 9), np.nan), blocks=1)
