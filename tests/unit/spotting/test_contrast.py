"""The contrast detector finds planted movements, calls them by their length, and leaves blinks alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from spotting_videos import BROWS, EYES, FPS, MOUTH, coded_video, displacement, signal_of

from mien.metrics import spotting
from mien.metrics.spotting import Counts
from mien.spotting.contract import KINDS
from mien.spotting.contrast import (
    Contrast,
    ContrastOptions,
    extent,
    eye_share,
    remaining,
    usual_motion,
    whole_face,
)
from mien.spotting.fitting import to_spans, truth_spans


def counts(detector, videos) -> dict[str, Counts]:
    pooled = dict.fromkeys(KINDS, Counts())
    for video in videos:
        found = detector.detect(video.signal)
        for kind in KINDS:
            spans = to_spans([i for i in found if i.kind == kind])
            pooled[kind] += spotting.count(spans, truth_spans(video.truth, kind))
    return pooled


@pytest.mark.parametrize("noise", [0.05, 0.15])
def test_planted_movements_are_found_unfitted(noise: float) -> None:
    found = counts(Contrast(ContrastOptions()), [coded_video(key, noise=noise) for key in range(30, 34)])
    assert found["micro"].f1 >= 0.9, found
    assert found["macro"].f1 >= 0.9, found


def test_fitting_finds_all_of_them_and_corrects_their_timing(coded_videos) -> None:
    detector = Contrast(ContrastOptions()).fit(coded_videos[:4])
    assert detector.widening_s["micro"] > 0
    new = [coded_video(key) for key in range(40, 43)]
    assert counts(detector, new) == {"micro": Counts(6, 0, 0), "macro": Counts(6, 0, 0)}
    for video in new:
        pairs = zip(video.truth, detector.detect(video.signal), strict=True)
        assert max(abs(found.onset - coded.onset) for coded, found in pairs) <= 3


def test_fitted_values_are_options_of_the_same_detector(coded_videos) -> None:
    detector = Contrast(ContrastOptions()).fit(coded_videos[:4])
    again = Contrast(detector.options)
    assert again.fitted == detector.fitted
    signal = coded_videos[4].signal
    assert again.detect(signal) == detector.detect(signal)


def test_the_score_of_a_still_face_stays_low_and_of_a_movement_is_high(coded_videos) -> None:
    detector = Contrast(ContrastOptions())
    rng = np.random.default_rng(0)
    still = signal_of(displacement(600, [], rng), rng)
    moving = signal_of(displacement(600, [(300, 312, BROWS)], rng), rng)
    for kind in KINDS:
        assert np.nanmax(detector.score(still, kind)) < detector.thresholds[kind]
    score = detector.score(moving, "micro")
    assert abs(int(np.nanargmax(score)) - 306) <= 3
    assert detector.detect(still) == []


def test_blinks_are_no_movements_but_can_be_asked_for() -> None:
    rng = np.random.default_rng(1)
    lids = [(start, start + 8, EYES) for start in (100, 200, 300, 400)]
    moved = displacement(600, lids, rng, size=4)
    # The lids pull a little at everything near them.
    brows = displacement(600, [(s, o, BROWS) for s, o, _ in lids], rng, size=0.6)
    signal = signal_of(moved + brows, rng)
    assert Contrast(ContrastOptions()).detect(signal) == []
    assert len(Contrast(ContrastOptions(eye_share=1.0)).detect(signal)) == 4
    assert eye_share(signal, "micro", 100, 108) > 0.7


def test_kind_goes_by_duration() -> None:
    rng = np.random.default_rng(2)
    signal = signal_of(displacement(900, [(200, 211, MOUTH), (500, 539, MOUTH)], rng), rng)
    found = Contrast(ContrastOptions()).detect(signal)
    assert [(i.kind, i.apex // 100) for i in found] == [("micro", 2), ("macro", 5)]
    for interval in found:
        short = interval.n_frames <= 0.5 * FPS
        assert (interval.kind == "micro") == short


def test_a_face_that_moves_and_stays_shows_no_micro_movement() -> None:
    rng = np.random.default_rng(3)
    moved = displacement(900, [(300, 303, MOUTH)], rng, size=0)
    moved[300:, MOUTH, 0] = 2.0
    moved[300:306, MOUTH, 0] = np.linspace(0.3, 1.8, 6)[:, None]
    signal = signal_of(moved, rng)
    assert remaining(signal, "micro", 300, 306) > 0.8
    assert [i for i in Contrast(ContrastOptions()).detect(signal) if i.kind == "micro"] == []
    back = signal_of(displacement(900, [(300, 312, MOUTH)], rng), rng)
    assert abs(remaining(back, "micro", 300, 312)) < 0.2


def test_lost_frames_are_unknown_and_the_rest_goes_on() -> None:
    video = coded_video(50)
    flow = {kind: np.array(rows) for kind, rows in video.signal.region_flow.items()}
    lost = slice(video.truth[1].onset - 5, video.truth[1].offset + 60)
    for rows in flow.values():
        rows[lost] = np.nan
    signal = replace(video.signal, region_flow=flow)
    detector = Contrast(ContrastOptions())
    found = detector.detect(signal)
    assert np.isnan(detector.score(signal, "micro")[lost.start : lost.stop - 6]).all()
    truth = [video.truth[i] for i in (0, 2, 3)]
    assert len(found) == len(truth)
    for coded, interval in zip(truth, found, strict=True):
        assert interval.kind == coded.kind
        assert abs(interval.apex - coded.apex) <= 9


@pytest.mark.parametrize("n_frames", [1, 2, 5, 20])
def test_very_short_and_wholly_lost_videos_hold_nothing(n_frames: int) -> None:
    rng = np.random.default_rng(0)
    signal = signal_of(np.zeros((n_frames, 36, 2)), rng)
    assert Contrast(ContrastOptions()).detect(signal) == []
    lost = replace(signal, region_flow={k: np.full((n_frames, 36, 2), np.nan) for k in KINDS})
    assert Contrast(ContrastOptions()).detect(lost) == []


def test_extent_undoes_the_lag() -> None:
    moved = np.zeros(100)
    moved[40:58] = 1  # a movement of 12 frames seen through a lag of 6
    assert extent(moved, 6, 45, 50) == (43, 54)
    assert extent(np.zeros(10), 6, 3, 4) == (3, 4), "nothing beyond what is usual: left as it is"


def test_intervals_of_a_kind_do_not_pile_up() -> None:
    for key in range(60, 64):
        found = Contrast(ContrastOptions(micro_threshold=1, macro_threshold=1)).detect(
            coded_video(key, noise=0.3).signal
        )
        assert found == sorted(found, key=lambda i: (i.onset, i.offset))
        for kind in KINDS:
            spans = to_spans([i for i in found if i.kind == kind])
            overlap = spotting.iou(spans, spans)[np.triu_indices(len(spans), 1)]
            assert overlap.max(initial=0) <= 0.3


def test_what_moves_all_of_the_face_is_the_head() -> None:
    rng = np.random.default_rng(4)
    everything = list(range(36))
    signal = signal_of(displacement(900, [(300, 339, everything), (600, 639, MOUTH)], rng), rng)
    usual = usual_motion(signal, "macro")
    assert whole_face(signal, "macro", 300, 339, usual) > 0.4
    assert abs(whole_face(signal, "macro", 600, 639, usual)) < 0.05
    found = Contrast(ContrastOptions()).detect(signal)
    assert [(i.kind, i.apex // 100) for i in found] == [("macro", 6)]
    both = Contrast(ContrastOptions(whole_face=1.0)).detect(signal)
    assert [i.apex // 100 for i in both] == [3, 6]


def test_one_movement_with_several_peaks_is_one_interval() -> None:
    rng = np.random.default_rng(5)
    moved = displacement(900, [(300, 330, MOUTH), (325, 355, BROWS), (350, 380, MOUTH)], rng)
    found = Contrast(ContrastOptions()).detect(signal_of(moved, rng))
    assert len([i for i in found if i.kind == "macro"]) == 1
