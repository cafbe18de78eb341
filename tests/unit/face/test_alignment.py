"""The similarity transform and the cut."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien.errors import InputError
from mien.face.alignment import compose, inverse, moved, outside_share, similarity, warp
from mien.face.landmarks import Face
from mien.face.regions import eye_centres, interocular_px


@pytest.mark.parametrize("turn_deg", [0.0, 25.0, -40.0])
@pytest.mark.parametrize("size_px", [64, 128])
def test_eyes_are_level_centred_and_at_their_distance(face: Face, turn_deg: float, size_px: int) -> None:
    turned = moved(face.points, cv2.getRotationMatrix2D(face.centre, turn_deg, 1.3))
    matrix = similarity(turned, size_px, side_per_interocular=2.0, eyes_at=0.4)
    in_crop = moved(turned, matrix)
    left, right = eye_centres(in_crop)
    assert right[0] > left[0] and left[1] == pytest.approx(right[1], abs=1e-3)
    assert interocular_px(in_crop) == pytest.approx(size_px / 2.0, rel=1e-3)
    np.testing.assert_allclose((left + right) / 2, [(size_px - 1) / 2, 0.4 * size_px - 0.5], atol=1e-3)
    scaled = np.eye(2) * np.linalg.det(matrix[:, :2])
    np.testing.assert_allclose(matrix[:, :2] @ matrix[:, :2].T, scaled, atol=1e-9)


def test_the_default_crop_shows_the_whole_face(face: Face) -> None:
    in_crop = moved(face.points, similarity(face.points, 100))
    assert in_crop.min() > 2 and in_crop.max() < 98
    assert in_crop[152, 1] > 85  # the chin is not far from the lower edge


def test_a_face_without_extent_is_refused() -> None:
    with pytest.raises(InputError, match="less than a pixel"):
        similarity(np.zeros((478, 2), np.float32), 128)


def test_the_identity_cuts_out_what_is_there_and_repeats_the_border(astronaut: np.ndarray) -> None:
    identity = np.eye(2, 3)
    np.testing.assert_array_equal(warp(astronaut, identity, 64), astronaut[:64, :64])
    beyond = warp(astronaut, np.array([[1.0, 0, 10], [0, 1, 0]]), 64)
    np.testing.assert_array_equal(beyond[:, :10], np.repeat(astronaut[:64, :1], 10, axis=1))


@pytest.mark.parametrize("factor", [2, 3])
def test_shrinking_averages_areas(astronaut: np.ndarray, factor: int) -> None:
    shrink = np.array([[1 / factor, 0, 0.5 / factor - 0.5], [0, 1 / factor, 0.5 / factor - 0.5]])
    side = 120 // factor
    expected = cv2.resize(astronaut[:120, :120], (side, side), interpolation=cv2.INTER_AREA)
    difference = warp(astronaut, shrink, side).astype(int) - expected
    assert np.abs(difference).max() <= 1


def test_a_fine_pattern_does_not_shimmer_when_it_is_shrunk() -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (200, 100))
    means = [warp(stripes, np.array([[0.45, 0, 0.1 * step], [0, 0.45, 0]]), 60).std() for step in range(5)]
    assert max(means) < 40  # plain bilinear sampling gives 55 to 60


def test_compose_and_inverse_fit_together(face: Face) -> None:
    first, second = similarity(face.points, 90), cv2.getRotationMatrix2D((3, 4), 33, 1.2)
    both = moved(face.points, compose(second, first))
    np.testing.assert_allclose(both, moved(moved(face.points, first), second), atol=1e-3)
    np.testing.assert_allclose(moved(both, inverse(compose(second, first))), face.points, atol=1e-2)


def test_the_outside_share_is_an_area() -> None:
    assert outside_share(np.eye(2, 3), 100, 100, 100) == 0
    assert outside_share(np.array([[1.0, 0, 25], [0, 1, 0]]), 100, 100, 100) == pytest.approx(0.25, abs=0.02)
    assert outside_share(np.array([[1.0, 0, 200], [0, 1, 0]]), 100, 100, 100) == 1
