"""The majority reference."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mien.experiments.jobs import Job, run_job, train_view
from mien.experiments.setting import Setting


def test_majority_gives_the_training_frequencies(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("majority")
    view = train_view(setting, setting.folds[2])
    prob = run_job(setting, Job(0, 2), compiled=False).prob
    expected = np.bincount(view.labels, minlength=3) / len(view)
    np.testing.assert_allclose(prob, np.tile(expected, (len(prob), 1)))
