"""Histograms of the orientation of optical flow: HOOF, Bi-WOOF and FHOFO.

Flow is u to the right, v down; an angle is atan2(v, u), so a positive one points down in the picture.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mien.errors import InputError, UsageError
from mien.motion.blocks import block_histograms, normalised

Floats = npt.NDArray[np.float64]

FINE_BINS = 50
SMOOTHING_BINS = 10.0


def orientation_bins(u: npt.ArrayLike, v: npt.ArrayLike, bins: int) -> npt.NDArray[np.int64]:
    """The bin of each angle, (...): `bins` equal ones over a full turn, the first begins at -pi; pi is in the first."""
    turns = (np.arctan2(v, u) + np.pi) / (2 * np.pi)
    return np.asarray(np.floor(turns * bins).astype(np.int64) % bins)


def hoof(flow: npt.ArrayLike, *, blocks: int, bins: int = 8) -> Floats:
    """HOOF of each block, (blocks^2, bins): votes with the magnitude, each sum 1; a still block stays zero.

    Chaudhry et al., CVPR 2009, unfolded: left and right stay apart.

    Args:
        flow: (>= 2, H, W), u and v first.

    Raises:
        InputError: it is not finite, or has another shape.
        UsageError: the blocks do not fit.
    """
    u, v = _checked(flow, ndim=3, channels=2)[:2]
    return normalised(block_histograms(orientation_bins(u, v, bins), bins, (blocks, blocks), np.hypot(u, v)))


def bi_woof(flow: npt.ArrayLike, *, blocks: int, bins: int = 8) -> Floats:
    """Bi-WOOF, (blocks^2 * bins,), of length 1: the HOOF of each block times the strain in it.

    Liong et al., Signal Processing: Image Communication 2018. Blocks do not overlap here (those of the official code
    do, by up to 2 pixels). Without motion, all zeros.

    Args:
        flow: (3, H, W): u, v and strain (of any scale, nowhere negative).

    Raises:
        InputError: it is not finite, or has another shape.
        UsageError: the blocks do not fit.
    """
    image = _checked(flow, ndim=3, channels=3)
    nowhere = np.zeros(image.shape[1:], np.int64)
    strain = block_histograms(nowhere, 1, (blocks, blocks), image[2])
    weighted = (hoof(image, blocks=blocks, bins=bins) * strain).ravel()
    length = float(np.linalg.norm(weighted))
    return weighted / length if length > 0 else weighted


def fhofo(flow: npt.ArrayLike, *, blocks: int, bins: int = 18, weighted: bool = False) -> Floats:
    """FHOFO, (T, blocks^2, bins): fuzzy histograms of the orientation of each field; each sums to 1, or is zero.

    Happy and Routray, IEEE Trans. Affective Computing 2019. Every moving pixel votes 1 in one of 50 fine bins, which
    belong to each other by a circular Gaussian; of the 50 sums, `bins` are kept.

    Args:
        flow: (2, T, H, W).
        weighted: vote with the magnitude (FHOOF).

    Raises:
        InputError: it is not finite, or has another shape.
        UsageError: the blocks do not fit, or more bins are asked for than there are.
    """
    u, v = _checked(flow, ndim=4, channels=2)[:2]
    size = np.hypot(u, v)
    fine = block_histograms(
        orientation_bins(u, v, FINE_BINS),
        FINE_BINS,
        (len(u), blocks, blocks),
        size if weighted else (size > 0).astype(np.float64),
    )
    return normalised(fine @ memberships(bins).T).reshape(len(u), blocks**2, bins)


def memberships(bins: int = FINE_BINS) -> Floats:
    """How much each of the 50 fine bins belongs to each kept one, (bins, 50): 1 for itself, less around the circle.

    Raises:
        UsageError: more bins than 50, or none.
    """
    if not 1 <= bins <= FINE_BINS:
        raise UsageError(f"of {FINE_BINS} fine bins, 1 to all can be kept", found=bins)
    kept = np.linspace(0, FINE_BINS - 1, bins).round()[:, None]
    apart = np.abs(kept - np.arange(FINE_BINS))
    around = np.minimum(apart, FINE_BINS - apart)
    return np.asarray(np.exp(-(around**2) / (2 * SMOOTHING_BINS**2)))


def _checked(flow: npt.ArrayLike, ndim: int, channels: int) -> Floats:
    values = np.asarray(flow, dtype=np.float64)
    if values.ndim != ndim or len(values) < channels or not values.size or not np.isfinite(values).all():
        shape = "(C, T, H, W)" if ndim == 4 else "(C, H, W)"
        raise InputError(f"finite flow {shape} of {channels} channels is needed", found=values.shape)
    return values
