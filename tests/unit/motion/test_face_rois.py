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


#: The corners of every region as the specification writes them; t9 = t11, t10 = t12, t13 = t17 and t14 = t21.
TABLE = """
17,t0,t1,19 / 19,t1,t2,21 / 21,t2,t3,27 / 27,t3,t4,22 / 22,t4,t5,24 / 24,t5,t6,26 / 1,0,17,36
36,17,19,38 / 38,19,21,39 / 39,21,27,28 / 28,27,22,42 / 42,22,24,43 / 43,24,26,45 / 45,26,16,15
3,2,t15,t7 / t7,t15,41,39 / t7,39,28,29 / 29,28,42,t8 / t8,42,46,t16 / t8,t16,14,13 / t11,t7,29,33
33,29,t8,t12 / t13,t9,33,59 / 55,33,t10,t14 / t18,t17,59,58 / t19,t18,58,57 / t20,t19,57,56 / t21,t20,56,55
4,3,t7,t11 / t12,t8,13,12 / 5,4,t9,t13 / t14,t10,12,11 / 6,5,t17,t18 / 8,6,t18,t19 / 10,8,t19,t20
11,10,t20,t21
"""
RAISED = {0: 17, 1: 19, 2: 21, 4: 22, 5: 24, 6: 26}
MIDDLES = {
    7: (3, 29), 8: (13, 29), 9: (4, 33), 11: (4, 33), 10: (12, 33), 12: (12, 33), 13: (5, 59), 17: (5, 59),
    14: (11, 55), 21: (11, 55), 15: (2, 41), 16: (14, 46), 18: (6, 58), 19: (8, 57), 20: (10, 56),
}  # fmt: skip


def _point(name: str) -> np.ndarray:
    if not name.startswith("t"):
        return POINTS[int(name)]
    extra = int(name[1:])
    if extra == 3:
        return (_raised(21) + _raised(22)) / 2
    return _raised(RAISED[extra]) if extra in RAISED else POINTS[list(MIDDLES[extra])].mean(axis=0)


def _raised(number: int) -> np.ndarray:
    return POINTS[number] - [0, 0.1 * np.linalg.norm(POINTS[16] - POINTS[0])]


@pytest.mark.parametrize(
    ("roi", "corners"), list(enumerate(TABLE.strip().replace("\n", " / ").split(" / "))), ids=str
)
def test_a_region_is_the_polygon_of_its_corners(roi: int, corners: str) -> None:
    mask = roi_masks(POINTS, SIZE, SIZE)[roi]
    outline = np.array([_point(name) for name in corners.split(",")])
    inside = polygon2mask((SIZE, SIZE), outline[:, ::-1])
    # Corners are rounded to pixels and the outline is drawn, so the region ends at its corners exactly.
    column, row = np.round(outline).astype(int).T
    assert mask[row, column].all()
    for axis, ends in enumerate((row, column)):
        found = mask.nonzero()[axis]
        assert (found.min(), found.max()) == (ends.min(), ends.max())
    np.testing.assert_allclose(_centre(mask), _centre(inside), atol=1)


def test_the_table_is_its_own_mirror_image() -> None:
    """Exchanging left and right turns each region into another one, or into itself."""
    sides = {
        **{n: 16 - n for n in range(17)},
        **{17 + n: 26 - n for n in range(10)},
        **{n: n for n in range(27, 31)},
    }
    sides |= {33: 33, 36: 45, 38: 43, 39: 42, 41: 46, 55: 59, 56: 58, 57: 57}
    sides |= {other: one for one, other in sides.items()}
    extra = {
        "t0": "t6",
        "t1": "t5",
        "t2": "t4",
        "t3": "t3",
        "t7": "t8",
        "t9": "t10",
        "t13": "t14",
        "t15": "t16",
        "t18": "t20",
    }
    extra |= {"t19": "t19", **{other: one for one, other in extra.items()}}
    regions = [frozenset(corners.split()) for corners in ROIS]
    for region in regions:
        assert frozenset(extra[n] if n in extra else str(sides[int(n)]) for n in region) in regions


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
