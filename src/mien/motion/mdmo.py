"""MDMO: the main direction of optical flow in 36 regions of the face."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from mien.errors import InputError
from mien.motion.blocks import votes
from mien.motion.face_rois import Points, check_points, roi_masks
from mien.motion.flow_histograms import orientation_bins

Floats = npt.NDArray[np.float64]
Form = Literal["polar", "cartesian"]

BINS = 8
#: Points that expressions hardly move: both sides of the jaw, and the tip of the nose.
STABLE = (*range(6), *range(11, 17), 30)
#: Where no region's mean motion is longer, nothing moves: what alignment leaves of a head's motion is rounding, which
#: the division by the largest size would blow up to a full-sized motion.
STILL_PX = 1e-4


def mdmo(
    flow: npt.ArrayLike, points: Points, *, align: bool = True, alpha: float = 0.9, form: Form = "polar"
) -> Floats:
    """MDMO of a clip, (72,): size and angle, or x and y, of the mean main motion of each region.

    Liu et al., IEEE Trans. Affective Computing 2016. Sizes are divided by the largest of all regions; a clip without
    motion, or with none but the head's where that is taken out, gives zeros.

    Args:
        flow: (2, T, H, W), from the onset to each frame.
        points: (68, 2) iBUG points of the onset, in pixels of the flow.
        align: take out the motion of the head, an affine map fitted to 13 stable points.
        alpha: weight of the sizes; the angles, in radians in (-pi, pi], have the rest. Of the polar form only.
        form: "polar", as published; or "cartesian", whose values do not jump where the angle passes pi.

    Raises:
        InputError: the flow is not finite or has another shape, or the points are not those of a face in it.
    """
    fields = np.asarray(flow, dtype=np.float64)
    if fields.ndim != 4 or len(fields) != 2 or not fields.size or not np.isfinite(fields).all():
        raise InputError("finite flow (2, T, H, W) is needed", found=fields.shape)
    check_points(points, *fields.shape[2:])
    main = main_directions(aligned(fields, points) if align else fields, points).mean(axis=0)
    size = np.hypot(*main.T)
    largest = float(size.max())
    if largest < STILL_PX:
        return np.zeros(2 * len(size))
    unit = size / largest
    angle = np.arctan2(main[:, 1], main[:, 0])
    if form == "cartesian":
        return np.concatenate([unit * np.cos(angle), unit * np.sin(angle)])
    return np.concatenate([alpha * unit, (1 - alpha) * angle])


def main_directions(flow: Floats, points: Points) -> Floats:
    """For every frame and region, (T, 36, 2): the mean (u, v) of the pixels in the fullest of 8 orientation bins."""
    masks = roi_masks(points, *flow.shape[2:])
    region, row, column = masks.nonzero()
    u, v = flow[:, :, row, column]
    n_frames, rows = len(u), len(u) * len(masks)
    voter = (np.arange(n_frames)[:, None] * len(masks) + region) * BINS + orientation_bins(u, v, BINS)
    count = votes(voter, rows, BINS)
    fullest = count.argmax(axis=1)[:, None]
    sums = [np.take_along_axis(votes(voter, rows, BINS, part), fullest, axis=1) for part in (u, v)]
    means = np.concatenate(sums, axis=1) / np.take_along_axis(count, fullest, axis=1)
    return means.reshape(n_frames, len(masks), 2)


def aligned(flow: Floats, points: Points) -> Floats:
    """Flow (2, T, H, W) without the affine motion that fits it best at the stable points."""
    height, width = flow.shape[2:]
    columns, rows = np.round(points[list(STABLE)]).astype(np.int64).clip(0, [width - 1, height - 1]).T
    here = np.stack([columns, rows, np.ones_like(rows)], axis=1).astype(np.float64)
    seen = flow[:, :, rows, columns].reshape(-1, len(STABLE)).T
    maps, *_ = np.linalg.lstsq(here, seen, rcond=None)
    y, x = np.mgrid[:height, :width]
    everywhere = np.stack([x, y, np.ones_like(x)], axis=-1) @ maps
    return np.asarray(flow - np.moveaxis(everywhere, -1, 0).reshape(flow.shape))
