"""What MDMD reads of dense flow: the main directional difference of each block of a face.

He, Wang, Li, Yap: "Spotting macro- and micro-expression intervals in long video sequences", FG 2020; see
`mien.spotting.mdmd`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from mien.errors import InputError
from mien.spotting.contract import Kind

BLOCKS = 6
DIRECTIONS = 4
#: The gap k between the frames compared.
GAPS_S: Mapping[Kind, float] = MappingProxyType({"micro": 0.4, "macro": 1.3})


def gap(kind: Kind, fps: float) -> int:
    """The published gap k in frames: 12 and 39 at 30 fps, 80 and 260 at 200 fps."""
    return max(round(GAPS_S[kind] * fps), 1)


def block_differences(first: npt.ArrayLike, second: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(36,) main directional difference of every block of 6 x 6, pixels.

    Args:
        first: (2, H, W) flow u, v from frame i - k to frame i.
        second: (2, H, W) flow from frame i - k to frame i + k.

    Raises:
        InputError: the shapes differ or a side is shorter than 6.
    """
    one, two = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.shape != two.shape or one.ndim != 3 or len(one) != 2 or min(one.shape[1:]) < BLOCKS:
        raise InputError(
            "MDMD needs two flows (2, H, W) of one size, 6 x 6 at least", found=f"{one.shape} and {two.shape}"
        )
    height, width = one.shape[1] // BLOCKS, one.shape[2] // BLOCKS
    direction = _direction(one)
    difference = np.hypot(*one) - np.hypot(*two)
    found = np.empty(BLOCKS * BLOCKS)
    for b in range(found.size):
        row, column = divmod(b, BLOCKS)
        block = np.s_[row * height : (row + 1) * height, column * width : (column + 1) * width]
        inside = direction[block]
        main = np.bincount(inside.ravel(), minlength=DIRECTIONS).argmax()
        found[b] = top_third(difference[block][inside == main])
    return found


def top_third(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Mean of the largest third along the last axis (of one value at least); nan if a value is."""
    ordered = np.sort(np.asarray(values, dtype=np.float64), axis=-1)
    n = max(int(ordered.shape[-1] / 3 + 0.5), 1)
    return np.asarray(ordered[..., -n:].mean(axis=-1))


def _direction(flow: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """(H, W) quarter of the circle that each vector points to, 0..3."""
    angle = np.arctan2(flow[1], flow[0])
    return np.asarray(np.floor(angle / (2 * np.pi / DIRECTIONS)).astype(np.int64) % DIRECTIONS)
