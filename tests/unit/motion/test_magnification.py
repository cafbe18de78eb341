"""Magnification of a known motion: in the band, outside of it, and its limits."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from mien.errors import InputError, UsageError
from mien.motion.magnification import Magnification, band_pass, magnify

FPS = 100.0
WAVE_PX = 16
SHIFT_PX = 0.1


def swaying(hz: float, frames: int = 200, size_px: int = 64) -> np.ndarray:
    """Upright stripes (T, H, W) that sway by `SHIFT_PX` to both sides."""
    shift = SHIFT_PX * np.sin(2 * np.pi * hz * np.arange(frames) / FPS)
    x = np.arange(size_px) - shift[:, None]
    stripes = 128 + 60 * np.sin(2 * np.pi * x / WAVE_PX)
    return np.repeat(stripes[:, None], size_px, axis=1).astype(np.float32)


def sway_px(frames: np.ndarray) -> float:
    """Amplitude of the sway, from the phase of the stripes; ends in space and time are left out."""
    middle = frames[20:-20, frames.shape[1] // 2, 16:48]
    phase = np.angle(middle @ np.exp(-2j * np.pi * np.arange(32) / WAVE_PX))
    phase = np.unwrap(phase)
    return float(np.ptp(phase)) / 2 * WAVE_PX / (2 * np.pi)


def how(**changes: object) -> Magnification:
    return Magnification.model_validate(
        {"alpha": 4, "low_hz": 3, "high_hz": 8, "shift_px": SHIFT_PX, "temporal": "ideal"} | changes
    )


@pytest.mark.parametrize("temporal", ["ideal", "butterworth"])
def test_motion_in_the_band_grows_by_about_one_plus_alpha(temporal: str) -> None:
    before = swaying(5)
    assert sway_px(before) == pytest.approx(SHIFT_PX, rel=0.02)
    after = magnify(before, FPS, how(temporal=temporal))
    assert sway_px(after) == pytest.approx(5 * SHIFT_PX, rel=0.08)


@pytest.mark.parametrize("hz", [1, 20])
def test_motion_outside_the_band_stays(hz: float) -> None:
    before = swaying(hz)
    np.testing.assert_allclose(magnify(before, FPS, how()), before, atol=0.02)
    gentle = sway_px(magnify(before, FPS, how(temporal="butterworth"))) / SHIFT_PX
    assert gentle < 1.3


@pytest.mark.parametrize("temporal", ["ideal", "butterworth"])
def test_the_largest_frame_stays_in_its_place(temporal: str) -> None:
    rise = np.exp(-(((np.arange(120) - 60) / 12) ** 2))
    flash = (100 + 20 * rise)[:, None]
    band = band_pass(flash.astype(np.float32), FPS, how(low_hz=1, high_hz=10, temporal=temporal))
    assert np.argmax(band) == 60


@pytest.mark.parametrize("frames", [swaying(5, 40), swaying(5, 40).astype(np.uint8), swaying(5, 1)])
@pytest.mark.parametrize("temporal", ["ideal", "butterworth"])
def test_alpha_zero_gives_the_frames_back(frames: np.ndarray, temporal: str) -> None:
    after = magnify(frames, FPS, how(alpha=0, temporal=temporal))
    assert after.dtype == frames.dtype
    np.testing.assert_array_equal(after, frames)


def test_short_wavelengths_are_held_back_by_the_expected_shift() -> None:
    before = swaying(5)
    free = sway_px(magnify(before, FPS, how(shift_px=0)))
    bounded = sway_px(magnify(before, FPS, how(shift_px=1)))
    assert bounded < 0.35 * free


def test_colours_and_odd_sizes_and_short_clips() -> None:
    grey = swaying(5, 30)[:, :33, :51]
    colour = np.repeat(grey[..., None], 3, axis=3)
    after = magnify(colour, FPS, how())
    np.testing.assert_allclose(after, np.repeat(magnify(grey, FPS, how())[..., None], 3, axis=3), atol=1e-3)
    for frames in (1, 2, 3):
        short = magnify(grey[:frames], FPS, how(temporal="butterworth"))
        assert short.shape == (frames, 33, 51) and np.isfinite(short).all()
    np.testing.assert_array_equal(magnify(grey[:1], FPS, how()), grey[:1])


def test_values_stay_in_range() -> None:
    loud = magnify(swaying(5), FPS, how(alpha=200, shift_px=0))
    assert loud.min() == 0 and loud.max() == 255
    as_bytes = magnify(swaying(5).astype(np.uint8), FPS, how(alpha=200, shift_px=0))
    assert as_bytes.dtype == np.uint8 and as_bytes.min() == 0 and as_bytes.max() == 255


@pytest.mark.parametrize(
    "changes",
    [{"low_hz": 8, "high_hz": 8}, {"high_hz": 51}, {"low_hz": 0, "temporal": "butterworth"}],
)
def test_bands_that_do_not_fit_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="frame rate"):
        magnify(swaying(5, 10), FPS, how(**changes))


def test_the_band_may_reach_half_the_frame_rate() -> None:
    before = swaying(20)
    after = magnify(before, FPS, how(low_hz=1, high_hz=50, temporal="butterworth"))
    assert sway_px(after) == pytest.approx(5 * SHIFT_PX, rel=0.15)


def test_what_is_no_clip_is_refused() -> None:
    for frames in (np.zeros((4, 5)), np.zeros((0, 20, 20)), np.full((3, 20, 20), np.nan)):
        with pytest.raises(InputError, match="finite frames"):
            magnify(frames, FPS, how())
    with pytest.raises(ValidationError, match="alpha"):
        how(alpha=-1)
