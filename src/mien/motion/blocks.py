"""Grids of blocks over images and clips, and histograms in each of them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mien.errors import UsageError

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.integer]


def edges(size: int, blocks: int) -> npt.NDArray[np.int64]:
    """Where the blocks along an axis begin and end, (blocks + 1,); their lengths differ by at most one.

    Raises:
        UsageError: more blocks than places.
    """
    if not 1 <= blocks <= size:
        raise UsageError(
            f"{blocks} blocks do not fit into {size} pixels or frames",
            do="set a smaller number of blocks or a smaller radius, or prepare larger clips",
        )
    return np.linspace(0, size, blocks + 1).round().astype(np.int64)


def block_histograms(
    values: Numbers, bins: int, blocks: tuple[int, ...], weights: npt.NDArray[np.floating] | None = None
) -> Floats:
    """Histograms (number of blocks, bins) of an array of bin numbers, the blocks in the order of their axes.

    Args:
        values: (...) whole numbers in 0..bins - 1.
        blocks: how many blocks along each axis of `values`.
        weights: (...) what each place votes with; by default 1.
    """
    places = _first_bins(values.shape, blocks, bins) + values
    return votes(places, int(np.prod(blocks)), bins, weights)


def votes(places: Numbers, rows: int, bins: int, weights: npt.NDArray[np.floating] | None = None) -> Floats:
    """Histograms (rows, bins) from `row * bins + bin` of every voter."""
    given = None if weights is None else weights.ravel()
    counted = np.bincount(places.ravel(), given, minlength=rows * bins)
    return counted.reshape(rows, bins).astype(np.float64)


def normalised(histograms: npt.NDArray[np.floating]) -> Floats:
    """Histograms (..., bins) that each sum to 1; one without votes stays zero."""
    total = histograms.sum(axis=-1, keepdims=True)
    return np.asarray(histograms / np.where(total > 0, total, 1.0), dtype=np.float64)


@lru_cache(maxsize=32)
def _first_bins(shape: tuple[int, ...], blocks: tuple[int, ...], bins: int) -> npt.NDArray[np.int64]:
    """For each place of an array, the number of its block times `bins`."""
    block = np.zeros((), np.int64)
    for size, count in zip(shape, blocks, strict=True):
        along = np.repeat(np.arange(count), np.diff(edges(size, count)))
        block = block[..., None] * count + along
    found = block * bins
    found.flags.writeable = False
    return found
