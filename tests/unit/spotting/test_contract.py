import numpy as np

from mien.spotting.contract import Interval, VideoSignal


def test_both_ends_of_an_interval_belong_to_it():
    assert Interval(3, 5, 9, "micro", 1.0).n_frames == 7


def test_a_signal_is_as_long_as_its_video():
    signal = VideoSignal(30.0, np.arange(4) / 30, {"micro": 2}, ("brow",), {"micro": np.zeros((4, 1, 2))})
    assert len(signal) == 4
