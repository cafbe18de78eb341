"""Global head motion in a flow field: measured where the face is rigid, and taken away everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from mien.errors import InputError, UsageError

FloatArray = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Kind = Literal["similarity", "translation"]

# Tukey's biweight keeps 95 % of the efficiency of least squares on normal errors with this constant.
_TUKEY = 4.685
_ROUNDS = 20
# Flow is not known better than this: below it, residuals say nothing about which points are rigid.
_FINEST_RESIDUAL_PX = 1e-3
_FEWEST_POINTS = 3


@dataclass(frozen=True)
class HeadMotion:
    """How the head moved in the image plane, seen from the centre of the image.

    Attributes:
        shift_px: (right, down) motion of the image's centre.
        rotation_rad: turn, clockwise on the screen where positive.
        zoom: size after over size before.
    """

    shift_px: tuple[float, float]
    rotation_rad: float = 0.0
    zoom: float = 1.0

    def flow(self, height_px: int, width_px: int) -> FloatArray:
        """The flow (2, H, W) in pixels that this motion alone gives."""
        x = np.arange(width_px, dtype=np.float64) - (width_px - 1) / 2
        y = (np.arange(height_px, dtype=np.float64) - (height_px - 1) / 2)[:, None]
        return np.stack(self._flow(x, y)).astype(np.float32)

    def at(self, points: npt.ArrayLike, height_px: int, width_px: int) -> FloatArray:
        """That flow (P, 2) at points (P, 2), x and y in pixels of an image of this size."""
        x, y = (np.asarray(points, np.float64) - [(width_px - 1) / 2, (height_px - 1) / 2]).T
        return np.stack(self._flow(x, y), axis=1).astype(np.float32)

    def _flow(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        grow, turn = (self.zoom * part(self.rotation_rad) for part in (np.cos, np.sin))
        u = (grow - 1) * x - turn * y + self.shift_px[0]
        v = turn * x + (grow - 1) * y + self.shift_px[1]
        return u, v


def remove(
    flow: npt.ArrayLike, rigid: npt.ArrayLike, kind: Kind = "similarity"
) -> tuple[FloatArray, HeadMotion]:
    """The flow (2, H, W) without the motion of the head, and that motion.

    "translation" takes the median of the rigid places. "similarity" fits shift, turn and zoom to them, by
    least squares that give less and less weight to places that move otherwise (Tukey's biweight, begun at the
    median): up to about a third of them may belong to an expression. The motion is subtracted, which is exact to
    first order: right for what is left of head motion once the frames are aligned.

    Args:
        flow: (2, H, W) pixels.
        rigid: a bool mask (H, W) of the nose bridge, forehead or the like, or points (P, 2) as x, y in pixels,
            at which the flow is read by linear interpolation.
        kind: what is fitted.

    Raises:
        UsageError: unknown kind.
        InputError: flow or region of another shape or not finite, fewer than 3 places or all of them in one.

    Example:
        >>> still, motion = remove(np.full((2, 8, 8), 0.5), np.ones((8, 8), bool), "translation")
        >>> motion.shift_px
        (0.5, 0.5)
    """
    field = np.asarray(flow, dtype=np.float64)
    motion = estimate(field, rigid, kind)
    return (field - motion.flow(*field.shape[1:])).astype(np.float32), motion


def estimate(flow: npt.ArrayLike, rigid: npt.ArrayLike, kind: Kind = "similarity") -> HeadMotion:
    """The motion of the head that `remove` would take away from the flow (2, H, W); arguments and errors are its."""
    field = np.asarray(flow, dtype=np.float64)
    if field.ndim != 3 or len(field) != 2 or not np.isfinite(field).all():
        raise InputError("head motion is removed from a finite flow (2, H, W)", found=field.shape)
    height_px, width_px = field.shape[1:]
    points, moved = _rigid_places(field, np.asarray(rigid))
    if kind == "translation":
        u, v = np.median(moved, axis=0)
        return HeadMotion((float(u), float(v)))
    if kind == "similarity":
        return _similarity(points - [(width_px - 1) / 2, (height_px - 1) / 2], moved)
    raise UsageError("unknown kind of head motion", found=kind, do="choose similarity or translation")


def _rigid_places(flow: Floats, rigid: npt.NDArray[np.generic]) -> tuple[Floats, Floats]:
    """Places (P, 2) as x, y, and the flow (P, 2) there."""
    height_px, width_px = flow.shape[1:]
    if rigid.dtype == np.bool_ and rigid.shape == (height_px, width_px):
        rows, columns = np.nonzero(rigid)
        points, moved = np.stack([columns, rows], axis=1).astype(np.float64), flow[:, rows, columns].T
    elif rigid.ndim == 2 and rigid.shape[1] == 2 and rigid.dtype != np.bool_:
        points = rigid.astype(np.float64)
        inside = ((points >= 0) & (points <= [width_px - 1, height_px - 1])).all()
        if not inside:
            raise InputError("points of the rigid region lie outside the image", found=points.tolist())
        moved = np.stack([map_coordinates(part, points.T[::-1], order=1) for part in flow], axis=1)
    else:
        raise InputError(
            "the rigid region is a bool mask (H, W) of the size of the flow, or points (P, 2)",
            found=f"{rigid.dtype} {rigid.shape}",
        )
    if len(points) < _FEWEST_POINTS or not np.ptp(points, axis=0).any():
        raise InputError(f"the rigid region has fewer than {_FEWEST_POINTS} places", found=len(points))
    return points, moved


def _similarity(points: Floats, moved: Floats) -> HeadMotion:
    """The motion of points (P, 2), given from the image's centre, that moved by (P, 2)."""
    x, y = points.T
    one, none = np.ones_like(x), np.zeros_like(x)
    # u = grow x - turn y + right and v = turn x + grow y + down
    design = np.stack([np.stack([x, -y, one, none], 1), np.stack([y, x, none, one], 1)])
    target = moved.T
    fitted = np.median(moved, axis=0)[:, None]
    for _ in range(_ROUNDS):
        residual = np.hypot(*(target - fitted))
        spread = max(1.4826 * float(np.median(residual)), _FINEST_RESIDUAL_PX)
        weight = np.clip(1 - (residual / (_TUKEY * spread)) ** 2, 0, None)
        answer = np.linalg.lstsq(
            (design * weight[:, None]).reshape(-1, 4), (target * weight).ravel(), rcond=None
        )[0]
        fitted = design @ answer
    grow, turn, right, down = (float(value) for value in answer)
    return HeadMotion((right, down), float(np.arctan2(turn, 1 + grow)), float(np.hypot(1 + grow, turn)))
