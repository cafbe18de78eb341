"""Shrinkage LDA on block HOOF."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mien.experiments.jobs import train_view
from mien.experiments.setting import Setting
from mien.models.lda_hoof import LdaHoof, LdaHoofOptions
from mien.motion.descriptors import block_hoof, centred_flow


def test_learns_its_training_clips_and_is_repeatable(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("lda-hoof")
    view = train_view(setting, setting.folds[0])
    prob = [LdaHoof(LdaHoofOptions()).fit(view).predict_proba(view.arrays) for _ in range(2)]
    assert (prob[0].argmax(1) == view.labels).mean() > 0.6
    assert prob[0].tobytes() == prob[1].tobytes()


def test_reads_block_histograms_of_u_and_v_alone(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("lda-hoof")
    model = LdaHoof(LdaHoofOptions(blocks=4, bins=6))
    features = model._features(setting.arrays)
    expected = block_hoof(centred_flow(setting.arrays["onset_apex_flow"][:, :2]), 4, 6)
    np.testing.assert_allclose(features**2, expected)
