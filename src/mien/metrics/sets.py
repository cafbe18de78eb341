"""Agreement of sets: which Action Units an answer names beside those that were coded.

Two empty sets agree fully: naming nothing where nothing was coded is right.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from mien.metrics.recognition import FloatArray, IntArray

Set = Collection[int]


def set_f1(truth: Set, found: Set) -> float:
    """2 |both| / (|truth| + |found|), the Dice coefficient of one pair of sets; 1 if both are empty.

    >>> set_f1({4, 7}, {4, 9})
    0.5
    """
    a, b = set(truth), set(found)
    return 2 * len(a & b) / (len(a) + len(b)) if a or b else 1.0


def jaccard(truth: Set, found: Set) -> float:
    """|both| / |either| of one pair of sets; 1 if both are empty.

    >>> jaccard({4, 7}, {4, 9})
    0.3333333333333333
    """
    a, b = set(truth), set(found)
    return len(a & b) / len(a | b) if a or b else 1.0


def element_counts(truth: Sequence[Set], found: Sequence[Set], elements: Sequence[int]) -> IntArray:
    """(N, E, 3): hit, false alarm and miss of every element in every pair of sets."""
    counts = np.zeros((len(truth), len(elements), 3), np.int64)
    for n, (true, named) in enumerate(zip(truth, found, strict=True)):
        for e, element in enumerate(elements):
            there, said = element in true, element in named
            counts[n, e] = there and said, said and not there, there and not said
    return counts


def micro_f1(counts: FloatArray | IntArray) -> FloatArray:
    """(...) F1 of all elements together, from summed counts (..., E, 3); NaN where nothing is there or named."""
    hit, false_alarm, miss = np.moveaxis(np.asarray(counts, np.float64).sum(-2), -1, 0)
    return _f1(hit, false_alarm, miss)


def macro_f1(counts: FloatArray | IntArray) -> FloatArray:
    """(...) mean F1 of the elements that are in some true set, from summed counts (..., E, 3); NaN if none is.

    An element that is only ever named falsely has no F1 of its own; it lowers `micro_f1` alone.
    """
    hit, false_alarm, miss = np.moveaxis(np.asarray(counts, np.float64), -1, 0)
    there = hit + miss > 0
    each = np.where(there, np.nan_to_num(_f1(hit, false_alarm, miss)), 0.0)
    n = there.sum(-1)
    return np.asarray(np.divide(each.sum(-1), n, out=np.full(np.shape(n), np.nan), where=n > 0))


def _f1(hit: FloatArray, false_alarm: FloatArray, miss: FloatArray) -> FloatArray:
    below = 2 * hit + false_alarm + miss
    return np.asarray(np.divide(2 * hit, below, out=np.full(np.shape(below), np.nan), where=below > 0))
