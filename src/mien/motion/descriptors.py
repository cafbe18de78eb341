"""Handcrafted descriptors of flow images, on a grid of blocks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mien.motion.blocks import edges
from mien.motion.flow_histograms import orientation_bins

FloatArray = NDArray[np.float64]


def centred_flow(flow: NDArray[np.generic]) -> FloatArray:
    """Flow images (N, C, H, W) minus the median of each image and channel, the usable "no motion" level."""
    values = np.asarray(flow, dtype=np.float64)
    return np.asarray(values - np.median(values, axis=(2, 3), keepdims=True))


def block_means(images: NDArray[np.generic], blocks: int) -> FloatArray:
    """Means over a grid of blocks x blocks cells, (N, C * blocks * blocks).

    Cells differ by at most one pixel in size where the image does not divide evenly.
    """
    values = np.asarray(images, dtype=np.float64)
    rows, columns = edges(values.shape[2], blocks), edges(values.shape[3], blocks)
    sums = np.add.reduceat(np.add.reduceat(values, rows[:-1], axis=2), columns[:-1], axis=3)
    area = np.diff(rows)[:, None] * np.diff(columns)[None, :]
    return np.asarray((sums / area).reshape(len(values), -1))


def block_hoof(flow: NDArray[np.generic], blocks: int, bins: int) -> FloatArray:
    """Histograms of oriented flow per block, (N, bins * blocks * blocks), each image summing to 1.

    Every pixel votes with its magnitude for the bin of its angle over (-pi, pi], unfolded: left and right stay
    apart. The sum is taken over the whole image, so that still blocks weigh little; an image without any
    motion gives zeros. After Chaudhry et al., CVPR 2009, whose histogram is that of a single block.

    Args:
        flow: (N, >= 2, H, W), u and v first; centre it before if its zero level is unknown.
    """
    u, v = np.asarray(flow[:, 0], np.float64), np.asarray(flow[:, 1], np.float64)
    magnitude = np.hypot(u, v)
    votes = magnitude[:, None] * (
        orientation_bins(u, v, bins)[:, None] == np.arange(bins)[None, :, None, None]
    )
    cells = block_means(votes, blocks)
    total = cells.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(cells, total, out=np.zeros_like(cells), where=total > 0))
