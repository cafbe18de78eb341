"""The regions of MDMO: corners where the spec puts them, the mirror image of the face, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.draw import polygon2mask

from made_arrays import face_points
from mien.errors import InputError
from mien.motion.face_rois import ROIS, TWELVE, roi_masks, twelve_masks

SIZE = 200
POINTS = face_points() * (SIZE - 1)


def test_a_region_is_the_polygon_of_its_corners() -> None:
    masks = roi_masks(POINTS, SIZE, SIZE)
    for roi, corners in {
        9: POINTS[[39, 21, 27, 28]],
        24: [_middle(6, 58), _middle(5, 59), POINTS[59], POINTS[58]],
        1: [POINTS[19], _raised(19), _raised(21), POINTS[21]],
        3: [POINTS[27], (_raised(21) + _raised(22)) / 2, _raised(22), POINTS[22]],
    }.items():
        inside = polygon2mask((SIZE, SIZE), np.array(corners)[:, ::-1])
        assert not (inside & ~masks[roi]).sum() > 0.03 * inside.sum()
        # cv2 draws the outline too: a pixel more all around.
        assert masks[roi].sum() - inside.sum() < 2 * np.sqrt(inside.sum()) * 4 / 2
        row, column = masks[roi].nonzero()
        np.testing.assert_allclose([column.mean(), row.mean()], _centre(inside), atol=1)


def _middle(a: int, b: int) -> np.ndarray:
    return (POINTS[a] + POINTS[b]) / 2


def _raised(number: int) -> np.ndarray:
    return POINTS[number] - [0, 0.1 * np.linalg.norm(POINTS[16] - POINTS[0])]


def _centre(mask: np.ndarray) -> tuple[float, float]:
    row, column = mask.nonzero()
    return float(column.mean()), float(row.mean())


def test_there_are_36_and_they_share_little_but_their_edges() -> None:
    masks = roi_masks(POINTS, SIZE, SIZE)
    assert masks.shape == (36, SIZE, SIZE) and masks.any(axis=(1, 2)).all()
    assert len(set(ROIS)) == 36
    shared = (masks.sum(axis=0) > 1).sum() / (masks.sum(axis=0) > 0).sum()
    assert shared < 0.15


def test_left_and_right_mirror_each_other() -> None:
    masks = roi_masks(POINTS, SIZE, SIZE)
    for one, other in (
        (0, 5),
        (2, 3),
        (6, 13),
        (9, 10),
        (15, 18),
        (20, 21),
        (22, 23),
        (24, 27),
        (28, 29),
        (33, 34),
    ):
        np.testing.assert_allclose(masks[one].sum(), masks[other].sum(), rtol=0.12)


def test_the_twelve_regions_are_made_of_the_36_each_used_once() -> None:
    used = [roi for group in TWELVE for roi in group]
    assert sorted(used) == list(range(36))
    np.testing.assert_array_equal(
        twelve_masks(POINTS, SIZE, SIZE).any(axis=0), roi_masks(POINTS, SIZE, SIZE).any(axis=0)
    )


def test_a_region_cut_off_by_the_picture_keeps_a_pixel() -> None:
    low = POINTS + np.array([0, 0.2 * SIZE])
    assert roi_masks(low, SIZE, SIZE).any(axis=(1, 2)).all()


@pytest.mark.parametrize(
    "points",
    [POINTS[:67], np.full((68, 2), np.nan), POINTS / 2, POINTS * 2],
    ids=["67", "nan", "half", "double"],
)
def test_points_of_another_picture_are_refused(points: np.ndarray) -> None:
    with pytest.raises(InputError):
        roi_masks(points, SIZE, SIZE)
