"""The records that detectors read and write."""

from __future__ import annotations

from spotting_videos import coded_video

from mien.spotting.contract import Interval


def test_both_ends_belong_to_an_interval() -> None:
    assert Interval(4, 4, 4, "micro", 1.0).n_frames == 1
    assert Interval(4, 6, 9, "micro", 1.0).n_frames == 6


def test_a_signal_is_as_long_as_its_video() -> None:
    assert len(coded_video(0).signal) == 900
