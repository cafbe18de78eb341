"""A linear probe from inner products alone: ridge regression onto people, its strength chosen on inner folds.

A linear model sees clips only through their inner products, so these are computed once per channel, whatever the
number of pixels, and every fold then works on matrices of clips by clips. Channels of different units are brought
to one scale by the training clips.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.kernel_ridge import KernelRidge
from sklearn.preprocessing import KernelCenterer

from mien.metrics.identification import ranks

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Strengths relative to the mean square length of the centred training clips, strongest first: the first best counts.
RIDGES = (10.0, 1.0, 0.1, 0.01, 0.001)


def inner_products(array: npt.NDArray[np.generic]) -> FloatArray:
    """Inner products (C, N, N) of clips (N, C, ...), one matrix per channel; of features (N, D), one for all."""
    flat = array.reshape(len(array), array.shape[1] if array.ndim > 2 else 1, -1)
    made = np.empty((flat.shape[1], len(flat), len(flat)))
    for channel in range(flat.shape[1]):
        values = np.asarray(flat[:, channel], dtype=np.float64)
        # taking off the mean clip changes no centred product, and keeps the digits
        values = values - values.mean(axis=0)
        made[channel] = values @ values.T
    return made


@dataclass(frozen=True, eq=False)
class LinearNamer:
    """Names people by a linear model of clips that are known by their inner products (C, N, N)."""

    products: FloatArray

    def scores(self, train: IntArray, test: IntArray, people: IntArray, parts: IntArray) -> FloatArray:
        """Scores (n, K) of test clips for the K people 0..K-1 of the training clips.

        Args:
            train: places of the training clips.
            test: places of the n tested ones.
            people: the person of each training clip.
            parts: the part of each training clip, to choose the strength on: each is held out in turn.
        """
        ridge = choose_ridge(self.products, train, people, parts)
        return person_scores(self.products, train, test, people, ridge)


def person_scores(
    products: FloatArray, train: IntArray, test: IntArray, people: IntArray, ridge: float
) -> FloatArray:
    """Scores (n, K) of test clips for people; a person counts the same, however many training clips show him.

    Args:
        products, train, test, people: as in `LinearNamer`.
        ridge: strength, relative to the mean square length of the centred training clips.
    """
    counts = np.bincount(people)
    targets = np.eye(counts.size)[people]
    middle = targets.mean(axis=0)
    kernel, across = _kernels(products, train, test)
    centred = KernelCenterer().fit(kernel)
    kernel, across = centred.transform(kernel), centred.transform(across)
    strength = ridge * max(float(np.trace(kernel)) / people.size, 1e-12)
    model = KernelRidge(alpha=strength, kernel="precomputed")
    weight = people.size / (np.count_nonzero(counts) * counts[people])
    model.fit(kernel, targets - middle, sample_weight=weight)
    return np.asarray(model.predict(across) + middle, dtype=np.float64)


def choose_ridge(products: FloatArray, train: IntArray, people: IntArray, parts: IntArray) -> float:
    """The strength that names most training clips rightly, each part of them held out in turn.

    A clip whose person is in no other part is not counted. The arguments are those of `LinearNamer.scores`.
    """
    hits = np.zeros(len(RIDGES))
    for part in np.unique(parts):
        seen = parts != part
        enrolled, own = np.unique(people[seen], return_inverse=True)
        held = ~seen & np.isin(people, enrolled)
        if not held.any() or enrolled.size < 2:
            continue
        truth = np.searchsorted(enrolled, people[held])
        for at, ridge in enumerate(RIDGES):
            scores = person_scores(products, train[seen], train[held], own, ridge)
            hits[at] += (ranks(scores, truth) == 1).sum()
    return RIDGES[int(hits.argmax())]


def _kernels(products: FloatArray, train: IntArray, test: IntArray) -> tuple[FloatArray, FloatArray]:
    """Products among training clips, and of test with training clips, summed over channels of one scale."""
    inside = products[:, train[:, None], train]
    lengths = np.trace(inside, axis1=1, axis2=2) / train.size - inside.mean(axis=(1, 2))
    scale = np.array([1 / length if length > 1e-12 else 0.0 for length in lengths])
    across = products[:, test[:, None], train]
    return np.tensordot(scale, inside, 1), np.tensordot(scale, across, 1)
