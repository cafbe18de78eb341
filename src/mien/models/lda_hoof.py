"""Shrinkage LDA on block histograms of oriented flow: two seconds for a whole LOSO."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from mien.models.base import FLOW, Needs
from mien.models.options import Options
from mien.models.registry import ModelCard, register
from mien.models.sklearn_probabilities import in_task_order
from mien.motion.descriptors import block_hoof, centred_flow
from mien.protocols.view import Inputs, TrainView


class LdaHoofOptions(Options):
    blocks: int = Field(7, ge=1, le=28, description="blocks along each side of the face")
    bins: int = Field(8, ge=2, le=36, description="orientation bins")


@register(
    ModelCard(
        name="lda-hoof",
        title="LDA on block HOOF",
        paper="HOOF: Chaudhry et al., CVPR 2009; shrinkage: Ledoit and Wolf 2004",
        summary="linear discriminant with Ledoit-Wolf shrinkage on 7x7 block histograms of oriented flow",
        assumed="blocks, bins and the square root of the histograms are our choice",
    ),
    LdaHoofOptions,
)
class LdaHoof:
    """Linear discriminant analysis of the square roots of block HOOFs (Hellinger geometry)."""

    needs = Needs({FLOW: "(N, 3, H, W): u, v, strain"})

    def __init__(self, options: LdaHoofOptions) -> None:
        self._options = options
        self._model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
        self._n_classes = 0

    def _features(self, inputs: Inputs) -> NDArray[np.float64]:
        flow = centred_flow(inputs[FLOW][:, :2])
        return np.sqrt(block_hoof(flow, self._options.blocks, self._options.bins))

    def fit(self, view: TrainView) -> Self:
        self._n_classes = len(view.task.classes)
        self._model.fit(self._features(view.arrays), view.labels)
        return self

    def predict_proba(self, inputs: Inputs) -> NDArray[np.float64]:
        return in_task_order(self._model, self._features(inputs), self._n_classes)
