"""Points and regions of the 478-point mesh that have names: eyes, the 68 iBUG points, the rigid part."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mien.face.landmarks import Points

#: Mesh point of each of the 68 iBUG points (0-based: jaw 0-16, brows 17-26, nose 27-35, eyes 36-47, mouth 48-67).
#: The list in common use (`landmark_points_68` in many public repositories; nobody claims to be its origin).
#: The two topologies differ: jaw points follow the mesh's oval, and no point is better than a few pixels.
IBUG_68 = (
    *(162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389),
    *(71, 63, 105, 66, 107, 336, 296, 334, 293, 301),
    *(168, 197, 5, 4, 75, 97, 2, 326, 305),
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),
    *(78, 82, 13, 312, 308, 317, 14, 87),
)
#: Outer and inner corner of the eye at the left and at the right of the picture.
LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS = (33, 133), (362, 263)
#: Outlines (convex) of what moves with the skull only: the bridge of the nose and the forehead above the brows.
NOSE_BRIDGE = (193, 168, 417, 122, 351, 196, 419, 3, 248, 197, 195)
FOREHEAD = (10, 109, 338, 67, 297, 103, 332, 104, 333, 69, 299, 108, 337, 151)


def ibug68(points: Points) -> Points:
    """(68, 2) of the iBUG 68-point scheme out of (478, 2) mesh points."""
    return points[list(IBUG_68)]


def eye_centres(points: Points) -> npt.NDArray[np.float64]:
    """(2, 2): the middle between the corners of the eye at the left and at the right of the picture.

    Corners, not irises: gaze must not move the face.
    """
    return np.array(
        [points[list(corners)].mean(axis=0) for corners in (LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS)],
        dtype=np.float64,
    )


def interocular_px(points: Points) -> float:
    """The inter-ocular distance: between the outer corners of the eyes, as in 300-W."""
    across = points[RIGHT_EYE_CORNERS[1]].astype(np.float64) - points[LEFT_EYE_CORNERS[0]]
    return float(np.hypot(*across))


def rigid_mask(points: Points, height: int, width: int) -> npt.NDArray[np.uint8]:
    """(height, width) uint8: 255 on nose bridge and forehead, grown by 3 % of the inter-ocular distance; else 0."""
    import cv2

    mask = np.zeros((height, width), np.uint8)
    for outline in (NOSE_BRIDGE, FOREHEAD):
        hull = cv2.convexHull(points[list(outline)].astype(np.float32))
        cv2.fillConvexPoly(mask, np.round(hull).astype(np.int32), 255)
    reach = max(1, round(0.03 * interocular_px(points)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(mask, disc), dtype=np.uint8)


def face_share(points: Points, height: int, width: int) -> npt.NDArray[np.float32]:
    """(height, width) 1 on the face, 0 outside, with an edge as soft as 4 % of the inter-ocular distance."""
    import cv2

    mask = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(mask, np.round(cv2.convexHull(points.astype(np.float32))).astype(np.int32), 255)
    blurred = cv2.GaussianBlur(mask, (0, 0), max(0.5, 0.04 * interocular_px(points)))
    return np.asarray(blurred, np.float32) / np.float32(255)
