"""The common machine against scikit-learn's pipeline; scale and C from the training side alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics.pairwise import additive_chi2_kernel
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from mien.errors import InputError, UsageError
from mien.experiments.jobs import train_view
from mien.experiments.setting import Setting
from mien.models import registry
from mien.models.base import FLOW, Needs
from mien.models.clip_memory import Clip, ClipMemory
from mien.models.support_vectors import PENALTIES, Scale, SvmOptions, SvmRecogniser
from mien.protocols.view import TrainView

RNG = np.random.default_rng(0)


class Corner(SvmRecogniser):
    """Reads the u of a few pixels; counts how often."""

    needs = Needs({FLOW: "(N, 3, H, W)"})
    calls = 0

    def __init__(self, options: SvmOptions) -> None:
        super().__init__(options)
        self._memory = ClipMemory()

    def features(self, clip: Clip) -> np.ndarray:
        self.calls += 1
        return np.abs(clip[FLOW][0, ::4, ::4].ravel().astype(np.float64))


@pytest.fixture
def view(small_setting: Callable[..., Setting]) -> TrainView:
    setting = small_setting("svm-flow")
    return train_view(setting, setting.folds[0])


def test_the_scale_makes_the_mean_squared_length_one() -> None:
    train = RNG.normal(3, [1, 5, 0.1, 0], (50, 4))
    for standardise in (True, False):
        scaled = Scale(train, standardise)(train)
        np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)
        assert (scaled**2).sum(axis=1).mean() == pytest.approx(1)
    variance = Scale(train, True)(train).var(axis=0)
    np.testing.assert_allclose(variance, [1 / 3, 1 / 3, 1 / 3, 0], atol=1e-12)
    assert np.isfinite(Scale(np.ones((5, 2)), True)(np.ones((1, 2)))).all()


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_equals_a_pipeline_of_scikit_learn(
    kernel: Any, view: TrainView, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C of the linear machine counts per feature here: `PENALTIES` says why."""
    ours = Corner(SvmOptions(kernel=kernel))
    c = PENALTIES[kernel][3]
    monkeypatch.setattr(ours, "_choose", lambda known: c)
    ours.fit(view)
    rows = np.stack([ours.features({FLOW: one}) for one in view.arrays[FLOW]])
    varying = int((rows.std(axis=0) > 0).sum())
    machine = SVC(C=c / varying if kernel == "linear" else c, kernel=kernel, class_weight="balanced")
    reference = make_pipeline(StandardScaler(), machine).fit(rows, view.labels)
    scores = reference.decision_function(rows)
    found = ours.predict_proba(view.arrays)
    np.testing.assert_allclose(np.diff(np.log(found), axis=1), np.diff(scores, axis=1), atol=2e-3)


def test_147_features_get_the_values_of_c_from_a_ten_thousandth_to_a_tenth() -> None:
    np.testing.assert_allclose(np.array(PENALTIES["linear"]) / 147, 10.0 ** np.arange(-4, -0.9, 0.5))


def test_c_is_the_best_on_inner_subjects_none_of_them_held_out(
    view: TrainView, small_setting: Callable[..., Setting], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []
    original = TrainView.inner_folds

    def spy(self: TrainView, k: int, seed: int) -> list[tuple[TrainView, TrainView]]:
        pairs = original(self, k, seed)
        for train, held in pairs:
            assert not set(train.groups) & set(held.groups)
            seen.append({*train.groups, *held.groups})
        return pairs

    monkeypatch.setattr(TrainView, "inner_folds", spy)
    fitted = Corner(SvmOptions(inner_folds=2)).fit(view)
    setting = small_setting("svm-flow")
    held = set(setting.groups[setting.folds[0].held_out])
    assert len(seen) == 2 and not any(held & groups for groups in seen)
    assert fitted._svc is not None and fitted._svc.C in PENALTIES["linear"]


def test_features_are_computed_once_for_all_folds_and_values_of_c(view: TrainView) -> None:
    machine = Corner(SvmOptions(inner_folds=2))
    machine.fit(view)
    machine.fit(view)
    machine.predict_proba(view.arrays)
    assert machine.calls == len(view)


def test_square_roots_and_the_chi_squared_map_are_those_of_the_kernels(view: TrainView) -> None:
    rows = np.stack([Corner(SvmOptions()).features({FLOW: one}) for one in view.arrays[FLOW]])
    roots = Corner(SvmOptions(histograms="root"))._rows(view.arrays)
    np.testing.assert_allclose(roots**2, rows, atol=1e-12)
    mapped = Corner(SvmOptions(histograms="chi2"))._rows(view.arrays)
    # 2 xy / (x + y) = (x + y) / 2 - (x - y)^2 / (2 (x + y))
    total = (rows.sum(axis=1)[:, None] + rows.sum(axis=1)) / 2
    kernel = total + additive_chi2_kernel(rows) / 2
    np.testing.assert_allclose(mapped @ mapped.T, kernel, rtol=0.15)  # two samples of its spectrum
    assert np.corrcoef((mapped @ mapped.T).ravel(), kernel.ravel())[0, 1] > 0.99
    assert np.corrcoef((rows @ rows.T).ravel(), kernel.ravel())[0, 1] < 0.98


def test_features_that_are_no_histograms_are_not_taken_for_some(view: TrainView) -> None:
    machine = registry.create("svm-flow", {"histograms": "root"})
    assert isinstance(machine, SvmRecogniser)
    with pytest.raises(UsageError, match="no histograms"):
        machine.fit(view)


def test_one_class_is_refused_and_an_absent_one_gets_no_probability(view: TrainView) -> None:
    with pytest.raises(InputError, match="one class"):
        Corner(SvmOptions()).fit(replace(view, labels=np.zeros_like(view.labels)))
    two = replace(view, labels=np.minimum(view.labels, 1))
    prob = Corner(SvmOptions(inner_folds=2)).fit(two).predict_proba(view.arrays)
    assert prob.shape[1] == 3 and not prob[:, 2].any()
    np.testing.assert_allclose(prob.sum(axis=1), 1)
