"""Evaluation over folds of subjects: nothing leaks, everything counts, and peeking is called that."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from spotting_videos import coded_video

from mien.errors import InputError
from mien.metrics.spotting import Counts
from mien.spotting import registry
from mien.spotting.contract import KINDS, Interval
from mien.spotting.evaluate import evaluate

QUICK = {"softnet": {"epochs": 1, "batch_size": 64}, "mean": {"epochs": 1}}


@pytest.fixture(scope="module")
def evaluated(coded_videos):
    return evaluate(coded_videos, lambda: registry.create("contrast"), replicates=200)


def test_every_video_is_held_out_once_and_videos_without_events_count(evaluated, coded_videos) -> None:
    assert [video.key for video in evaluated.videos] == [video.key for video in coded_videos]
    assert [fold.held_out for fold in evaluated.folds] == [(f"s{i:02d}",) for i in range(6)]
    assert all(fold.n_training_videos == 5 for fold in evaluated.folds)
    row = evaluated.scores["all"]
    assert row.minutes == pytest.approx(6 * 0.5)
    assert row.counts.tp + row.counts.fn == 5 * 4


def test_it_finds_planted_movements_of_new_people_and_random_peaks_do_not(evaluated, coded_videos) -> None:
    assert evaluated.scores["all"].counts.f1 > 0.9
    chance = evaluate(coded_videos, lambda: registry.create("random"), replicates=50)
    assert chance.scores["all"].counts.f1 < 0.3
    found = evaluated.scores["all"].found.predictions
    assert chance.scores["all"].found.predictions == found
    assert chance.peeked is None


def test_the_peeked_score_is_no_worse_and_marked_invalid(coded_videos) -> None:
    result = evaluate(coded_videos, lambda: registry.create("mdmd"), replicates=50)
    for kind in KINDS:
        assert result.peeked.counts[kind].f1 >= result.scores[kind].counts.f1 - 1e-12
    c = result.peeked.counts
    assert c["all"] == c["micro"] + c["macro"]
    row = result.as_dict()["kinds"]["all"]
    assert "f1_peeked_invalid" in row
    assert row["f1"] == result.scores["all"].counts.f1


def poisoned(video):
    """The same person and length, and nothing else as it was."""
    rng = np.random.default_rng(666)
    flow = {k: rng.normal(0, 50, rows.shape) for k, rows in video.signal.region_flow.items()}
    maps = {k: rng.normal(0, 50, rows.shape) for k, rows in video.signal.flow_maps.items()}
    truth = tuple(Interval(i, i + 3, i + 30, kind, 1.0) for i in (0, 60, 200) for kind in KINDS)
    return replace(video, signal=replace(video.signal, region_flow=flow, flow_maps=maps), truth=truth)


@pytest.mark.parametrize("name", ["contrast", "mdmd", "softnet", "mean"])
def test_poisoned_held_out_videos_leave_all_fitted_values_identical(name: str, mapped_videos) -> None:
    def fitted(videos):
        options = {**QUICK.get(name, {}), "fit_threshold": True}
        folds = evaluate(videos, lambda: registry.create(name, options), replicates=2).folds
        return {fold.held_out: fold.fitted for fold in folds}

    clean = fitted(mapped_videos[:2])
    spoilt = fitted([poisoned(mapped_videos[0]), mapped_videos[1]])
    held = (mapped_videos[0].subject,)
    assert clean[held] == spoilt[held]
    assert len(clean[held]) >= 2
    others = [who for who in clean if who != held]
    assert any(clean[who] != spoilt[who] for who in others), "the poison is noticed where it is trained on"


def test_folds_are_of_subjects_not_of_videos() -> None:
    videos = [coded_video(key, videos_per_subject=2) for key in range(4)]
    result = evaluate(videos, lambda: registry.create("mdmd"), replicates=2)
    assert [fold.held_out for fold in result.folds] == [("s00",), ("s01",)]
    halves = evaluate(videos, lambda: registry.create("mdmd"), protocol="kfold:2", replicates=2)
    assert len(halves.folds) == 2


def test_the_figures_fit_a_json_file_and_predictions_are_kept(evaluated) -> None:
    again = json.loads(json.dumps(evaluated.as_dict()))
    assert again["kinds"]["micro"]["tp"] == evaluated.scores["micro"].counts.tp
    assert set(again["f1_by_iou"]) == {"0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"}
    total = sum(len(found) for found in evaluated.predictions.values())
    assert total == evaluated.scores["all"].found.predictions
    low, high = evaluated.intervals["all"].low, evaluated.intervals["all"].high
    assert low <= evaluated.scores["all"].counts.f1 <= high


def test_nothing_coded_anywhere_gives_counts_and_no_f1() -> None:
    result = evaluate(
        [coded_video(key, [], blinks=False) for key in range(2)],
        lambda: registry.create("contrast", {"micro_threshold": 50, "macro_threshold": 50}),
        replicates=2,
    )
    assert result.scores["all"].counts == Counts(0, 0, 0)
    assert math.isnan(result.scores["all"].counts.f1)


def test_what_cannot_be_evaluated_is_refused(coded_videos) -> None:
    with pytest.raises(InputError, match="at least two subjects"):
        evaluate(coded_videos[:1], lambda: registry.create("mdmd"))
    with pytest.raises(InputError, match="same name"):
        evaluate([coded_videos[0], coded_videos[0]], lambda: registry.create("mdmd"))
