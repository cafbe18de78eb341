"""Flow maps of brows and mouth as SOFTNet (Liong et al., 2021) and MEAN read them: 42 x 42 of u, v and strain."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mien.face.landmarks import Points
from mien.face.regions import ibug68
from mien.motion.strain import optical_strain

MAP_PX = 42
MAP_SHAPE = (3, MAP_PX, MAP_PX)
#: Margins of the authors, for faces of 128 px: around brows and mouth, and around the eyes that are masked.
_MARGIN_PX, _EYE_MARGIN_PX, _AT_PX = 12, 15, 128
_LEFT_BROW, _RIGHT_BROW, _MOUTH = slice(17, 22), slice(22, 27), slice(48, 60)
_EYES = (slice(36, 42), slice(42, 48))


class MapCutter:
    """Cuts the maps of one face out of its flow fields.

    The upper half holds the two brows side by side, the lower half the mouth. Flow of the eyes is set to zero: lids
    and gaze move most of all, and say nothing. Values stay in pixels; the networks scale them.

    Args:
        points: (478, 2) mesh in crop pixels.
        height, width: of the crop.
    """

    def __init__(self, points: Points, height: int, width: int) -> None:
        import cv2

        at = ibug68(points)
        self._size = height, width
        margin = _MARGIN_PX * width / _AT_PX
        self._boxes = [self._box(at[part], margin) for part in (_LEFT_BROW, _RIGHT_BROW, _MOUTH)]
        self._open = np.ones((height, width), np.uint8)
        reach = max(1, round(_EYE_MARGIN_PX * width / _AT_PX / 2))
        for part in _EYES:
            hull = np.round(cv2.convexHull(at[part].astype(np.float32))).astype(np.int32)
            eye = np.zeros((height, width), np.uint8)
            cv2.fillConvexPoly(eye, hull, 1)
            self._open[cv2.dilate(eye, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0] = 0

    def _box(self, points: Points, margin: float) -> tuple[slice, slice]:
        (left, top), (right, bottom) = points.min(axis=0) - margin, points.max(axis=0) + margin
        height, width = self._size
        rows = slice(max(0, round(float(top))), min(height, round(float(bottom)) + 1))
        columns = slice(max(0, round(float(left))), min(width, round(float(right)) + 1))
        return rows, columns

    def cut(self, flow: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """(3, 42, 42) u, v in pixels of the crop and strain, from a flow (2, H, W) without the head's motion."""
        import cv2

        half = MAP_PX // 2
        planes = np.concatenate([flow, optical_strain(*flow)[None]]) * self._open
        sizes = ((half, half), (half, half), (MAP_PX, half))
        brow, other, mouth = (
            np.stack([cv2.resize(plane[box], size, interpolation=cv2.INTER_AREA) for plane in planes])
            for box, size in zip(self._boxes, sizes, strict=True)
        )
        return np.concatenate([np.concatenate([brow, other], axis=2), mouth], axis=1).astype(np.float32)
