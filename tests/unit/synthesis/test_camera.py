"""Cameras: how much they change a picture, measured on flat ones."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien.errors import UsageError
from mien.synthesis.camera import Camera, CameraLook, draw_camera, encode

GREY = np.full((120, 160, 3), 128, dtype=np.uint8)


def camera(look: CameraLook) -> Camera:
    return Camera(look, 160, 120, np.random.default_rng(0))


def test_a_perfect_camera_changes_nothing() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    frame = camera(CameraLook.perfect()).develop(picture, np.random.default_rng(0))
    np.testing.assert_array_equal(frame, picture)


def test_noise_is_as_strong_as_asked_and_grows_with_light() -> None:
    look = CameraLook(flicker=0.0, blur_px=0.0, read_noise=2.0, shot_noise=0.1)
    for level in (40, 200):
        frame = camera(look).develop(np.full_like(GREY, level), np.random.default_rng(0))
        assert frame.mean() == pytest.approx(level, abs=0.2)
        assert frame.std() == pytest.approx(np.sqrt(4 + 0.1 * level), rel=0.05)


def test_every_frame_has_noise_of_its_own_and_a_key_repeats_it() -> None:
    made = camera(CameraLook())
    first, again, other = (made.develop(GREY, np.random.default_rng([4, k])) for k in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    a, b = (frame.astype(float).ravel() - frame.mean() for frame in (first, other))
    assert abs((a * b).mean()) / (a.std() * b.std()) < 0.1


def test_flicker_changes_the_brightness_of_whole_frames() -> None:
    made = camera(CameraLook(flicker=0.02, read_noise=0.0, shot_noise=0.0))
    means = [made.develop(GREY, np.random.default_rng(k)).mean() for k in range(40)]
    assert np.std(means) / 128 == pytest.approx(0.02, rel=0.3)


def test_a_grey_camera_gives_three_equal_channels() -> None:
    picture = np.dstack([np.full((120, 160), level, dtype=np.uint8) for level in (200, 100, 50)])
    frame = camera(CameraLook.perfect(grey=True)).develop(picture, np.random.default_rng(0))
    assert frame.shape == picture.shape
    assert (frame == frame[..., :1]).all()
    assert frame[0, 0, 0] == pytest.approx(0.299 * 200 + 0.587 * 100 + 0.114 * 50, abs=1)


def test_blur_spreads_a_point_without_losing_light() -> None:
    picture = np.zeros_like(GREY)
    picture[60, 80] = 200
    look = CameraLook(flicker=0.0, blur_px=1.0, read_noise=0.0, shot_noise=0.0)
    frame = camera(look).develop(picture, np.random.default_rng(0)).astype(float)
    assert frame[60, 80, 0] < 60 and frame[60, 81, 0] > 15
    assert frame.sum() == pytest.approx(600, rel=0.05)


def test_jpeg_keeps_colours_and_obeys_quality() -> None:
    picture = np.dstack([np.full((64, 64), level, dtype=np.uint8) for level in (220, 120, 40)])
    picture[::2, ::2] //= 2
    small, large = (encode(picture, ".jpg", quality) for quality in (30, 95))
    assert len(small) < len(large)
    back = cv2.imdecode(np.frombuffer(large, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_allclose(back[..., ::-1].mean(axis=(0, 1)), picture.mean(axis=(0, 1)), atol=5)


@pytest.mark.parametrize("wrong", [{"exposure": 0.0}, {"read_noise": -1.0}, {"quality": 0}])
def test_impossible_cameras_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        CameraLook(**wrong)  # type: ignore[arg-type]


def test_cameras_differ_from_session_to_session() -> None:
    first, second = (draw_camera(np.random.default_rng(seed), grey=True) for seed in (0, 1))
    assert first != second and first.grey and second.grey
