"""Small head motion within a clip, measured against one frame on what moves with the skull only.

Landmarks are too coarse for this (0.15 to 0.4 px); tracked corners on the same picture come to some hundredths
of a pixel. Why corners first and ECC second: `docs/decisions`, "Registration".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from mien.errors import InputError
from mien.face.alignment import Matrix, inverse, moved

#: How a frame was registered: by corners tracked from the reference frame (pyramidal Lucas-Kanade, RANSAC); by
#: ECC (Evangelidis and Psarakis, 2008) where the corners did not agree; not at all, it stays as it was cut out.
Method = Literal["reference", "tracked", "ecc", "none"]
Grey = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.uint8]

# A small window: a larger one reaches from the bridge of the nose to the brows and follows them.
_WINDOW_PX, _N_LEVELS = 11, 3
_N_CORNERS, _FEWEST_CORNERS, _INLIER_PX = 200, 8, 0.5
_N_ITERATIONS, _STEP, _BLUR_PX = 50, 1e-5, 5


@dataclass(frozen=True, eq=False)
class Registration:
    """Rigid corrections of T crops.

    Attributes:
        matrices: (T, 2, 3) from the crop pixels of each frame to those of the reference frame.
        methods: how each was found.
        agreement: (T,) share of the corners that agree on one motion, or ECC's correlation; nan for `none`.
    """

    matrices: npt.NDArray[np.float64]
    methods: tuple[Method, ...]
    agreement: npt.NDArray[np.float64]


def refine(
    crops: npt.NDArray[np.uint8], mask: Mask, *, reference: int = 0, least_agreement: float = 0.5
) -> Registration:
    """How each crop must be shifted and turned to lie on the reference crop; each frame by itself.

    Args:
        crops: (T, H, W) or (T, H, W, 1 or 3) uint8, all cut out by one transform.
        mask: (H, W) uint8, not 0 where the reference frame is rigid (`mien.face.regions.rigid_mask`).
        reference: index of the frame that stays as it is.
        least_agreement: corners count if this share of them agrees; ECC counts from a correlation of 0.9 on.

    Raises:
        InputError: shapes that do not fit, or an empty mask.
    """
    if (
        crops.ndim not in (3, 4)
        or mask.shape != crops.shape[1:3]
        or not mask.any()
        or not 0 <= reference < len(crops)
    ):
        raise InputError(
            "registration needs crops, a mask of their size that is not empty, and a reference among them",
            found=f"crops {crops.shape}, mask {mask.shape}, reference {reference}",
        )
    rigid = RigidPart(crops[reference], mask)
    matrices = np.tile(np.eye(2, 3), (len(crops), 1, 1))
    methods: list[Method] = ["reference"] * len(crops)
    agreement = np.ones(len(crops))
    for index in range(len(crops)):
        if index != reference:
            matrices[index], methods[index], agreement[index] = rigid.register(crops[index], least_agreement)
    return Registration(matrices, tuple(methods), agreement)


class RigidPart:
    """The rigid part of a reference crop, and how other crops lie upon it.

    Args:
        reference: (H, W) or (H, W, 1 or 3) uint8.
        mask: (H, W) uint8, not 0 where it is rigid.
    """

    def __init__(self, reference: npt.NDArray[np.uint8], mask: Mask) -> None:
        import cv2

        self._reference, self._mask = grey(reference), mask
        self._corners = cv2.goodFeaturesToTrack(self._reference, _N_CORNERS, 0.005, 3, mask=mask)
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        # ECC works on every pixel it is given: the surroundings of the mask are enough.
        self._rows = slice(max(0, rows[0] - _BLUR_PX), rows[-1] + 1 + _BLUR_PX)
        self._columns = slice(max(0, columns[0] - _BLUR_PX), columns[-1] + 1 + _BLUR_PX)

    def register(
        self, crop: npt.NDArray[np.uint8], least_agreement: float = 0.5
    ) -> tuple[Matrix, Method, float]:
        """The correction (2, 3) of one crop, how it was found, and the agreement."""
        found, agreement = self.by_tracking(crop)
        if found is not None and agreement >= least_agreement:
            return found, "tracked", agreement
        found, agreement = self.by_ecc(crop)
        if found is not None and agreement >= max(0.9, least_agreement):
            return found, "ecc", agreement
        return np.eye(2, 3), "none", float("nan")

    def by_tracking(self, crop: npt.NDArray[np.uint8]) -> tuple[Matrix | None, float]:
        """The correction from tracked corners and the share of them that agrees; None with fewer than eight."""
        import cv2

        if self._corners is None or len(self._corners) < _FEWEST_CORNERS:
            return None, 0.0
        frame = grey(crop)
        there, ok, _ = _follow(self._reference, frame, self._corners)
        back, ok_back, _ = _follow(frame, self._reference, there)
        returned = np.linalg.norm(back - self._corners, axis=2)[:, 0] < _INLIER_PX
        kept = (ok[:, 0] > 0) & (ok_back[:, 0] > 0) & returned
        if kept.sum() < _FEWEST_CORNERS:
            return None, 0.0
        start, end = there[kept, 0], self._corners[kept, 0]
        _, inliers = cv2.estimateAffinePartial2D(
            start, end, method=cv2.RANSAC, ransacReprojThreshold=_INLIER_PX
        )
        if inliers is None or inliers.sum() < _FEWEST_CORNERS:
            return None, 0.0
        chosen = inliers[:, 0] > 0
        return rigid_fit(start[chosen], end[chosen]), float(chosen.sum() / len(self._corners))

    def by_ecc(self, crop: npt.NDArray[np.uint8]) -> tuple[Matrix | None, float]:
        """The correction by ECC and its correlation; None if it does not converge."""
        import cv2

        frame = grey(crop)
        corner = np.array([self._columns.start, self._rows.start], dtype=np.float64)
        onto = np.column_stack([np.eye(2), corner]).astype(np.float32)
        criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _N_ITERATIONS, _STEP)
        try:
            correlation, found = cv2.findTransformECCWithMask(
                self._reference[self._rows, self._columns],
                frame,
                self._mask[self._rows, self._columns],
                np.full_like(frame, 255),
                onto,
                cv2.MOTION_EUCLIDEAN,
                criteria,
                _BLUR_PX,
            )
        except cv2.error:  # how it says: no overlap, no texture, no convergence
            return None, float("nan")
        if not np.isfinite(found).all():
            return None, float("nan")
        # ECC's matrix leads from the part of the reference, counted from its corner, to the frame.
        to_frame = found.astype(np.float64)
        to_frame[:, 2] -= to_frame[:, :2] @ corner
        return inverse(to_frame), float(correlation)

    def residual_px(self, crop: npt.NDArray[np.uint8]) -> float:
        """How far the rigid part of a crop lies from the reference on average, by ECC; nan if it cannot tell."""
        found, _ = self.by_ecc(crop)
        if found is None:
            return float("nan")
        rows, columns = np.nonzero(self._mask)
        points = np.column_stack([columns, rows]).astype(np.float32)
        return float(np.linalg.norm(moved(points, found) - points, axis=1).mean())


def _follow(first: Grey, second: Grey, corners: Any) -> tuple[Any, Any, Any]:
    import cv2

    follow: Any = cv2.calcOpticalFlowPyrLK  # the stubs demand a guess where the corners went; there is none
    window = (_WINDOW_PX, _WINDOW_PX)
    there, ok, error = follow(first, second, corners, None, winSize=window, maxLevel=_N_LEVELS)
    return there, ok, error


def rigid_fit(start: npt.NDArray[np.float32], end: npt.NDArray[np.float32]) -> Matrix:
    """The shift and rotation (2, 3) that takes points (N, 2) nearest to others, in least squares."""
    start_mean, end_mean = start.mean(axis=0, dtype=np.float64), end.mean(axis=0, dtype=np.float64)
    a, b = start - start_mean, end - end_mean
    angle = np.arctan2((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum(), (a * b).sum())
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([turn, end_mean - turn @ start_mean])


def grey(crop: npt.NDArray[np.uint8]) -> Grey:
    """(H, W) uint8 from (H, W), (H, W, 1) or RGB (H, W, 3)."""
    import cv2

    if crop.ndim == 3 and crop.shape[2] == 3:
        return np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    return crop.reshape(crop.shape[:2])
