"""The references: the majority, the AU oracle; and LDA on HOOF."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mien.experiments.jobs import Job, run_job, train_view
from mien.experiments.setting import Setting
from mien.facs.annotation import VOCABULARY
from mien.metrics import recognition
from mien.models.base import ORACLE


def test_majority_gives_the_training_frequencies(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("majority")
    view = train_view(setting, setting.folds[2])
    prob = run_job(setting, Job(0, 2), compiled=False).prob
    expected = np.bincount(view.labels, minlength=3) / len(view)
    np.testing.assert_allclose(prob, np.tile(expected, (len(prob), 1)))


def test_oracle_reads_action_units_and_no_image(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("au-oracle")
    assert set(setting.arrays) == {ORACLE} and setting.arrays[ORACLE].shape[1] == len(VOCABULARY)
    right = [
        (run_job(setting, Job(0, f.index), compiled=False).prob.argmax(1) == setting.labels[f.held_out]).mean()
        for f in setting.folds
    ]
    assert np.mean(right) > np.bincount(setting.labels).max() / len(setting.labels)


def test_lda_beats_chance_on_people_it_has_not_seen(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("lda-hoof")
    predicted = np.zeros_like(setting.labels)
    for f in setting.folds:
        predicted[f.held_out] = run_job(setting, Job(0, f.index), compiled=False).prob.argmax(1)
    assert recognition.uar(recognition.confusion(setting.labels, predicted, 3)) > 1 / 3
