"""Side and regions of a movement; the whole way of an event is in `test_running`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import skimage.data

from mien.analysis.explaining import ONE_SIDED, region_motion, side_and_asymmetry
from mien.analysis.result import RegionMotion
from mien.face.alignment import moved, similarity
from mien.face.areas import AREAS
from mien.face.landmarks import Landmarker
from mien.face.regions import ibug68


def motion(**sizes: float) -> list[RegionMotion]:
    return [RegionMotion(area, 0.0, -sizes.get(area, 0.0)) for area in AREAS]


def test_the_stronger_side_is_named() -> None:
    assert side_and_asymmetry(motion(left_cheek=1.0)) == ("left", 1.0)
    assert side_and_asymmetry(motion(right_inner_brow=1.0, left_inner_brow=0.5)) == (
        "right",
        pytest.approx(-1 / 3),
    )
    side, asymmetry = side_and_asymmetry(motion(left_chin=1.0, right_chin=0.9))
    assert side == "both" and 0 < asymmetry < ONE_SIDED


def test_eyes_and_the_middle_have_no_say() -> None:
    assert side_and_asymmetry(motion(left_eye=9.0, glabella=9.0, right_cheek=1.0))[0] == "right"
    side, asymmetry = side_and_asymmetry(motion(glabella=1.0))
    assert side == "both" and np.isnan(asymmetry)


def test_motion_is_told_in_the_region_where_it_is(open_landmarker: Landmarker) -> None:
    (face,) = open_landmarker.find(skimage.data.astronaut())
    points = moved(face.points, similarity(face.points, 128))
    down, right = np.mgrid[0:128, 0:128]
    x, y = ibug68(points)[54]  # the corner of the mouth at the right of the picture: the subject's left
    spot = np.exp(-((right - x) ** 2 + (down - y) ** 2) / 2 / 6**2).astype(np.float32)
    stages: Any = SimpleNamespace(aligned=SimpleNamespace(points=points))
    regions = region_motion(np.stack([0.5 * spot, -spot]), stages)
    assert regions[0].region == "left_mouth_corner" and len(regions) == len(AREAS)
    assert regions[0].v_px < -0.5 and regions[0].u_px == pytest.approx(-regions[0].v_px / 2, rel=0.01)
    sizes = [region.size_px for region in regions]
    assert sizes == sorted(sizes, reverse=True)
    assert side_and_asymmetry(regions)[0] == "left"
