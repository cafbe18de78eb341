"""The parts of a face in which movement is told: named areas with the side of the face, as pixels of the crop."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from mien.face.landmarks import Points
from mien.face.regions import ibug68, interocular_px

Side = Literal["left", "right", "both"]

#: Of each side: iBUG points of the half of the face at the LEFT of the picture, and how far each is moved, in
#: inter-ocular distances (right, down). The other half mirrors them.
_HALF: dict[str, tuple[tuple[int, float, float], ...]] = {
    "outer_brow": ((17, 0, 0.07), (17, 0, -0.09), (18, 0, -0.09), (19, 0, -0.09), (19, 0, 0.07), (18, 0, 0.07)),
    "inner_brow": ((19, 0, 0.07), (19, 0, -0.09), (20, 0, -0.09), (21, 0, -0.09), (21, 0, 0.07), (20, 0, 0.07)),
    "eye": ((36, -0.03, 0), (37, 0, -0.05), (38, 0, -0.05), (39, 0.03, 0), (40, 0, 0.05), (41, 0, 0.05)),
    "nose": ((39, 0.03, 0.1), (28, -0.03, 0), (30, -0.03, 0), (31, 0, 0.03), (31, -0.1, 0)),
    "cheek": ((36, 0, 0.16), (40, 0, 0.16), (31, -0.14, -0.02), (48, -0.02, -0.14), (2, 0.12, 0)),
    "mouth_corner": ((48, -0.14, 0), (48, -0.1, -0.11), (48, 0.04, -0.11), (48, 0.06, 0), (48, 0.04, 0.11),
                     (48, -0.1, 0.11)),
    "upper_lip": ((49, -0.02, -0.06), (50, 0, -0.08), (51, 0, -0.08), (62, 0, 0), (61, 0, 0), (49, -0.02, 0.03)),
    "lower_lip": ((59, -0.02, -0.04), (67, 0, 0), (66, 0, 0), (57, 0, 0.07), (58, 0, 0.07)),
    "chin": ((58, -0.08, 0.12), (57, 0, 0.12), (8, 0, -0.04), (7, 0, -0.04), (6, 0.02, -0.06)),
}  # fmt: skip
#: Brow lowerers pull on it from both sides: it has none of its own.
_MIDDLE = {"glabella": ((21, 0.02, 0.1), (21, 0.02, -0.07), (22, -0.02, -0.07), (22, -0.02, 0.1))}
#: iBUG points and their mirror images.
_MIRROR = (
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31, 45, 44, 43, 42, 47, 46, 39, 38, 37,
    36, 41, 40, 54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
)  # fmt: skip

#: Every area. Sides are the subject's own: `right_...` lies at the left of a picture that is not mirrored.
AREAS: tuple[str, ...] = (*(f"{side}_{name}" for name in _HALF for side in ("right", "left")), *_MIDDLE)


def side_of(area: str) -> Side:
    """The subject's side that an area lies on; `both` for one in the middle.

    Example:
        >>> side_of("left_inner_brow"), side_of("glabella")
        ('left', 'both')
    """
    side = area.partition("_")[0]
    return "left" if side == "left" else "right" if side == "right" else "both"


def is_eye(area: str) -> bool:
    """Whether blinks and gaze move it."""
    return area.endswith("_eye")


def area_masks(points: Points, height: int, width: int) -> npt.NDArray[np.bool_]:
    """(len(AREAS), height, width): the pixels of each area; one pixel at least.

    Args:
        points: (478, 2) mesh in crop pixels, of an upright face that is not mirrored.
    """
    import cv2

    at, unit = ibug68(points), interocular_px(points)
    masks = np.zeros((len(AREAS), height, width), np.uint8)
    for number, area in enumerate(AREAS):
        outline = _outline(area)
        corners = np.array([at[point] + unit * np.array(by) for point, *by in outline], np.float32)
        hull = np.round(cv2.convexHull(corners)).astype(np.int32)
        # An area that the crop cuts off, or a face too small for it, still has a nearest pixel.
        hull = np.clip(hull, 0, [[width - 1, height - 1]])
        cv2.fillConvexPoly(masks[number], hull.astype(np.int32), 1)
    return masks > 0


def _outline(area: str) -> tuple[tuple[int, float, float], ...]:
    if area in _MIDDLE:
        return _MIDDLE[area]
    side, _, name = area.partition("_")
    half = _HALF[name]
    return half if side == "right" else tuple((_MIRROR[point], -right, down) for point, right, down in half)
