"""Areas of the face lie where their names say, each on its side."""

from __future__ import annotations

import numpy as np
import pytest

from mien.face.alignment import moved, similarity
from mien.face.areas import AREAS, area_masks, is_eye, side_of
from mien.face.landmarks import Face
from mien.face.regions import ibug68


@pytest.fixture(scope="module")
def masks(face: Face) -> dict[str, np.ndarray]:
    points = moved(face.points, similarity(face.points, 128))
    return dict(zip(AREAS, area_masks(points, 128, 128), strict=True))


def middle(mask: np.ndarray) -> np.ndarray:
    return np.argwhere(mask).mean(axis=0)[::-1]


def test_sides_are_the_subjects_own_and_alike(masks: dict[str, np.ndarray]) -> None:
    for area, mask in masks.items():
        x, y = middle(mask)
        if side_of(area) == "both":
            assert abs(x - 63.5) < 8
            continue
        assert (x > 63.5) == (side_of(area) == "left"), area
        other = area.replace("left", "right") if side_of(area) == "left" else area.replace("right", "left")
        there_x, there_y = middle(masks[other])
        assert abs(x + there_x - 127) < 10 and abs(y - there_y) < 5, area
        assert 0.6 < mask.sum() / masks[other].sum() < 1.6, area


def test_areas_do_not_lie_upon_each_other(masks: dict[str, np.ndarray]) -> None:
    for area, mask in masks.items():
        for other, its in masks.items():
            assert area == other or (mask & its).sum() < 0.25 * mask.sum(), (area, other)


def test_they_hold_the_points_they_are_named_after(face: Face, masks: dict[str, np.ndarray]) -> None:
    at = ibug68(moved(face.points, similarity(face.points, 128))).round().astype(int)
    for area, point in {
        "right_outer_brow": 18,
        "right_inner_brow": 20,
        "left_inner_brow": 23,
        "left_mouth_corner": 54,
        "right_mouth_corner": 48,
    }.items():
        x, y = at[point]
        assert masks[area][y, x], area
    eyes = [area for area in AREAS if is_eye(area)]
    assert eyes == ["right_eye", "left_eye"]
    assert np.hypot(*(middle(masks["right_eye"]) - at[36:42].mean(axis=0))) < 2


def test_a_tiny_crop_still_has_a_pixel_for_each(face: Face) -> None:
    points = moved(face.points, similarity(face.points, 16))
    assert area_masks(points, 16, 16).any(axis=(1, 2)).all()
