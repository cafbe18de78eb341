"""STLBP-IP: local binary patterns of integral projections of the change since the first frame."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mien.errors import UsageError
from mien.motion.blocks import block_histograms, edges, normalised
from mien.motion.local_patterns import UNIFORM, UNIFORM_BINS, Clip, checked, packed, pattern_codes

Floats = npt.NDArray[np.float64]

#: Neighbours on each side of a place of a projection: a mask of 9, an 8-bit code.
SIDE = 4
MASK_PX = 2 * SIDE + 1
LINE_BINS = 2 ** (2 * SIDE)
#: Shares of a projection that differ by less are equal.
TIE = 1e-7


def stlbp_ip(clip: Clip, *, blocks: int, radius: int = 1, radius_t: int = 1) -> Floats:
    """STLBP-IP, (2 * blocks^2 * (256 + 59),): horizontal, then vertical projections of each block.

    Huang et al., ICCV Workshops 2015. The change |I_t - I_0| of a block is summed along its rows (and along its
    columns) and divided by its total. Appearance: each projection's 1-D pattern in a mask of 9. Motion: uniform
    patterns of the image that the projections form over time.

    Args:
        clip: (T, H, W) grey, T > 2 radius_t + 1.
        blocks: along each side, each at least 9 pixels wide.
        radius: of the motion pattern, in pixels; `radius_t` in frames.

    Raises:
        InputError: the clip is not finite, or no (T, H, W).
        UsageError: it, or its blocks, are too small.
    """
    grey = checked(clip)
    change = np.abs(grey[1:] - grey[0])
    both = (_projected(part, blocks, radius, radius_t) for part in (change, change.swapaxes(1, 2)))
    return np.concatenate([part.ravel() for part in both])


def _projected(change: Clip, blocks: int, radius: int, radius_t: int) -> Floats:
    """Histograms (blocks, blocks, 256 + 59) of the sums along the last axis."""
    strips = np.add.reduceat(change, edges(change.shape[2], blocks)[:-1], axis=2)
    cuts, found = edges(change.shape[1], blocks), []
    for start, stop in pairwise(cuts):
        part = strips[:, start:stop]
        total = part.sum(axis=1, keepdims=True)
        shares = np.asarray(part / np.where(total > 0, total, 1), np.float32)
        lines = block_histograms(line_codes(shares, TIE), LINE_BINS, (1, 1, blocks))
        moves = pattern_codes(shares, {0: radius_t, 1: radius}, TIE)
        motion = block_histograms(UNIFORM[moves], UNIFORM_BINS, (1, 1, blocks))
        found.append(np.concatenate([normalised(lines), normalised(motion)], axis=1))
    return np.stack(found)


def line_codes(values: Clip, tie: float = 0.0) -> npt.NDArray[np.uint8]:
    """The code of 4 neighbours before and 4 after along axis 1, for every place that has them: (T, n - 8, ...).

    Raises:
        UsageError: fewer than 9 places.
    """
    kept = values.shape[1] - 2 * SIDE
    if kept < 1:
        raise UsageError(
            f"projections of {values.shape[1]} pixels are too short for a mask of {MASK_PX}",
            do="set a smaller number of blocks, or prepare larger pictures",
        )
    centre = values[:, SIDE : SIDE + kept] - np.float32(tie)
    starts = [start for start in range(MASK_PX) if start != SIDE]
    return packed(values[:, start : start + kept] >= centre for start in starts)
