"""From scores to intervals: what is left out, what is usual, where the apex is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from mien.analysis.finding import apex_of, find, within, without
from mien.analysis.settings import AnalyseSettings
from mien.errors import InputError, UsageError
from mien.face.areas import AREAS
from mien.spotting.contract import CodedVideo, Interval, Kind, VideoSignal
from mien.spotting.contrast import motion
from mien.spotting.fitting import Proposals, ThresholdDetector

FPS, LAG = 30, {"micro": 6, "macro": 18}


def signal_of(moved: np.ndarray) -> VideoSignal:
    """The signal of areas that are moved so far (T, R, 2)."""
    flow = {}
    for kind, lag in LAG.items():
        flow[kind] = np.full(moved.shape, np.nan, np.float32)
        flow[kind][lag:] = moved[lag:] - moved[:-lag]
    return VideoSignal(FPS, np.arange(len(moved)) / FPS, LAG, AREAS, flow)  # type: ignore[arg-type]


def raised(*events: tuple[int, int, int, float], n: int = 300, seed: int = 0) -> VideoSignal:
    """Inner brows that rise from onset to apex and fall to the offset, by so many pixels."""
    moved = np.random.default_rng(seed).normal(0, 0.02, (n, len(AREAS), 2))
    brows = [AREAS.index(f"{side}_inner_brow") for side in ("left", "right")] + [AREAS.index("glabella")]
    for onset, apex, offset, size in events:
        moved[:, brows, 1] -= np.interp(np.arange(n), (onset, apex, offset), (0, size, 0))[:, None]
    return signal_of(moved)


class Runs(ThresholdDetector):
    """A detector: the stretches above a threshold on the moved pixels."""

    def __init__(self, threshold: float = 0.5) -> None:
        self.thresholds: dict[Kind, float] = {"micro": threshold, "macro": 1e9}

    def score(self, signal: VideoSignal, kind: Kind) -> np.ndarray:
        return motion(signal, kind)

    def proposals(self, signal: VideoSignal, kind: Kind) -> Proposals:
        def at(threshold: float) -> list[Interval]:
            above = np.flatnonzero(np.nan_to_num(self.score(signal, kind)) > threshold)
            runs = np.split(above, np.flatnonzero(np.diff(above) > 10) + 1) if len(above) else []
            return [Interval(int(run[0]), int(run[0]), int(run[-1]), kind, 1.0) for run in runs]

        return at


def test_the_apex_is_where_the_face_is_farthest_from_the_onset() -> None:
    for kind, onset, apex, offset in (("micro", 100, 106, 115), ("macro", 100, 130, 160)):
        signal = raised((onset, apex, offset, 2.0))
        interval = Interval(onset, onset, offset, kind, 1.0)  # type: ignore[arg-type]
        assert abs(apex_of(signal, interval) - apex) <= 1


def test_the_apex_of_the_detector_stays_where_nothing_is_known() -> None:
    signal = signal_of(np.full((60, len(AREAS), 2), np.nan))
    assert apex_of(signal, Interval(20, 24, 30, "micro", 1.0)) == 24


def test_what_is_excluded_is_neither_found_nor_known() -> None:
    signal = raised((60, 66, 72, 2.0), (160, 166, 172, 2.0))
    assert len(find(signal, Runs(), AnalyseSettings()).intervals) == 2
    found = find(signal, Runs(), AnalyseSettings(exclude=((1.8, 2.8),)))
    (left,) = found.intervals
    assert left.onset > 150
    assert found.excluded.sum() == within(signal.time_s, [(1.8, 2.8)]).sum() == 31
    rows = without(signal, [(1.8, 2.8)]).region_flow["micro"]
    gone = np.isnan(rows).all(axis=(1, 2))
    # the motion that ends within it, and that which begins in it
    assert np.flatnonzero(gone).tolist() == [*range(6), *range(54, 91)]
    assert np.isfinite(signal.region_flow["micro"][54:91]).all()


def test_the_baseline_says_what_is_usual() -> None:
    quiet, busy = np.zeros((150, len(AREAS), 2)), np.zeros((150, len(AREAS), 2))
    rng = np.random.default_rng(2)
    quiet += rng.normal(0, 0.02, quiet.shape)
    busy += rng.normal(0, 0.3, busy.shape)
    signal = signal_of(np.concatenate([quiet, busy]))
    everywhere = find(signal, Runs(), AnalyseSettings()).scores["micro"]
    rested = find(signal, Runs(), AnalyseSettings(baseline=(0, 4.5))).scores["micro"]
    assert np.nanmedian(rested[:120]) == pytest.approx(0, abs=0.2)
    assert np.nanmedian(rested[160:]) > 5 * np.nanmedian(np.abs(everywhere[160:]))
    # thresholds are in its units then: what stands out against rest is found
    many = find(signal, Runs(6.0), AnalyseSettings(baseline=(0, 4.5))).intervals
    assert many and not find(signal, Runs(6.0), AnalyseSettings()).intervals
    assert min(one.onset for one in many) > 130


def test_a_baseline_that_is_not_seen_is_refused() -> None:
    with pytest.raises(InputError, match="baseline"):
        find(raised(), Runs(), AnalyseSettings(baseline=(0, 1.5)))


def test_sensitivity_divides_the_threshold_and_leaves_the_detector_alone() -> None:
    signal, detector = raised((60, 66, 72, 0.4)), Runs()
    assert not find(signal, detector, AnalyseSettings()).intervals
    assert len(find(signal, detector, AnalyseSettings(sensitivity=2.5)).intervals) == 1
    assert detector.thresholds["micro"] == 0.5


def test_a_detector_without_thresholds_cannot_be_adapted() -> None:
    class Fixed:
        def fit(self, videos: Sequence[CodedVideo]) -> Fixed:
            return self

        def score(self, signal: VideoSignal, kind: Kind) -> np.ndarray:
            return motion(signal, kind)

        def detect(self, signal: VideoSignal) -> list[Interval]:
            return []

    assert find(raised(), Fixed(), AnalyseSettings()).intervals == ()
    with pytest.raises(UsageError, match="no threshold"):
        find(raised(), Fixed(), AnalyseSettings(sensitivity=2))


def test_maps_are_left_out_too() -> None:
    signal = raised()
    maps = {kind: np.zeros((300, 3, 2, 2), np.float16) for kind in LAG}
    rows = without(replace(signal, flow_maps=maps), [(1.0, 2.0)]).flow_maps["micro"]  # type: ignore[arg-type]
    assert np.isnan(rows[30:67]).all() and np.isfinite(rows[:30]).all() and np.isfinite(rows[67:]).all()


def test_block_differences_around_the_range_are_left_out_too() -> None:
    signal = raised()
    blocks = {kind: np.zeros((300, 36)) for kind in LAG}
    rows = without(replace(signal, block_differences=blocks), [(4.0, 5.0)]).block_differences["micro"]
    # they look from 0.4 s before to 0.4 s after their frame
    assert np.isnan(rows[108:163]).all() and np.isfinite(rows[:108]).all() and np.isfinite(rows[163:]).all()
    assert np.isfinite(blocks["micro"]).all()
