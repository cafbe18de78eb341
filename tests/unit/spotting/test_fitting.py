"""What is learned from training videos: durations, and the threshold that pools best."""

from __future__ import annotations

import numpy as np
import pytest
from spotting_videos import coded_video

from mien.metrics.spotting import Counts
from mien.spotting.contract import CodedVideo, Interval
from mien.spotting.fitting import (
    ThresholdDetector,
    best_threshold,
    counts_by_threshold,
    half_length,
    mean_duration_s,
    to_spans,
    truth_spans,
)


class Fixed(ThresholdDetector):
    """Finds every coded micro event with score 3, and a false one in each video with score 1."""

    grid = (0.5, 1.5, 2.5, 3.5)

    def __init__(self, videos, fit_threshold: bool = True) -> None:
        self.thresholds = {"micro": 9.0}
        self.fit_threshold = fit_threshold
        self._truth = {id(v.signal): v.truth for v in videos}

    def score(self, signal, kind):
        return np.zeros(len(signal))

    def proposals(self, signal, kind):
        right = [i for i in self._truth[id(signal)] if i.kind == kind]
        found = [
            Interval(700, 705, 710, kind, 1.0),
            *(Interval(i.onset, i.apex, i.offset, kind, 3.0) for i in right),
        ]
        return lambda threshold: [i for i in found if i.score >= threshold]


def test_published_lengths_give_the_published_k() -> None:
    assert half_length(12.58 / 30, 30) == 6
    assert half_length(35.44 / 30, 30) == 18
    assert half_length(73.31 / 200, 200) == 37
    assert half_length(433.8 / 200, 200) == 217
    assert half_length(0.0, 30) == 1


def test_mean_duration_is_in_seconds_over_videos_of_any_rate() -> None:
    video = coded_video(0, ["micro", "macro"])
    micro = next(i for i in video.truth if i.kind == "micro")
    assert mean_duration_s([video], "micro") == pytest.approx(micro.n_frames / 30)
    assert mean_duration_s([coded_video(1, [])], "micro") is None


def test_the_threshold_of_the_best_pooled_f1_is_taken() -> None:
    videos = [coded_video(key) for key in range(2)]
    detector = Fixed(videos)
    assert counts_by_threshold(detector, videos, "micro")[0] == Counts(4, 2, 0)
    assert detector.fit(videos).thresholds == {"micro": 2.5}, "the middle of 1.5 and 2.5, upwards"
    assert [i.score for i in detector.detect(videos[0].signal)] == [3.0, 3.0]


def test_without_anything_to_find_or_on_request_the_threshold_stays() -> None:
    empty = [coded_video(3, [])]
    assert Fixed(empty).fit(empty).thresholds == {"micro": 9.0}
    videos = [coded_video(0)]
    assert Fixed(videos, fit_threshold=False).fit(videos).thresholds == {"micro": 9.0}


def test_the_middle_of_the_longest_stretch_of_equals() -> None:
    good, bad = Counts(1, 0, 0), Counts(1, 1, 0)
    assert best_threshold([1, 2, 3, 4, 5, 6], [good, bad, good, good, good, bad]) == 4
    assert best_threshold([1, 2], [Counts(0, 1, 1), Counts(0, 0, 1)]) is None
    assert best_threshold([1, 2], [Counts(), Counts()]) is None, "nothing coded, nothing found"


def test_spans_of_one_kind() -> None:
    video: CodedVideo = coded_video(0, ["micro", "macro"])
    assert truth_spans(video.truth, "macro").tolist() == [[video.truth[1].onset, video.truth[1].offset]]
    assert to_spans([]).shape == (0, 2)
