"""Histograms of the orientation of gradients on the XY, XT and YT planes of a grey clip."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mien.errors import UsageError
from mien.motion.blocks import block_histograms, edges, normalised, votes
from mien.motion.local_patterns import Clip, checked

Floats = npt.NDArray[np.float64]

#: A gradient below this (grey values per pixel or frame) has no orientation worth a vote.
STILL = 1e-3
#: Share of a bin: an orientation that begins a bin, such as that of a diagonal, is in it whatever the last digit.
ROUNDING = np.float32(1e-5)


def hog_top(
    clip: Clip, *, blocks: int, blocks_t: int = 1, bins: int = 8, signed: bool = False, weighted: bool = True
) -> Floats:
    """HOG-TOP, (blocks_t * blocks^2 * 3 * bins,): each pixel votes with its gradient's magnitude in each plane.

    HOG-TOP and HIGO-TOP after Li et al., IEEE Trans. Affective Computing 2018. Each histogram sums to 1.

    Args:
        clip: (T, H, W) grey.
        signed: angles over a full turn; else opposite directions are one.
        weighted: False gives HIGO-TOP: every pixel with a gradient votes 1, so that light and contrast drop out.

    Raises:
        InputError: the clip is not finite, or no (T, H, W).
        UsageError: the blocks do not fit.
    """
    grid = (blocks_t, blocks, blocks)
    found = [
        block_histograms(bin_, bins, grid, size if weighted else (size > STILL).astype(np.float32))
        for bin_, size in _orientations(checked(clip), bins, signed)
    ]
    return normalised(np.stack(found, axis=1)).ravel()


def hog_3d(
    clip: Clip, regions: npt.NDArray[np.bool_], *, blocks_t: int = 1, bins: int = 8, signed: bool = True
) -> Floats:
    """3DHOG of facial regions, (blocks_t * R * 3 * bins,), the form of Polikovsky et al., ICDP 2009.

    In each region, histograms of the three angles atan2(I_y, I_x), atan2(I_t, I_x) and atan2(I_t, I_y), voted for
    with the magnitude of the gradient in that plane. (The other 3DHOG, of Klaser et al., projects the gradient on an
    icosahedron.)

    Args:
        clip: (T, H, W) grey.
        regions: (R, H, W) masks, which may overlap.

    Raises:
        InputError: the clip is not finite, or no (T, H, W).
        UsageError: it is smaller than 2 x 2 x 2.
    """
    grey = checked(clip)
    region, row, column = regions.nonzero()
    cuts = edges(len(grey), blocks_t)
    part = np.repeat(np.arange(blocks_t), np.diff(cuts))[:, None]
    voter = (part * len(regions) + region) * bins
    found = [
        votes(voter + bin_[:, row, column], blocks_t * len(regions), bins, size[:, row, column])
        for bin_, size in _orientations(grey, bins, signed)
    ]
    return normalised(np.stack(found, axis=1)).ravel()


def _orientations(grey: Clip, bins: int, signed: bool) -> Iterator[tuple[npt.NDArray[np.int8], Clip]]:
    """Bin and magnitude (T, H, W) of the gradients in the planes XY, XT and YT."""
    if min(grey.shape) < 2:
        raise UsageError("gradients need two frames of 2 x 2 pixels at least", found=grey.shape)
    down_t, down_y, along_x = np.gradient(grey)
    per_radian = np.float32(bins / (2 * np.pi if signed else np.pi))
    for first, second in ((along_x, down_y), (along_x, down_t), (down_y, down_t)):
        # From -bins to bins; in bytes the remainder costs a tenth.
        turned = np.floor(np.arctan2(second, first) * per_radian + ROUNDING).astype(np.int8)
        yield turned % np.int8(bins), np.sqrt(first * first + second * second)
