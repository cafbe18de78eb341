"""A support vector machine on block-averaged, centred flow; its penalty is chosen on inner subjects."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from mien.metrics import recognition
from mien.models.base import FLOW, Needs
from mien.models.options import Options
from mien.models.registry import ModelCard, register
from mien.motion.descriptors import block_hoof, block_means, centred_flow
from mien.protocols.view import Inputs, TrainView

GRIDS = {
    "linear": tuple(10.0**k for k in (-4, -3.5, -3, -2.5, -2, -1.5, -1)),
    "rbf": (0.3, 1.0, 3.0, 10.0, 30.0),
}


class SvmFlowOptions(Options):
    features: Literal["means", "hoof"] = Field(
        "means", description="block means of u, v, strain; or block HOOF"
    )
    kernel: Literal["linear", "rbf"] = Field("linear", description="kernel of the machine")
    blocks: int = Field(7, ge=1, le=28, description="blocks along each side of the face")
    bins: int = Field(8, ge=2, le=36, description="orientation bins of the HOOF")
    inner_folds: int = Field(5, ge=2, le=20, description="inner folds of subjects on which C is chosen")


@register(
    ModelCard(
        name="svm-flow",
        title="SVM on block flow",
        paper="",
        summary="SVM on 7x7 block means of centred u, v and strain; C chosen on inner subjects by UF1",
        assumed="the whole recipe is ours: an honest classic",
    ),
    SvmFlowOptions,
)
class SvmFlow:
    """A class-balanced SVM. Scaling and C come from the training subjects alone; probabilities are a softmax
    of the one-against-rest scores and are not calibrated."""

    needs = Needs({FLOW: "(N, 3, H, W): u, v, strain"})

    def __init__(self, options: SvmFlowOptions) -> None:
        self._options = options
        self._model: Pipeline | None = None
        self._n_classes = 0

    def _features(self, inputs: Inputs) -> NDArray[np.float64]:
        flow = centred_flow(inputs[FLOW])
        if self._options.features == "hoof":
            return np.sqrt(block_hoof(flow, self._options.blocks, self._options.bins))
        return block_means(flow, self._options.blocks)

    def _machine(self, c: float) -> Pipeline:
        machine = SVC(
            C=c, kernel=self._options.kernel, class_weight="balanced", decision_function_shape="ovr"
        )
        return make_pipeline(StandardScaler(), machine)

    def fit(self, view: TrainView) -> Self:
        self._n_classes = len(view.task.classes)
        self._model = self._machine(self._choose(view)).fit(self._features(view.arrays), view.labels)
        return self

    def _choose(self, view: TrainView) -> float:
        """The C with the best mean F1, pooled over inner subject folds; the smallest of equals."""
        inner = [
            (self._features(train.arrays), train.labels, self._features(held.arrays), held.labels)
            for train, held in view.inner_folds(self._options.inner_folds, seed=0)
        ]

        def score(c: float) -> float:
            total = np.zeros((self._n_classes, self._n_classes), np.int64)
            for x, y, held_x, held_y in inner:
                total += recognition.confusion(
                    held_y, self._machine(c).fit(x, y).predict(held_x), self._n_classes
                )
            # A class that no inner fold could validate says nothing about C; the others do.
            return float(np.nanmean(recognition.f1_per_class(total)))

        return max(GRIDS[self._options.kernel], key=score)

    def predict_proba(self, inputs: Inputs) -> NDArray[np.float64]:
        assert self._model is not None
        scores = self._model.decision_function(self._features(inputs))
        if scores.ndim == 1:
            scores = np.stack([-scores, scores], axis=1)
        exponents = np.exp(scores - scores.max(axis=1, keepdims=True))
        found = np.zeros((len(scores), self._n_classes))
        found[:, self._model.classes_] = exponents / exponents.sum(axis=1, keepdims=True)
        return found
