"""The AU oracle, an upper reference."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mien.experiments.jobs import Job, run_job
from mien.experiments.setting import Setting
from mien.facs.annotation import VOCABULARY
from mien.models.base import ORACLE


def test_oracle_reads_action_units_and_no_image(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("au-oracle")
    assert set(setting.arrays) == {ORACLE} and setting.arrays[ORACLE].shape[1] == len(VOCABULARY)
    right = [
        (
            run_job(setting, Job(0, f.index), compiled=False).prob.argmax(1) == setting.labels[f.held_out]
        ).mean()
        for f in setting.folds
    ]
    assert np.mean(right) > np.bincount(setting.labels).max() / len(setting.labels)
