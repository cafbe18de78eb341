"""MDMD: the descriptor by hand, the published lengths, and planted movements."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from spotting_videos import BROWS, LAG, MOUTH, coded_video, displacement, signal_of

from mien.errors import InputError
from mien.spotting.mdmd import (
    Mdmd,
    MdmdOptions,
    allowed_lengths,
    block_differences,
    gap,
    region_differences,
    top_third,
)


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


def test_regions_give_what_blocks_give_when_motions_are_exact() -> None:
    rng = np.random.default_rng(0)
    moved = displacement(120, [(40, 60, MOUTH)], rng)
    lag = 6
    flow = np.full_like(moved, np.nan)
    flow[lag:] = moved[lag:] - moved[:-lag]
    for times in (1, 2):
        k = lag * times
        found = region_differences(flow, lag, times)
        for i in (k + 20, 50, 60):
            expected = np.linalg.norm(moved[i] - moved[i - k], axis=1) - np.linalg.norm(
                moved[i + k] - moved[i - k], axis=1
            )
            np.testing.assert_allclose(found[i], expected, atol=1e-9)
        assert np.isnan(found[:k]).all()
        assert np.isnan(found[-k:]).all()


def test_published_gaps_and_lengths() -> None:
    assert [gap(kind, fps) for fps in (30, 200) for kind in ("micro", "macro")] == [12, 39, 80, 260]
    assert allowed_lengths("micro", 30) == (7, 16)
    assert allowed_lengths("macro", 30) == (17, float("inf"))
    assert allowed_lengths("micro", 200) == (47, 105)
    assert allowed_lengths("macro", 200) == (106, float("inf"))


def test_top_third_rounds_and_keeps_one() -> None:
    assert top_third([1, 2, 3, 4, 5, 6]) == 5.5
    assert top_third([1.0]) == 1
    assert np.isnan(top_third([[1, np.nan, 2]]))[0]


def test_planted_movements_stand_out_and_are_found() -> None:
    rng = np.random.default_rng(1)
    signal = signal_of(displacement(900, [(300, 315, BROWS), (600, 639, MOUTH)], rng), rng)
    detector = Mdmd(MdmdOptions())
    assert abs(int(np.nanargmax(detector.score(signal, "micro")[:450])) - 307) <= 3
    assert abs(int(np.nanargmax(detector.score(signal, "macro")[450:])) + 450 - 620) <= 5
    detector.thresholds = {"micro": 0.1, "macro": 0.1}
    found = detector.detect(signal)
    assert any(i.kind == "micro" and i.onset <= 307 <= i.offset for i in found)
    assert any(i.kind == "macro" and i.onset <= 620 <= i.offset for i in found)
    for interval in found:
        shortest, longest = allowed_lengths(interval.kind, 30)
        assert shortest <= interval.n_frames <= longest


def test_unfitted_it_has_the_published_threshold_and_fitting_raises_f1(coded_videos) -> None:
    detector = Mdmd(MdmdOptions())
    assert detector.thresholds == {"micro": 0.01, "macro": 0.01}
    detector.fit(coded_videos[:3])
    assert detector.thresholds["macro"] > 0.01
    kept = Mdmd(MdmdOptions(fit_threshold=False)).fit(coded_videos[:3])
    assert kept.thresholds == {"micro": 0.01, "macro": 0.01}


def test_blocks_are_read_where_they_are_and_asked_for_where_not() -> None:
    video = coded_video(0)
    blocks = np.zeros((900, 36))
    blocks[400:410] = 2.0
    signal = replace(video.signal, block_differences=dict.fromkeys(LAG, blocks))
    detector = Mdmd(MdmdOptions(feed="blocks"))
    assert [(i.onset, i.offset) for i in detector.detect(signal)] == [(400, 409)]
    with pytest.raises(InputError, match="holds no block differences"):
        detector.detect(video.signal)
