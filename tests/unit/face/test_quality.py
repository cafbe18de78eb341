"""Measures of single crops."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien.face.landmarks import Face
from mien.face.quality import FrameQuality, blur, brightness, face_values
from mien.face.regions import interocular_px


def test_blur_falls_as_a_picture_is_blurred(astronaut: np.ndarray) -> None:
    values = [blur(cv2.GaussianBlur(astronaut, (0, 0), sigma)) for sigma in (0.5, 1.0, 2.0, 4.0)]
    assert values == sorted(values, reverse=True) and values[0] > 10 * values[-1]
    assert blur(np.full((32, 32, 3), 77, np.uint8)) == 0


def test_brightness_is_a_mean_of_grey() -> None:
    assert brightness(np.full((8, 8, 3), 77, np.uint8)) == 77
    assert brightness(np.full((8, 8), 10, np.uint8)) == 10


def test_a_row_holds_what_was_measured_and_nan_for_the_rest(face: Face) -> None:
    row = FrameQuality(46, **face_values(face))
    assert row.interocular_px == interocular_px(face.points) == pytest.approx(60, abs=2)
    assert (row.yaw_deg, row.pitch_deg, row.roll_deg) == (
        face.pose.yaw_deg,
        face.pose.pitch_deg,
        face.pose.roll_deg,
    )
    empty = FrameQuality(47, **face_values(None))
    assert np.isnan([empty.interocular_px, empty.yaw_deg, empty.blur]).all() and empty.found is None
