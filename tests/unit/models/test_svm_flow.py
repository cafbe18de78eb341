"""The SVM on block flow: C is chosen inside, on subjects of the training side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mien.experiments.jobs import train_view
from mien.experiments.setting import Setting
from mien.models.svm_flow import GRIDS, SvmFlow, SvmFlowOptions


@pytest.mark.parametrize(("features", "kernel"), [("means", "linear"), ("hoof", "rbf")])
def test_learns_its_training_clips(features: str, kernel: str, small_setting: Callable[..., Setting]) -> None:
    view = train_view(small_setting("svm-flow"), small_setting("svm-flow").folds[0])
    options = SvmFlowOptions.parse(
        {"features": features, "kernel": kernel, "inner_folds": 2}, model="svm-flow"
    )
    prob = SvmFlow(options).fit(view).predict_proba(view.arrays)
    assert (prob.argmax(1) == view.labels).mean() > 0.7
    np.testing.assert_allclose(prob.sum(1), 1)


def test_the_chosen_c_has_the_best_inner_score(
    small_setting: Callable[..., Setting], monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = small_setting("svm-flow")
    view = train_view(setting, setting.folds[0])
    svm = SvmFlow(SvmFlowOptions(inner_folds=2))
    svm._n_classes = 3
    chosen = svm._choose(view)
    assert chosen in GRIDS["linear"]
    seen: list[set[str]] = []
    original = type(view).inner_folds

    def spy(self: object, k: int, seed: int) -> object:
        pairs = original(self, k, seed)  # type: ignore[arg-type]
        seen.extend({*t.groups, *v.groups} for t, v in pairs)
        assert not any(set(t.groups) & set(v.groups) for t, v in pairs)
        return pairs

    monkeypatch.setattr(type(view), "inner_folds", spy)
    svm._choose(view)
    held = set(setting.groups[setting.folds[0].held_out])
    assert seen and not any(held & groups for groups in seen)
