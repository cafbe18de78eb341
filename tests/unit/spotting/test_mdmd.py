"""MDMD: the descriptor by hand, the published lengths, and planted movements."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from spotting_videos import BROWS, LAG, MOUTH, coded_video, displacement, signal_of

from mien.errors import InputError
from mien.spotting.blocks import gap, top_third
from mien.spotting.mdmd import Mdmd, MdmdBlocks, MdmdOptions, allowed_lengths, region_differences


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
    detector = MdmdBlocks(MdmdOptions())
    assert [(i.onset, i.offset) for i in detector.detect(signal)] == [(400, 409)]
    with pytest.raises(InputError, match="holds no block differences"):
        detector.detect(video.signal)
