"""Scores of strangeness against values worked out by hand and independent programs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import LedoitWolf
from sklearn.metrics import roc_auc_score

from mien.errors import InputError, UsageError
from mien.metrics.rejection import (
    Mahalanobis,
    free_energy,
    least_confident,
    separation,
    stillness,
    threshold,
)

RNG = np.random.default_rng(0)
FEATURES = np.concatenate([RNG.normal(m, 1, (20, 4)) for m in (0, 5)])
GROUPS = np.repeat([0, 1], 20)


def test_scores_of_probabilities() -> None:
    np.testing.assert_allclose(least_confident([[0.7, 0.2, 0.1], [0.2, 0.4, 0.4]]), [0.3, 0.6])


def test_free_energy_is_low_for_large_logits_and_never_overflows() -> None:
    np.testing.assert_allclose(free_energy([[0.0, 0.0]]), -np.log(2))
    np.testing.assert_allclose(free_energy([[2.0, 0.0]], temperature=2), -2 * np.log(np.e + 1))
    assert free_energy([[1e4, -1e4]])[0] == -1e4
    with pytest.raises(UsageError, match="temperature"):
        free_energy([[0.0]], temperature=0)


def test_stillness_is_minus_the_mean_length_of_the_flow() -> None:
    flow = np.zeros((2, 3, 4, 4))
    flow[1, 0], flow[1, 1], flow[1, 2] = 3, 4, 99  # strain is no motion
    assert stillness(flow).tolist() == [0, -5]


def test_mahalanobis_is_the_distance_of_scipy_from_the_nearest_mean() -> None:
    fitted = Mahalanobis.fit(FEATURES, GROUPS)
    means = [FEATURES[g == GROUPS].mean(axis=0) for g in (0, 1)]
    within = FEATURES - np.array(means)[GROUPS]
    inverse = np.linalg.inv(LedoitWolf(assume_centered=True).fit(within).covariance_)
    strangers = RNG.normal(2, 3, (5, 4))
    expected = [min(mahalanobis(x, m, inverse) ** 2 for m in means) for x in strangers]
    np.testing.assert_allclose(fitted.scores(strangers), expected)
    np.testing.assert_allclose(fitted.scores(means), 0, atol=1e-12)


def test_mahalanobis_works_with_fewer_clips_than_features() -> None:
    known = RNG.normal(size=(6, 50))
    fitted = Mahalanobis.fit(known, np.zeros(6))
    assert np.isfinite(fitted.scores(known)).all()
    assert fitted.scores(known + 10).min() > fitted.scores(known).max()


def test_separation_worked_out_by_hand() -> None:
    found = separation([0.0, 1.0, 2.0, 3.0], [2.5, 4.0])
    assert (found.n_known, found.n_strangers) == (4, 2)
    assert found.auroc == 7 / 8  # of eight pairs one is the wrong way round
    assert found.fpr95 == 1 / 4  # to reject both strangers, one known clip goes too
    assert found.aupr == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert separation([1.0], [1.0]).auroc == 0.5


def test_separation_does_not_depend_on_the_scale_of_the_scores() -> None:
    known, strangers = RNG.normal(0, 1, 50), RNG.normal(1, 1, 30)
    found = separation(known, strangers)
    assert found == separation(np.exp(known), np.exp(strangers))
    assert found.auroc == pytest.approx(roc_auc_score([0] * 50 + [1] * 30, [*known, *strangers]))


def test_the_threshold_keeps_the_share_that_is_asked_for() -> None:
    known = RNG.normal(size=1000)
    assert np.mean(known <= threshold(known, 0.95)) == 0.95
    with pytest.raises(UsageError, match="share"):
        threshold(known, 0)


def test_what_is_no_score_or_feature_is_refused() -> None:
    for spoilt in ([], [np.nan], [[1.0]]):
        with pytest.raises(InputError, match="finite scores"):
            separation(spoilt, [1.0])
    with pytest.raises(InputError, match="finite features"):
        Mahalanobis.fit([[np.inf], [0.0]], [0, 0])
    with pytest.raises(InputError, match="one group"):
        Mahalanobis.fit(FEATURES, GROUPS[1:])
    with pytest.raises(InputError, match="another size"):
        Mahalanobis.fit(FEATURES, GROUPS).scores(FEATURES[:, :2])
