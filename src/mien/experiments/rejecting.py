"""Thresholds above which clips are not answered, found on training clips alone, and what they do to held-out ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.metrics.recognition import confusion
from mien.metrics.rejection import threshold
from mien.models.base import Network
from mien.protocols.view import Inputs, TrainView
from mien.training.fit import NetworkRecogniser

Scores = dict[str, NDArray[np.float64]]
"""Scores (n,) of clips by name, higher for stranger ones."""
Score = Callable[[NetworkRecogniser, TrainView, Inputs], Scores]


@dataclass(frozen=True, eq=False)
class Rejection:
    """What a score rejects at the threshold that 95 % of the training clips stay below.

    Attributes:
        strangers: the share of the strangers that is rejected.
        known, kept: confusion matrices (K, K) of the known held-out clips, and of those that are not rejected.
    """

    strangers: float
    known: NDArray[np.int64]
    kept: NDArray[np.int64]


def thresholds(
    network: Network, view: TrainView, score: Score, inner: int, seed: int, *, compiled: bool
) -> dict[str, float]:
    """The threshold of every score: 95 % of the training clips, each scored by a network of other people, stay below.

    Args:
        inner: inner folds of the training subjects, a training each; 0 for no thresholds.
    """
    found: dict[str, list[NDArray[np.float64]]] = {}
    for part, held in view.inner_folds(inner, seed) if inner else []:
        learner = NetworkRecogniser(network, seed, compiled=compiled).fit(part)
        for name, values in score(learner, part, held.arrays).items():
            found.setdefault(name, []).append(values)
    return {name: threshold(np.concatenate(each)) for name, each in found.items()}


def rejections(
    limits: Mapping[str, float],
    known: Scores,
    strangers: Scores,
    truth: NDArray[np.int64],
    prob: NDArray[np.float64],
) -> dict[str, Rejection]:
    """What each threshold does to strangers, and to known clips of these true classes (n,) and probabilities (n, K)."""
    answer, n_classes = prob.argmax(axis=1), prob.shape[1]
    found = {}
    for name, limit in limits.items():
        stays = known[name] <= limit
        found[name] = Rejection(
            strangers=float((strangers[name] > limit).mean()),
            known=confusion(truth, answer, n_classes),
            kept=confusion(truth[stays], answer[stays], n_classes),
        )
    return found
