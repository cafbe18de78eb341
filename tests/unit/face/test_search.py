"""Small faces in large pictures, and the same face in another frame."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mien.face.landmarks import Face, Landmarker
from mien.face.regions import interocular_px
from mien.face.search import find_again, search

EYES_PX = 60.1  # of the portrait at scale 1


def test_a_large_face_is_found_at_once(astronaut: np.ndarray, landmarker: Landmarker) -> None:
    faces, where = search(landmarker, astronaut)
    assert len(faces) == 1 and where == "whole"


@pytest.mark.parametrize("scale", [0.5, 0.3])
@pytest.mark.parametrize(("left", "top"), [(20, 20), (330, 100), (200, 300)])
def test_a_small_face_is_found_in_a_part_and_at_its_place(
    landmarker: Landmarker, paste: Callable[..., np.ndarray], scale: float, left: int, top: int
) -> None:
    picture = paste(left, top, scale)
    assert search(landmarker, picture, closer=False) == ([], "")
    (face,), where = search(landmarker, picture)
    assert where == "parts"
    assert interocular_px(face.points) == pytest.approx(EYES_PX * scale, rel=0.08)
    assert face.centre == pytest.approx((left + 150.5 * scale, top + 124.6 * scale), abs=2.5)


def test_two_small_faces_are_two_not_four(landmarker: Landmarker, paste: Callable[..., np.ndarray]) -> None:
    faces, where = search(landmarker, paste(420, 250, 0.5, onto=paste(60, 40, 0.5)))
    assert where == "parts" and len(faces) == 2


def test_a_tiny_face_is_not_found(landmarker: Landmarker, paste: Callable[..., np.ndarray]) -> None:
    assert search(landmarker, paste(300, 200, 0.08)) == ([], "")


def test_the_face_is_found_again_near_its_place_only(
    landmarker: Landmarker, paste: Callable[..., np.ndarray]
) -> None:
    pair = paste(340, 0, 1.0, onto=paste(0, 0, 1.0), size=(480, 640))
    left, right = sorted(landmarker.find(pair), key=lambda one: one.centre)
    for known in (left, right):
        again = find_again(landmarker, pair, known)
        assert again is not None
        assert again.centre == pytest.approx(known.centre, abs=2)
    gone = pair.copy()
    gone[:, 320:] = 90
    assert find_again(landmarker, gone, right) is None


def test_a_face_at_the_edge_is_looked_for_beyond_it(landmarker: Landmarker, astronaut: np.ndarray) -> None:
    cut = astronaut[:300, 195:495]
    (known,) = landmarker.find(cut)
    assert known.box[0] < 0
    again = find_again(landmarker, cut, known)
    assert again is not None and again.centre == pytest.approx(known.centre, abs=6)


def test_pose_does_not_depend_on_the_place_in_the_picture(
    landmarker: Landmarker, paste: Callable[..., np.ndarray]
) -> None:
    poses = []
    for left, top in [(0, 0), (330, 150)]:
        picture = paste(left, top)
        again: Face | None = find_again(landmarker, picture, landmarker.find(picture)[0])
        assert again is not None
        poses.append((again.pose.yaw_deg, again.pose.pitch_deg))
    assert poses[0] == pytest.approx(poses[1], abs=1.5)
