"""Probabilities of scikit-learn classifiers in the order of a task's classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def in_task_order(model: Any, features: NDArray[Any], n_classes: int) -> NDArray[np.float64]:
    """Class probabilities (N, K) of a fitted classifier; a class it never saw gets 0."""
    found = np.zeros((len(features), n_classes))
    found[:, model.classes_] = model.predict_proba(features)
    return found
