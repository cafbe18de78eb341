"""Probabilities in the order of the task's classes."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

from mien.models.sklearn_probabilities import in_task_order


def test_a_class_that_was_never_seen_gets_zero() -> None:
    x = np.array([[0.0], [0.1], [1.0], [1.1]])
    model = LogisticRegression().fit(x, [0, 0, 2, 2])
    prob = in_task_order(model, x, 3)
    assert prob.shape == (4, 3) and not prob[:, 1].any()
    np.testing.assert_allclose(prob[:, [0, 2]], model.predict_proba(x))
