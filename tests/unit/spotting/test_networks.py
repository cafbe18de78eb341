"""SOFTNet and MEAN as detectors: pseudo-labels, sampling, and planted movements."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from spotting_videos import coded_video

from mien.errors import InputError, UsageError
from mien.spotting.networks import (
    Frames,
    Mean,
    MeanOptions,
    Softnet,
    SoftnetOptions,
    known_rows,
    min_max,
    pseudo_labels,
)

QUICK = SoftnetOptions(epochs=3, learning_rate=0.02)


@pytest.fixture(scope="module")
def trained(mapped_videos):
    return Softnet(QUICK).fit(mapped_videos[:2])


def test_rows_whose_flow_spans_part_of_an_event_are_positive() -> None:
    video = coded_video(0, ["micro"])
    event, lag = video.truth[0], 6
    slow = [
        bool(set(range(row - lag, row)) & set(range(event.onset, event.offset + 1))) for row in range(900)
    ]
    assert pseudo_labels(video, "micro").tolist() == slow
    assert sum(slow) == event.n_frames + lag - 1
    assert not pseudo_labels(video, "macro").any()


def test_maps_are_scaled_one_by_one() -> None:
    maps = np.random.default_rng(0).normal(5, 3, (4, 3, 42, 42)).astype(np.float16)
    maps[2, 1] = 7
    scaled = min_max(maps)
    assert scaled.dtype == np.float32
    low, high = scaled.min(axis=(2, 3)), scaled.max(axis=(2, 3))
    assert not low.any()
    flat = np.zeros((4, 3), bool)
    flat[2, 1] = True
    np.testing.assert_array_equal(high, np.where(flat, 0, 1))


def test_only_known_rows_are_numbered() -> None:
    videos = [np.zeros((5, 3, 42, 42), np.float32), np.ones((4, 3, 42, 42), np.float32)]
    videos[0][:2] = np.nan
    videos[1][3] = np.nan
    frames = Frames(videos)
    assert frames.rows.tolist() == [2, 3, 4, 5, 6, 7]
    assert [float(frames[i].max()) for i in range(6)] == [0, 0, 0, 1, 1, 1]
    assert known_rows(videos[1]).tolist() == [0, 1, 2]


def test_softnet_takes_every_second_negative_and_adds_three_of_each_micro_positive() -> None:
    labels = np.array([False] * 10 + [True] * 4)
    rng = np.random.default_rng(0)
    chosen, changes = Softnet(QUICK).samples(labels, "micro", rng)
    assert sorted(chosen[changes == 0]) == [0, 2, 4, 6, 8, 10, 11, 12, 13]
    assert all(sorted(chosen[changes == how]) == [10, 11, 12, 13] for how in (1, 2, 3))
    chosen, changes = Softnet(QUICK).samples(labels, "macro", rng)
    assert not changes.any()


def test_mean_takes_five_negatives_for_each_positive() -> None:
    labels = np.array([True] * 3 + [False] * 100)
    chosen, _ = Mean(MeanOptions()).samples(labels, "micro", np.random.default_rng(0))
    assert labels[chosen].sum() == 3
    assert len(set(chosen.tolist())) == 18


def test_planted_movements_get_high_scores_in_a_new_video(trained, mapped_videos) -> None:
    video = mapped_videos[2]
    for event in video.truth:
        score = trained.score(video.signal, event.kind)
        inside = score[event.onset : event.offset + 1]
        assert np.nanmedian(inside) > np.nanquantile(score, 0.8)
    found = trained.detect(video.signal)
    hits = [any(f.kind == e.kind and abs(f.apex - e.apex) < 10 for f in found) for e in video.truth]
    assert all(hits), found


def test_mean_finds_a_planted_micro_movement(mapped_videos) -> None:
    detector = Mean(MeanOptions(epochs=6, learning_rate=2e-3)).fit(mapped_videos[:2])
    video = mapped_videos[2]
    best = max(detector.detect(video.signal), key=lambda interval: interval.score)
    assert best.kind == "micro"
    event = next(e for e in video.truth if e.kind == "micro")
    macro = next(e for e in video.truth if e.kind == "macro")
    assert any(abs(best.apex - e.apex) < 20 for e in (event, macro)), "MEAN sees every movement"
    assert set(detector.fitted) == {"threshold micro", "duration micro s", "weights micro"}


def test_intervals_reach_k_either_side_and_k_is_from_training(trained, mapped_videos) -> None:
    lengths = {
        kind: np.mean([e.n_frames for v in mapped_videos[:2] for e in v.truth if e.kind == kind])
        for kind in ("micro", "macro")
    }
    for interval in trained.detect(mapped_videos[2].signal):
        k = int((lengths[interval.kind] + 1) / 2)
        assert interval.onset == max(interval.apex - k, 0)
        assert interval.offset == min(interval.apex + k, 479)


def test_training_repeats_itself_bit_by_bit_and_follows_the_seed(mapped_videos) -> None:
    weights = [
        Mean(MeanOptions(epochs=1, seed=seed)).fit(mapped_videos[:1]).fitted["weights micro"]
        for seed in (0, 0, 1)
    ]
    assert weights[0] == weights[1] != weights[2]
    softnet = Softnet(QUICK.model_copy(update={"epochs": 1}))
    first, again = (dict(softnet.fit(mapped_videos[:1]).fitted) for _ in range(2))
    assert first == again


def test_what_cannot_be_done_is_said(trained, mapped_videos) -> None:
    with pytest.raises(UsageError, match="has not been trained"):
        Softnet(QUICK).detect(mapped_videos[0].signal)
    with pytest.raises(InputError, match="no flow maps"):
        trained.detect(coded_video(0, []).signal)


def test_a_kind_that_training_never_showed_is_not_looked_for(mapped_videos) -> None:
    only = [
        replace(video, truth=tuple(e for e in video.truth if e.kind == "macro")) for video in mapped_videos
    ]
    detector = Softnet(QUICK.model_copy(update={"epochs": 1})).fit(only[:1])
    assert {interval.kind for interval in detector.detect(only[2].signal)} <= {"macro"}
    assert Mean(MeanOptions()).fit(only).detect(only[2].signal) == []


def test_lost_frames_have_no_score(trained, mapped_videos) -> None:
    signal = mapped_videos[2].signal
    maps = {kind: np.array(rows) for kind, rows in signal.flow_maps.items()}
    for rows in maps.values():
        rows[200:230] = np.nan
    score = trained.score(replace(signal, flow_maps=maps), "micro")
    assert np.isnan(score[200:220]).all()
    assert np.isfinite(score[240:400]).all()
