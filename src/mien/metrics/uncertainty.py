"""How unsure a recogniser is of each clip, and whether that tells its errors: entropy, mutual information, AURC."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mien.errors import InputError
from mien.metrics.recognition import FloatArray

TINY = 1e-12


def predictive_entropy(prob: npt.ArrayLike) -> FloatArray:
    """Entropy (...) in nats of probabilities (..., K): 0 when one class is certain, log K when all are equal."""
    p = np.asarray(prob, dtype=np.float64)
    # Rounding may leave -0.0 or less where one class is certain.
    return np.asarray(np.maximum(-(p * np.log(np.clip(p, TINY, None))).sum(axis=-1), 0.0))


def mutual_information(samples: npt.ArrayLike) -> FloatArray:
    """(N,) nats that the class and the sample have in common: how far R samples (R, N, K) of a clip disagree.

    Entropy of the mean minus mean of the entropies (Houlsby et al. 2011; Gal et al., ICML 2017). 0 when all samples
    agree, even if each is unsure; log 2 when half are certain of one class and half of another. Samples are the
    probabilities of the networks of an ensemble, or of passes with dropout on.

    Raises:
        InputError: the samples are not (R, N, K), or there are none.
    """
    p = np.asarray(samples, dtype=np.float64)
    if p.ndim != 3 or not len(p):
        raise InputError("samples must be (samples, clips, classes)", found=f"shape {p.shape}")
    shared = predictive_entropy(p.mean(axis=0)) - predictive_entropy(p).mean(axis=0)
    return np.asarray(np.maximum(shared, 0.0))


def risk_coverage(confidence: npt.ArrayLike, right: npt.ArrayLike) -> FloatArray:
    """(N,) share of errors among the 1, 2, ... N clips of highest confidence.

    Clips of equal confidence have no order: within them errors are spread evenly, which is the mean over all orders.

    Args:
        confidence: (N,) any score that is higher where the recogniser is surer; minus an uncertainty will do.
        right: (N,) whether each clip was recognised rightly.

    Raises:
        InputError: lengths differ, or a confidence is NaN.
    """
    score, wrong = np.asarray(confidence, dtype=np.float64), 1.0 - np.asarray(right, dtype=np.float64)
    if score.ndim != 1 or score.shape != wrong.shape or np.isnan(score).any():
        raise InputError(
            "a confidence and a truth value are wanted for every clip",
            found=f"{score.shape} and {wrong.shape}, {int(np.isnan(score).sum())} NaN",
        )
    _, tie = np.unique(-score, return_inverse=True)
    even = np.bincount(tie, wrong) / np.maximum(np.bincount(tie), 1)
    return np.asarray(np.cumsum(even[np.sort(tie)]) / np.arange(1, score.size + 1))


def aurc(confidence: npt.ArrayLike, right: npt.ArrayLike) -> float:
    """Area under the risk-coverage curve: mean of `risk_coverage` over all coverages (Geifman et al., ICLR 2019).

    0 is perfect. A confidence without information gives the error rate; the least that any confidence can give with
    these errors is `aurc(right, right)`. NaN without clips.

    >>> round(aurc([0.9, 0.8, 0.7, 0.6], [True, True, False, True]), 4)
    0.1458
    """
    risk = risk_coverage(confidence, right)
    return float(risk.mean()) if risk.size else float("nan")
