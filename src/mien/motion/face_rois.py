"""The 36 regions of interest of MDMO among the 68 points of a face, and 12 larger ones made of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mien.errors import InputError

Points = npt.NDArray[np.floating]
Masks = npt.NDArray[np.bool_]

#: Extra points: brow points moved up by a tenth of the face's width ...
_RAISED = {"t0": 17, "t1": 19, "t2": 21, "t4": 22, "t5": 24, "t6": 26}
_UP = 0.1
#: ... and middles of two points.
_MIDDLES = {
    "t3": "t2 t4", "t7": "3 29", "t8": "13 29", "t9": "4 33", "t10": "12 33", "t13": "5 59", "t14": "11 55",
    "t15": "2 41", "t16": "14 46", "t18": "6 58", "t19": "8 57", "t20": "10 56",
}  # fmt: skip
#: Corners of each region, in order (iBUG points, 0-based): forehead and brows 0-5, eyes and glabella 6-13, upper
#: cheeks and nose 14-19, lower nose 20-21, around the mouth 22-27, outer cheeks 28-31, chin 32-35.
ROIS = (
    "17 t0 t1 19", "19 t1 t2 21", "21 t2 t3 27", "27 t3 t4 22", "22 t4 t5 24", "24 t5 t6 26",
    "1 0 17 36", "36 17 19 38", "38 19 21 39", "39 21 27 28", "28 27 22 42", "42 22 24 43", "43 24 26 45",
    "45 26 16 15", "3 2 t15 t7", "t7 t15 41 39", "t7 39 28 29", "29 28 42 t8", "t8 42 46 t16", "t8 t16 14 13",
    "t9 t7 29 33", "33 29 t8 t10", "t13 t9 33 59", "55 33 t10 t14", "t18 t13 59 58", "t19 t18 58 57",
    "t20 t19 57 56", "t14 t20 56 55", "4 3 t7 t9", "t10 t8 13 12", "5 4 t9 t13", "t14 t10 12 11",
    "6 5 t13 t18", "8 6 t18 t19", "10 8 t19 t20", "11 10 t20 t14",
)  # fmt: skip
#: Twelve regions in the manner of Polikovsky et al.: brow, eye, cheek and half of the mouth at the left and at the
#: right of the picture; between the brows, root of the nose, nose, chin.
TWELVE = (
    (0, 1), (4, 5), (2, 3), (6, 7, 8), (11, 12, 13), (9, 10), (14, 15, 28, 30), (18, 19, 29, 31), (16, 17, 20, 21),
    (22, 24, 25), (23, 26, 27), (32, 33, 34, 35),
)  # fmt: skip


def roi_masks(points: Points, height: int, width: int) -> Masks:
    """The 36 regions as masks (36, height, width), at least one pixel each; neighbours share their edge.

    The table is that of github.com/tvaranka/meb (MDMO: Liu et al., IEEE Trans. Affective Computing 2016).

    Args:
        points: (68, 2) iBUG points x, y in pixels of the picture.

    Raises:
        InputError: the points are not finite, no 68, or not of a face in this picture.
    """
    import cv2

    check_points(points, height, width)
    at = {str(number): point for number, point in enumerate(points.astype(np.float64))}
    up = np.array([0, _UP * np.linalg.norm(at["16"] - at["0"])])
    at |= {name: at[str(number)] - up for name, number in _RAISED.items()}
    for name, pair in _MIDDLES.items():
        first, second = pair.split()
        at[name] = (at[first] + at[second]) / 2
    masks = np.zeros((len(ROIS), height, width), np.uint8)
    for mask, corners in zip(masks, ROIS, strict=True):
        outline = np.clip(np.round([at[name] for name in corners.split()]), 0, [width - 1, height - 1])
        cv2.fillPoly(mask, [outline.astype(np.int32)], 1)
    return masks > 0


def twelve_masks(points: Points, height: int, width: int) -> Masks:
    """Twelve larger regions (12, height, width), each the union of some of the 36. Raises as `roi_masks`."""
    masks = roi_masks(points, height, width)
    return np.stack([masks[list(group)].any(axis=0) for group in TWELVE])


def check_points(points: Points, height: int, width: int) -> None:
    """Raise `InputError` unless `points` are 68 points of a face whose nose is about the middle of the picture.

    Points of a picture of another size would otherwise be taken for those of this one.
    """
    if points.shape != (68, 2) or not np.isfinite(points).all():
        raise InputError("68 finite points (68, 2) are needed", found=points.shape)
    x, y = points[27:36].mean(axis=0)
    if not (0.3 * width < x < 0.7 * width and 0.3 * height < y < 0.8 * height):
        raise InputError(
            "the landmarks are not those of a face in the middle of this picture",
            found=f"nose at ({x:.0f}, {y:.0f}) of {width} x {height} px",
            do="prepare landmarks and pictures of one size, as the recipe 'descriptors' does",
        )
