"""Random peaks keep count and lengths, and nothing else."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mien.spotting.contrast import Contrast, ContrastOptions
from mien.spotting.random_peaks import RandomPeaks


@pytest.fixture(scope="module")
def reference(coded_videos):
    return Contrast(ContrastOptions()).fit(coded_videos[:3])


def lengths(found) -> Counter:
    return Counter((i.kind, i.n_frames) for i in found)


def test_counts_and_lengths_are_those_of_the_reference(reference, coded_videos) -> None:
    for video in coded_videos:
        found = RandomPeaks(reference).detect(video.signal)
        assert lengths(found) == lengths(reference.detect(video.signal))
        assert all(0 <= i.onset <= i.apex <= i.offset < 900 for i in found)
        for one in found:
            others = [i for i in found if i.kind == one.kind and i is not one]
            assert all(one.offset < i.onset or i.offset < one.onset for i in others)


def test_places_are_random_but_repeat_themselves(reference, coded_videos) -> None:
    signal = coded_videos[4].signal
    assert RandomPeaks(reference).detect(signal) == RandomPeaks(reference).detect(signal)
    assert RandomPeaks(reference, seed=1).detect(signal) != RandomPeaks(reference).detect(signal)
    onsets = [i.onset for seed in range(200) for i in RandomPeaks(reference, seed).detect(signal)]
    assert abs(np.mean(onsets) - 440) < 40
    score = RandomPeaks(reference).score(signal, "micro")
    assert score.shape == (900,)


def test_fitting_fits_the_reference(coded_videos) -> None:
    detector = RandomPeaks(Contrast(ContrastOptions()))
    detector.fit(coded_videos[:3])
    fitted = Contrast(ContrastOptions()).fit(coded_videos[:3])
    signal = coded_videos[4].signal
    assert lengths(detector.detect(signal)) == lengths(fitted.detect(signal))
