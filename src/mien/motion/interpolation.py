"""Frames at other times: the temporal interpolation model, and blends that fill a short window."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mien.errors import InputError, UsageError

Floats = npt.NDArray[np.float64]


def interpolate(frames: npt.ArrayLike, count: int) -> npt.NDArray[np.generic]:
    """`count` frames (count, ...) spread evenly from the first to the last, by the temporal interpolation model.

    TIM (Zhou et al., CVPR 2011; Pfister et al., ICCV 2011) embeds the frames into a curve along a path graph. Written
    out it is interpolation by the discrete cosine transform over time, which needs no singular values and takes
    frames that depend on each other. It gives the frames themselves where the times meet; between
    them it can overshoot, and what is linear in time comes back slightly bent. Of one frame it makes copies; two
    or three frames are joined by half a cosine or two, which is a guess, not a measurement.

    Args:
        frames: (T, ...) numbers. uint8 comes back as uint8, rounded and clipped to 0..255; else float32, not clipped.
        count: how many; 1 gives the first frame.

    Raises:
        UsageError: `count` is below 1.
        InputError: no frames, or some are not finite.

    Example:
        >>> interpolate([0.0, 1.0], 3).tolist()
        [0.0, 0.5, 1.0]
    """
    images = _finite(frames)
    return _mixed(images, dct_weights(len(images), count))


def fill(frames: npt.ArrayLike, count: int) -> npt.NDArray[np.generic]:
    """`count` frames (count, ...): the given ones, with linear blends in the gaps between them.

    The blends are shared out as SLSTT (Zhang et al., TAFFC 2022) does it: equally to all gaps, the rest one each to
    the central gaps; within a gap they stand evenly. One frame is repeated.

    Args:
        frames: (T, ...) numbers, T at most `count`; types as in `interpolate`.

    Raises:
        UsageError: `count` is below T.
        InputError: no frames, or some are not finite.

    Example:
        >>> fill([0.0, 1.0, 3.0], 4).tolist()
        [0.0, 0.5, 1.0, 3.0]
    """
    images = _finite(frames)
    return _mixed(images, fill_weights(len(images), count))


def _finite(frames: npt.ArrayLike) -> npt.NDArray[np.generic]:
    images = np.asarray(frames)
    if images.ndim < 1 or not len(images) or not np.isfinite(images).all():
        raise InputError("interpolation needs finite frames (T, ...)", found=images.shape)
    return images


def _mixed(images: npt.NDArray[np.generic], weights: Floats) -> npt.NDArray[np.generic]:
    """Weighted sums of the frames, one per row of the weights; uint8 stays uint8."""
    made = np.tensordot(weights, images.astype(np.float64), axes=1)
    if images.dtype == np.uint8:
        return np.rint(made).clip(0, 255).astype(np.uint8)
    return made.astype(np.float32)


def fill_weights(length: int, count: int) -> Floats:
    """Weights (count, length) of the frames in each frame of `fill`; rows sum to 1."""
    _check(length, count)
    if length > count:
        raise UsageError("a window is filled, not thinned out", found=f"{count} from {length}")
    if length == 1:
        return np.ones((count, 1))
    gaps = length - 1
    each, rest = divmod(count - length, gaps)
    first = (gaps - rest) // 2
    within = each + ((np.arange(gaps) >= first) & (np.arange(gaps) < first + rest))
    times = [gap + np.arange(n + 1) / (n + 1) for gap, n in enumerate(within)]
    moment = np.concatenate([*times, [gaps]])
    return np.asarray(np.clip(1 - np.abs(moment[:, None] - np.arange(length)), 0, 1))


def dct_weights(length: int, count: int) -> Floats:
    """Weights (count, length) of the frames in each new frame; rows sum to 1."""
    _check(length, count)
    mode = np.arange(1, length)
    # Time runs in frames from 1 to `length`, and a frame stands in the middle of its unit.
    wanted, given = np.linspace(1, length, count) - 0.5, np.arange(1, length + 1) - 0.5
    there = np.cos(np.pi * mode * wanted[:, None] / length)
    here = np.cos(np.pi * mode[:, None] * given / length)
    return np.asarray((1 + 2 * there @ here) / length)


def _check(length: int, count: int) -> None:
    if length < 1 or count < 1:
        raise UsageError("at least one frame is taken from at least one", found=f"{count} from {length}")
