"""The class frequencies of the training clips: what a recogniser must beat to have seen anything."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from mien.models.base import CLIPS, Needs
from mien.models.options import Options
from mien.models.registry import ModelCard, register
from mien.protocols.view import Inputs, TrainView


@register(
    ModelCard(
        name="majority",
        title="Majority class",
        paper="",
        summary="the most frequent class of the training clips, whatever the clip shows",
        kind="reference",
    ),
    Options,
)
class Majority:
    """Gives every clip the class frequencies of the training clips."""

    needs = Needs({CLIPS: "(N, 0): only counted"})

    def __init__(self, options: Options) -> None:
        self._frequencies: NDArray[np.float64] = np.zeros(0)

    def fit(self, view: TrainView) -> Self:
        counts = np.bincount(view.labels, minlength=len(view.task.classes))
        self._frequencies = counts / counts.sum()
        return self

    def predict_proba(self, inputs: Inputs) -> NDArray[np.float64]:
        return np.tile(self._frequencies, (len(inputs[CLIPS]), 1))
