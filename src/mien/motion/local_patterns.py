"""Local binary patterns of grey clips: on three planes, on six points, on mean planes.

Clips are (T, H, W), grey values 0..255. Every histogram of a block sums to 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from math import ceil, floor
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from mien.errors import InputError, UsageError
from mien.motion.blocks import block_histograms, edges, normalised

Clip = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]

POINTS = 8
#: Values that differ by less are equal: interpolated values of a flat area differ in their last digits.
TIE = 1e-4
#: The axes (t, y, x) of the planes: the one the angle turns against, and the one it starts from.
PLANES = ((1, 2), (0, 2), (0, 1))
#: The six points of LBP-SIP: axis and direction; the first four lie in the picture.
CROSS = ((2, 1), (1, -1), (2, -1), (1, 1), (0, -1), (0, 1))


def _uniform_bins() -> Codes:
    """The bin (256,) of each 8-bit code: one of its own if its circle changes at most twice, else the last, 58."""
    codes = np.arange(2**POINTS)
    bits = codes[:, None] >> np.arange(POINTS) & 1
    uniform = (bits != np.roll(bits, 1, axis=1)).sum(axis=1) <= 2
    return np.asarray(np.where(uniform, uniform.cumsum() - 1, uniform.sum()), np.uint8)


UNIFORM = _uniform_bins()
UNIFORM_BINS = int(UNIFORM.max()) + 1


def pattern_codes(clip: Clip, radii: Mapping[int, int], tie: float = TIE) -> Codes:
    """The code of 8 neighbours on an ellipse in the plane of two axes, for every place that has them all.

    Bit p is set where the neighbour at angle 2 pi p / 8 is at least the centre; values between places are
    bilinear.

    Args:
        radii: by axis; the angle starts along the second and turns against the first. Both come back shorter by
            twice their radius.

    Raises:
        UsageError: a radius is below 1, or leaves no place.
    """
    _check_radii(clip, radii)
    centre = _beside(clip, radii) - np.float32(tie)
    (first, down), (second, along) = radii.items()
    angles = 2 * np.pi * np.arange(POINTS) / POINTS
    steps = ({first: -down * np.sin(angle), second: along * np.cos(angle)} for angle in angles)
    return packed(_between(clip, radii, step) >= centre for step in steps)


def packed(bits: Iterable[npt.NDArray[np.bool_]]) -> Codes:
    """Codes (...) of up to 8 arrays of bits (...), the first in the lowest place."""
    parts = (np.left_shift(bit.view(np.uint8), np.uint8(place)) for place, bit in enumerate(bits))
    return np.asarray(reduce(np.bitwise_or, parts), np.uint8)


def lbp_top(clip: Clip, *, blocks: int, blocks_t: int = 1, radius: int, radius_t: int) -> Floats:
    """LBP-TOP, (blocks_t * blocks^2 * 3 * 59,): uniform patterns on the XY, XT and YT planes through each pixel.

    Zhao and Pietikainen, PAMI 2007. All three planes are read at the same places: those that have neighbours in
    every direction.

    Args:
        clip: (T, H, W) with T > 2 radius_t.
        blocks: along each side of the picture; `blocks_t` along time.
        radius: of the ellipses in pixels; `radius_t` in frames.

    Raises:
        InputError: the clip is not finite, or no (T, H, W).
        UsageError: it is too small.
    """
    grey, reach = checked(clip), (radius_t, radius, radius)
    _check_radii(grey, dict(enumerate(reach)))
    found = []
    for axes in PLANES:
        third = _third(axes)
        codes = pattern_codes(_beside(grey, {third: reach[third]}), {axis: reach[axis] for axis in axes})
        found.append(block_histograms(UNIFORM[codes], UNIFORM_BINS, (blocks_t, blocks, blocks)))
    return normalised(np.stack(found, axis=1)).ravel()


def lbp_sip(
    clip: Clip, *, blocks: int, blocks_t: int = 1, radius: int, radius_t: int, levels: int = 1
) -> Floats:
    """LBP-SIP, (levels * blocks_t * blocks^2 * 20,): the six points in which the planes of LBP-TOP cross.

    Wang et al., ACCV 2014. Four neighbours in the picture give 16 bins, the same pixel before and after gives 4.

    Args:
        levels: of a Gaussian pyramid, each half the size of the one before; their histograms are joined.

    Raises:
        InputError: the clip is not finite, or no (T, H, W).
        UsageError: it is too small.
    """
    import cv2

    grey, found = checked(clip), []
    radii = {0: radius_t, 1: radius, 2: radius}
    for level in range(levels):
        if level:
            grey = np.stack([np.asarray(cv2.pyrDown(frame), np.float32) for frame in grey])
        _check_radii(grey, radii)
        centre = _beside(grey, radii) - np.float32(TIE)
        above = [_beside(grey, radii, {axis: sign * radii[axis]}) >= centre for axis, sign in CROSS]
        for bits in (above[:4], above[4:]):
            histograms = block_histograms(packed(bits), 2 ** len(bits), (blocks_t, blocks, blocks))
            found.append(normalised(histograms))
    return np.concatenate(found, axis=1).ravel()


def lbp_mop(clip: Clip, *, blocks: int, blocks_t: int = 1, radius: int, radius_t: int) -> Floats:
    """LBP-MOP, (blocks_t * blocks^2 * 3 * 59,): uniform patterns on the mean planes of each block.

    Wang et al., PLoS ONE 2015. A block has three mean planes: over its frames, its rows and its columns;
    neighbours of a pixel at the edge of a block may lie in the next one.

    Raises:
        InputError: the clip is not finite, or no (T, H, W).
        UsageError: it is too small.
    """
    grey, reach, grid = checked(clip), (radius_t, radius, radius), (blocks_t, blocks, blocks)
    found = []
    for axes in PLANES:
        third = _third(axes)
        cuts = edges(grey.shape[third], grid[third])
        lengths = np.diff(cuts).reshape([-1 if axis == third else 1 for axis in range(3)])
        means = np.asarray(np.add.reduceat(grey, cuts[:-1], axis=third) / lengths, np.float32)
        codes = pattern_codes(means, {axis: reach[axis] for axis in axes})
        found.append(block_histograms(UNIFORM[codes], UNIFORM_BINS, grid))
    return normalised(np.stack(found, axis=1)).ravel()


def checked(clip: npt.ArrayLike) -> Clip:
    """The clip as float32 (T, H, W).

    Raises:
        InputError: it has another number of axes, no pixels, or values that are not finite.
    """
    grey = np.asarray(clip, dtype=np.float32)
    if grey.ndim != 3 or not grey.size or not np.isfinite(grey).all():
        raise InputError("a descriptor needs a finite grey clip (T, H, W)", found=grey.shape)
    return grey


def _third(axes: tuple[int, int]) -> int:
    return 3 - sum(axes)


def _check_radii(clip: Clip, radii: Mapping[int, int]) -> None:
    for axis, radius in radii.items():
        if radius < 1 or clip.shape[axis] <= 2 * radius:
            raise UsageError(
                f"neighbours at a distance of {radius} do not fit into {clip.shape[axis]} pixels or frames",
                do="set a smaller radius, or take more frames",
            )


def _beside(clip: Clip, radii: Mapping[int, int], step: Mapping[int, int] = MappingProxyType({})) -> Clip:
    """What lies a step from every place that is a radius away from the borders; without a step, those places."""
    cut = [slice(None)] * clip.ndim
    for axis, radius in radii.items():
        by = step.get(axis, 0)
        cut[axis] = slice(radius + by, clip.shape[axis] - radius + by)
    return clip[tuple(cut)]


def _between(clip: Clip, radii: Mapping[int, int], step: Mapping[int, float]) -> Clip:
    """As `_beside` for a step that ends between places: bilinear."""
    found: Clip | None = None
    (first, down), (second, along) = ((axis, round(by, 9)) for axis, by in step.items())
    for y in {floor(down), ceil(down)}:
        for x in {floor(along), ceil(along)}:
            weight = np.float32((1 - abs(y - down)) * (1 - abs(x - along)))
            corner = _beside(clip, radii, {first: y, second: x})
            if weight == 1:
                return corner
            found = corner * weight if found is None else found + corner * weight
    assert found is not None
    return found
