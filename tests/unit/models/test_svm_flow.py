"""The SVM on block flow; what it shares with others is tested in `test_support_vectors.py`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mien.experiments.jobs import train_view
from mien.experiments.setting import Setting
from mien.models.svm_flow import SvmFlow, SvmFlowOptions


@pytest.mark.parametrize(("features", "kernel"), [("means", "linear"), ("hoof", "rbf")])
def test_learns_its_training_clips(features: str, kernel: str, small_setting: Callable[..., Setting]) -> None:
    view = train_view(small_setting("svm-flow"), small_setting("svm-flow").folds[0])
    options = SvmFlowOptions.parse(
        {"features": features, "kernel": kernel, "inner_folds": 2}, model="svm-flow"
    )
    prob = SvmFlow(options).fit(view).predict_proba(view.arrays)
    assert (prob.argmax(1) == view.labels).mean() > 0.7
    np.testing.assert_allclose(prob.sum(1), 1)
