"""Faces in pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.errors import InputError
from mien.face.landmarks import N_POINTS, Face, Landmarker, Pose


def test_the_face_of_the_portrait(face: Face, astronaut: np.ndarray) -> None:
    assert face.points.shape == (N_POINTS, 2) and face.points.dtype == np.float32
    left, top, right, bottom = face.box
    assert (150, 50) < (left, top) < (200, 90) and (250, 160) < (right, bottom) < (290, 190)
    assert face.centre == ((left + right) / 2, (top + bottom) / 2) and face.width_px == right - left
    assert len(face.blendshapes) == 52 and all(0 <= score <= 1 for score in face.blendshapes.values())
    assert min(face.blendshapes["mouthSmileLeft"], face.blendshapes["mouthSmileRight"]) > 0.8
    assert face.blendshapes["jawLeft"] < 0.1


def test_the_same_picture_gives_the_same_points(
    face: Face, astronaut: np.ndarray, landmarker: Landmarker
) -> None:
    landmarker.find(astronaut[:, ::-1])
    np.testing.assert_array_equal(landmarker.find(astronaut)[0].points, face.points)


def test_points_follow_a_shift_of_the_picture(
    face: Face, astronaut: np.ndarray, landmarker: Landmarker
) -> None:
    (moved,) = landmarker.find(np.roll(astronaut, (12, 30), axis=(0, 1)))
    shift = moved.points - face.points
    np.testing.assert_allclose(np.median(shift, axis=0), [30, 12], atol=0.6)


def test_pose_has_the_signs_it_says() -> None:
    assert Pose.of(np.eye(4)) == Pose(0.0, 0.0, 0.0)
    cos, sin = np.cos(0.2), np.sin(0.2)
    to_the_right, up, counter_clockwise = (np.eye(4) for _ in range(3))
    to_the_right[:3, :3] = [[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]  # forward (0, 0, 1) leans to +x
    up[:3, :3] = [[1, 0, 0], [0, cos, sin], [0, -sin, cos]]  # forward leans to +y
    counter_clockwise[:3, :3] = [[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]
    deg = np.rad2deg(0.2)
    assert Pose.of(to_the_right).yaw_deg == pytest.approx(deg)
    assert Pose.of(up).pitch_deg == pytest.approx(deg)
    assert Pose.of(2 * counter_clockwise).roll_deg == pytest.approx(deg)


@pytest.mark.parametrize("turn_deg", [-20, 10, 20])
def test_roll_follows_a_turned_picture(
    face: Face, astronaut: np.ndarray, landmarker: Landmarker, turn_deg: float
) -> None:
    turn = cv2.getRotationMatrix2D(face.centre, turn_deg, 1.0)
    (turned,) = landmarker.find(cv2.warpAffine(astronaut, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE))
    assert turned.pose.roll_deg - face.pose.roll_deg == pytest.approx(turn_deg, abs=1.5)


def test_a_picture_without_a_face_gives_none(landmarker: Landmarker) -> None:
    assert landmarker.find(np.full((480, 640, 3), 90, np.uint8)) == []


def test_other_arrays_than_rgb_bytes_are_refused(landmarker: Landmarker) -> None:
    for wrong in (np.zeros((64, 64), np.uint8), np.zeros((64, 64, 3)), np.zeros((64, 64, 4), np.uint8)):
        with pytest.raises(InputError, match="uint8 RGB"):
            landmarker.find(wrong)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.task").write_bytes(b"no model")
    with pytest.raises(InputError, match="cannot be loaded"):
        Landmarker(tmp_path / "a.task")
