"""Which clips a recogniser should not answer: scores of strangeness, and how well they tell strangers apart.

Every score is higher for stranger clips. What a score learns (means, covariance, threshold) it learns from clips
that are known; the strangers of an evaluation are for measuring alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien.errors import InputError, UsageError
from mien.metrics.recognition import FloatArray


def least_confident(prob: npt.ArrayLike) -> FloatArray:
    """One minus the largest class probability (...,) of probabilities (..., K).

    Hendrycks, Gimpel: "A Baseline for Detecting Misclassified and Out-of-Distribution Examples", ICLR 2017.
    """
    return np.asarray(1 - np.asarray(prob, dtype=np.float64).max(axis=-1))


def free_energy(logits: npt.ArrayLike, temperature: float = 1.0) -> FloatArray:
    """Minus the temperature times the log-sum-exp (...,) of logits (..., K) over it.

    Liu, Wang, Owens, Li: "Energy-based Out-of-distribution Detection", NeurIPS 2020. Needs logits: probabilities
    have lost what it looks at.

    Raises:
        UsageError: the temperature is not positive.
    """
    if not temperature > 0:
        raise UsageError("a temperature is a positive number", found=temperature)
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    return np.asarray(-temperature * np.logaddexp.reduce(scaled, axis=-1))


def stillness(flow: npt.ArrayLike) -> FloatArray:
    """Minus the mean length (N,) in pixels of flow (N, 2 or more, ..., H, W), of whose channels u and v come first.

    For flow in pixels alone: min-max scaled images do not say how much moved.
    """
    u, v = np.moveaxis(np.asarray(flow, dtype=np.float64), 1, 0)[:2]
    return np.asarray(-np.hypot(u, v).reshape(len(u), -1).mean(axis=1))


@dataclass(frozen=True, eq=False)
class Mahalanobis:
    """Squared distances from the nearest of several means, under one covariance shared by all groups.

    Lee et al.: "A Simple Unified Framework for Detecting Out-of-Distribution Samples", NeurIPS 2018; the covariance
    is shrunk as Ledoit and Wolf (2004) do, since clips are fewer than features.

    Attributes:
        means: (G, D). precision: (D, D), inverse of the covariance within groups.
    """

    means: FloatArray
    precision: FloatArray

    @classmethod
    def fit(cls, features: npt.ArrayLike, groups: npt.ArrayLike) -> Mahalanobis:
        """Means and covariance of known clips: features (N, D) with a group each (N,), a class or a cluster.

        Raises:
            InputError: shapes, values that are not finite, or fewer than two clips.
        """
        from sklearn.covariance import LedoitWolf

        x, g = _features(features), np.asarray(groups)
        if g.shape != (len(x),) or len(x) < 2:
            raise InputError(
                "one group for each of two or more clips is needed", found=f"{x.shape} and {g.shape}"
            )
        names, at = np.unique(g, return_inverse=True)
        means = np.stack([x[at == i].mean(axis=0) for i in range(len(names))])
        within = LedoitWolf(assume_centered=True).fit(x - means[at])
        return cls(means, np.asarray(within.precision_, dtype=np.float64))

    def scores(self, features: npt.ArrayLike) -> FloatArray:
        """The squared distance (N,) of features (N, D) from the nearest mean.

        Raises:
            InputError: another number of features, or values that are not finite.
        """
        x = _features(features)
        if x.shape[1] != self.means.shape[1]:
            raise InputError(
                "the features are of another size", found=f"{x.shape[1]} for {self.means.shape[1]}"
            )
        away = x[:, None] - self.means
        return np.asarray(np.einsum("ngi,ij,ngj->ng", away, self.precision, away).min(axis=1))


@dataclass(frozen=True)
class Separation:
    """How well scores tell strangers from known clips.

    Attributes:
        auroc: the chance that a stranger scores above a known clip, ties counted half; 0.5 is none.
        aupr: average precision with strangers as positives; without skill the share of strangers.
        fpr95: the share of known clips rejected at the threshold that rejects 95 % of the strangers.
    """

    n_known: int
    n_strangers: int
    auroc: float
    aupr: float
    fpr95: float


def separation(known: npt.ArrayLike, strangers: npt.ArrayLike) -> Separation:
    """The separation of two sets of scores (N,) and (M,).

    Raises:
        InputError: one is empty, or a score is not finite.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

    a, b = _scores(known), _scores(strangers)
    score, strange = np.concatenate([a, b]), np.repeat([0, 1], [a.size, b.size])
    false, true, _ = roc_curve(strange, score, drop_intermediate=False)
    return Separation(
        n_known=a.size,
        n_strangers=b.size,
        auroc=float(roc_auc_score(strange, score)),
        aupr=float(average_precision_score(strange, score)),
        fpr95=float(false[np.flatnonzero(true >= 0.95)[0]]),
    )


def threshold(known: npt.ArrayLike, kept: float = 0.95) -> float:
    """The score above which a clip is rejected: the given quantile of the scores of known clips.

    Raises:
        UsageError: the share to be kept is not within 0..1.
        InputError: no scores, or one that is not finite.
    """
    if not 0 < kept <= 1:
        raise UsageError("the share of known clips that is kept lies between 0 and 1", found=kept)
    return float(np.quantile(_scores(known), kept))


def _scores(values: npt.ArrayLike) -> FloatArray:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or not found.size or not np.isfinite(found).all():
        raise InputError("finite scores (N,) are needed", found=f"shape {found.shape}")
    return found


def _features(values: npt.ArrayLike) -> FloatArray:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 2 or not found.size or not np.isfinite(found).all():
        raise InputError("finite features (clips, features) are needed", found=f"shape {found.shape}")
    return found
