"""Maps of brows and mouth: where what is cut from, in pixels, with the eyes masked."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data

from mien.face.alignment import moved, similarity
from mien.face.landmarks import Landmarker, Points
from mien.face.regions import ibug68
from mien.spotting.maps import MAP_SHAPE, MapCutter


@pytest.fixture(scope="module")
def points(open_landmarker: Landmarker) -> Points:
    (face,) = open_landmarker.find(skimage.data.astronaut())
    return moved(face.points, similarity(face.points, 128))


def spot(x: float, y: float) -> np.ndarray:
    down, right = np.mgrid[0:128, 0:128]
    return np.exp(-((right - x) ** 2 + (down - y) ** 2) / 2 / 4**2).astype(np.float32)


def test_each_part_shows_its_own_movement(points: Points) -> None:
    at = ibug68(points)
    cutter = MapCutter(points, 128, 128)
    halves = {19: np.s_[:21, :21], 24: np.s_[:21, 21:], 57: np.s_[21:, :]}
    for point, part in halves.items():
        u, v, strain = cutter.cut(np.stack([spot(*at[point]), np.zeros((128, 128), np.float32)]))
        assert u.shape == MAP_SHAPE[1:] and u[part].max() > 0.5 and not v.any()
        outside = u.copy()
        outside[part] = 0
        assert outside.max() < 0.2 and strain[part].max() > 0.05


def test_eyes_are_masked(points: Points) -> None:
    eye = ibug68(points)[36:42].mean(axis=0)
    u, _, _ = MapCutter(points, 128, 128).cut(np.stack([spot(*eye), spot(*eye)]))
    assert u.max() < 0.2
