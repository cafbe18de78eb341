"""The signal of a face: known movements in pixels, at their place and time, and nothing where nothing is known."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
import skimage.data

from mien.face.alignment import moved, similarity, warp
from mien.face.areas import AREAS
from mien.face.landmarks import Landmarker, Points
from mien.face.regions import ibug68
from mien.face.registration import grey
from mien.spotting.blocks import gap, top_third
from mien.spotting.contract import VideoSignal
from mien.spotting.signal import SignalBuilder

SMILE_PX, TWO_CORNERS = 1.5, ("left_mouth_corner", "right_mouth_corner")


class Portrait:
    """The aligned crop of a portrait and its points; it can smile and be moved."""

    def __init__(self, landmarker: Landmarker) -> None:
        image = skimage.data.astronaut()
        (face,) = landmarker.find(image)
        matrix = similarity(face.points, 128)
        self.crop: np.ndarray = grey(warp(image, matrix, 128))
        self.points: Points = moved(face.points, matrix)

    def smiling(self, share: float, right_px: float = 0.0, seed: int = 0) -> np.ndarray:
        down, right = np.mgrid[0:128, 0:128].astype(np.float32)
        at = ibug68(self.points)
        lift = sum(np.exp(-((right - x) ** 2 + (down - y) ** 2) / 2 / 9**2) for x, y in at[[48, 54]])
        picture = cv2.remap(
            self.crop,
            right - np.float32(right_px),
            (down + share * SMILE_PX * lift).astype(np.float32),
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
        noise = np.random.default_rng(seed).normal(0, 1, picture.shape)
        return np.clip(picture + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def portrait(open_landmarker: Landmarker) -> Portrait:
    return Portrait(open_landmarker)


def smile(portrait: Portrait, fps: float, seconds: float = 3.0, drift_px: float = 0.0) -> Iterator[tuple]:
    """A face that smiles from 1.5 s on, within 0.2 s, and stays so; its crop drifts."""
    for index in range(round(fps * seconds)):
        time_s = index / fps
        share = float(np.clip((time_s - 1.5) / 0.2, 0, 1))
        yield portrait.smiling(share, drift_px * time_s, index), portrait.points, time_s


def signal_of(frames: Iterator[tuple], fps: float, **options: object) -> VideoSignal:
    with SignalBuilder(fps, **options) as builder:  # type: ignore[arg-type]
        for crop, points, time_s in frames:
            builder.add(crop, points, time_s)
        return builder.finish()


def test_a_smile_is_seen_where_and_when_it_is(portrait: Portrait) -> None:
    signal = signal_of(smile(portrait, 30), 30)
    assert signal.regions == AREAS and signal.lag == {"micro": 6, "macro": 18} and len(signal) == 90
    for kind, row in (("micro", 51), ("macro", 60)):
        flow = signal.region_flow[kind]  # type: ignore[index]
        assert flow.dtype == np.float32 and flow.shape == (90, len(AREAS), 2)
        size = dict(zip(AREAS, np.linalg.norm(flow[row], axis=1), strict=True))
        assert set(sorted(size, key=lambda name: size[name])[-2:]) == set(TWO_CORNERS)
        for corner in TWO_CORNERS:
            u, v = flow[row, AREAS.index(corner)]
            assert -SMILE_PX < v < -0.4 * SMILE_PX and abs(u) < 0.3, kind
        lag = signal.lag[kind]  # type: ignore[index]
        assert np.isnan(flow[:lag]).all() and np.isfinite(flow[lag:89]).all()
    still = np.linalg.norm(signal.region_flow["micro"][10:40], axis=2)
    assert np.median(still) < 0.1


def test_motion_of_the_head_is_taken_away(portrait: Portrait) -> None:
    drifting = signal_of(smile(portrait, 30, drift_px=4.0), 30)
    flow = drifting.region_flow["micro"][10:40]
    assert np.abs(np.median(flow, axis=0)).max() < 0.25  # of 0.8 px within the lag
    assert drifting.region_flow["micro"][51, AREAS.index("left_mouth_corner"), 1] < -0.5


def test_the_lag_is_a_time(portrait: Portrait) -> None:
    slow, fast = (SignalBuilder(fps) for fps in (15, 200))
    with slow, fast:
        assert (slow.lag, slow.stride) == ({"micro": 3, "macro": 9}, {"micro": 1, "macro": 1})
        assert fast.stride["micro"] == 3 and fast.lag["micro"] / 200 == pytest.approx(0.2, abs=0.01)
        assert fast.lag["macro"] / 200 == pytest.approx(0.6, abs=0.03)


def test_rows_between_computed_ones_are_interpolated(portrait: Portrait) -> None:
    corner = AREAS.index("left_mouth_corner")
    fast = signal_of(smile(portrait, 120, seconds=2.0), 120).region_flow["micro"]
    slow = signal_of(smile(portrait, 30, seconds=2.0), 30).region_flow["micro"]
    assert np.isfinite(fast[30:-1]).all()
    assert np.abs(fast[::4][8:, corner] - slow[8:, corner]).max() < 0.25


def test_no_flow_across_a_lost_stretch_or_a_break(portrait: Portrait) -> None:
    with SignalBuilder(30) as builder:
        for index, (crop, points, time_s) in enumerate(smile(portrait, 30)):
            lost = 20 <= index < 26
            builder.add(None if lost else crop, points, time_s, broken=index == 26)
        rows = builder.finish().region_flow["micro"]
    known = np.isfinite(rows).all(axis=(1, 2))
    assert np.flatnonzero(~known).tolist() == [*range(6), *range(20, 32)]


def test_times_of_a_variable_rate_decide_and_a_gap_gives_no_row(portrait: Portrait) -> None:
    times = [*np.arange(0, 1, 1 / 30), *np.arange(1.5, 3, 1 / 15)]
    with SignalBuilder(24) as builder:
        for index, time_s in enumerate(times):
            share = float(np.clip((time_s - 2.0) / 0.2, 0, 1))
            builder.add(portrait.smiling(share, seed=index), portrait.points, time_s)
        rows = builder.finish().region_flow["micro"]
    known = np.isfinite(rows).all(axis=(1, 2))
    assert not known[30:33].any()  # nothing was shown a fifth of a second before
    assert known[10:30].all() and known[34:].all()
    peak = int(np.argmin(rows[34:, AREAS.index("left_mouth_corner"), 1])) + 34
    assert times[peak] == pytest.approx(2.2, abs=0.07)


def test_crops_before_a_new_key_frame_are_laid_on_it(portrait: Portrait) -> None:
    turn = np.array([[1.0, 0.0, 3.0], [0.0, 1.0, -2.0]])
    with SignalBuilder(30) as builder:
        for index in range(30):
            late = index >= 15
            crop = portrait.smiling(0.0, seed=index)
            if late:
                crop = cv2.warpAffine(crop, turn, (128, 128), borderMode=cv2.BORDER_REPLICATE)
            points = moved(portrait.points, turn) if late else portrait.points
            builder.add(crop, points, index / 30, rebase=turn if index == 15 else None)
        rows = builder.finish().region_flow["micro"]
    assert np.nanmax(np.abs(rows)) < 0.4


def test_maps_are_kept_when_asked_for(portrait: Portrait) -> None:
    signal = signal_of(smile(portrait, 30, seconds=2.5), 30, feeds=["flow_maps"])
    maps = signal.flow_maps["micro"]
    assert maps.shape == (75, 3, 42, 42)
    assert np.isnan(maps[:6]).all() and np.isfinite(maps[6:]).all()
    mouth, brows = np.abs(maps[51, 1, 21:].astype(float)), np.abs(maps[51, 1, :21].astype(float))
    assert mouth.max() > 0.5 > brows.max()
    assert signal_of(smile(portrait, 30, seconds=0.5), 30).flow_maps == {}


@pytest.mark.parametrize("fps", [30.0, 120.0])
def test_block_differences_peak_where_a_movement_comes_and_goes(portrait: Portrait, fps: float) -> None:
    """A twitch of the mouth at 1.5 s: of all rows its own stand out, in the lower half of the face."""
    times_s = np.arange(round(3 * fps)) / fps
    shares = np.clip(1 - np.abs(times_s - 1.5) / 0.15, 0, 1)
    frames = (
        (portrait.smiling(2 * share, seed=index), portrait.points, time_s)
        for index, (share, time_s) in enumerate(zip(shares, times_s.tolist(), strict=True))
    )
    signal = signal_of(frames, fps, feeds=["block_differences"])
    rows, k = signal.block_differences["micro"], gap("micro", fps)
    assert rows.shape == (round(3 * fps), 36)
    assert np.isnan(rows[:k]).all() and np.isnan(rows[-k:]).all()
    assert np.isfinite(rows[k : -k - round(fps / 60)]).all()  # every second flow at 120 frames per second
    best = int(np.nanargmax(top_third(rows)))
    assert abs(best / fps - 1.5) <= 0.1
    assert rows[best, 18:].max() > 3 * rows[best, :18].max()
    assert np.nanmax(rows[: int(0.9 * fps)]) < rows[best].max() / 3


def test_no_block_differences_unless_asked_for_or_across_a_break(portrait: Portrait) -> None:
    assert signal_of(smile(portrait, 30, seconds=0.5), 30).block_differences == {}
    with SignalBuilder(30, feeds=["block_differences"]) as builder:
        for index, (crop, points, time_s) in enumerate(smile(portrait, 30)):
            builder.add(crop, points, time_s, broken=index == 45)
        rows = builder.finish().block_differences["micro"]
    assert np.isnan(rows[45 - 12 : 45 + 12]).all()
    assert np.isfinite(rows[12 : 45 - 12]).all() and np.isfinite(rows[45 + 12 : 90 - 12]).all()
