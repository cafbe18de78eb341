"""What the true AUs alone would give: an upper reference for methods that read AUs off video."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from sklearn.linear_model import LogisticRegression

from mien.facs.annotation import VOCABULARY, multi_hot
from mien.models.base import ORACLE, Needs
from mien.models.options import Options
from mien.models.registry import ModelCard, register
from mien.models.sklearn_probabilities import in_task_order
from mien.protocols.view import Inputs, TrainView


class AuOracleOptions(Options):
    C: float = Field(1.0, gt=0, description="inverse strength of the L2 penalty")
    class_weight: Literal["none", "balanced"] = Field("balanced", description="weights of the classes")


@register(
    ModelCard(
        name="au-oracle",
        title="AU oracle (true AUs, no video)",
        paper="",
        summary="logistic regression on the human AU coding of the test clip: an upper reference, never ranked",
        kind="reference",
    ),
    AuOracleOptions,
)
class AuOracle:
    """Logistic regression on the multi-hot AU coding. It reads human labels of the test clips and sees no
    video."""

    needs = Needs({ORACLE: "(N, V): the human AU coding of the very clip"}, action_units="test")

    def __init__(self, options: AuOracleOptions) -> None:
        weight = None if options.class_weight == "none" else options.class_weight
        self._model = LogisticRegression(C=options.C, class_weight=weight, max_iter=2000)
        self._n_classes = 0

    def fit(self, view: TrainView) -> Self:
        self._n_classes = len(view.task.classes)
        self._model.fit(multi_hot(view.annotations, VOCABULARY), view.labels)
        return self

    def predict_proba(self, inputs: Inputs) -> NDArray[np.float64]:
        return in_task_order(self._model, inputs[ORACLE], self._n_classes)
