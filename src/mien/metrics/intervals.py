"""Intervals for pooled scores: a bootstrap over subjects and seeds.

Clips of one person resemble each other, so the subject is the unit that is drawn, not the clip. A replicate
draws as many subjects as there are, with replacement and within each database when there are several, and
it draws one of the seeds; the predictions of that seed for those subjects are pooled into one confusion
matrix. The interval therefore says how far ONE run of the method, on other people of the same kind and with
another seed, may lie from the mean. It does not widen for the training sets that would have been drawn with
those people: no network is trained again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien.errors import InputError
from mien.metrics.recognition import METRICS, FloatArray, IntArray, grouped_confusions


@dataclass(frozen=True)
class Interval:
    """The low and the high end; both NaN where the score is undefined or there is one subject only."""

    low: float
    high: float


@dataclass(frozen=True)
class Bootstrap:
    """Percentile intervals by score.

    Attributes:
        intervals: for "accuracy", "uf1", "uar" and "weighted_f1".
        replicates: the number drawn.
        dropped: how many of them lacked a class altogether; UF1 and UAR are undefined there and are left out.
        level: the share of replicates between low and high.
    """

    intervals: Mapping[str, Interval]
    replicates: int
    dropped: int
    level: float


def subject_bootstrap(
    truth: npt.ArrayLike,
    predicted: npt.ArrayLike,
    groups: npt.ArrayLike,
    n_classes: int,
    *,
    datasets: npt.ArrayLike | None = None,
    replicates: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Bootstrap:
    """Intervals of the pooled scores by a bootstrap over subjects and seeds, the same for any clip order.

    Args:
        truth: (N,) class numbers.
        predicted: (N,) class numbers, or (S, N) with one row per training seed.
        groups: (N,) subjects, unique across databases.
        n_classes: K; all classes of the task.
        datasets: (N,) databases; subjects are drawn within each.
        replicates: number of draws.
        seed: of the draws, not of the training.
        level: coverage, 0.95 for a 95 % interval.

    Raises:
        InputError: lengths differ, labels are out of range, or a subject is in several databases.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993 (percentile interval, cluster draws).
    """
    matrices, strata = subject_confusions(truth, predicted, groups, n_classes, datasets)
    n_seeds, n_subjects = matrices.shape[:2]
    counts = draw_subjects(strata, replicates, seed)
    which = np.random.default_rng([seed, 1]).integers(n_seeds, size=replicates)
    pooled = np.empty((replicates, n_classes, n_classes))
    for s in range(n_seeds):
        pooled[which == s] = pool(counts[which == s], matrices[s])
    dropped = int((pooled.sum(-1) == 0).any(-1).sum())
    defined = n_subjects > 1
    intervals = {
        name: percentile_interval(metric(pooled), level) if defined else Interval(np.nan, np.nan)
        for name, metric in METRICS.items()
    }
    return Bootstrap(intervals, replicates, dropped, level)


def subject_confusions(
    truth: npt.ArrayLike,
    predicted: npt.ArrayLike,
    groups: npt.ArrayLike,
    n_classes: int,
    datasets: npt.ArrayLike | None = None,
) -> tuple[IntArray, IntArray]:
    """Confusion matrices (S, G, K, K) of every seed and subject, and each subject's database number (G,).

    Subjects are in sorted order. Without `datasets` all of them are in database 0.
    """
    rows = np.atleast_2d(np.asarray(predicted))
    if rows.ndim != 2 or rows.shape[0] == 0:
        raise InputError("predictions must be (clips,) or (seeds, clips)", found=f"shape {rows.shape}")
    matrices = np.stack([grouped_confusions(truth, row, groups, n_classes)[1] for row in rows])
    g = np.asarray(groups).astype(str)
    names, first = np.unique(g, return_index=True)
    if datasets is None:
        return matrices, np.zeros(names.size, dtype=np.int64)
    homes, index = np.unique(np.asarray(datasets).astype(str), return_inverse=True)
    if index.shape != g.shape:
        raise InputError(
            "the database must be given for every clip", found=f"{index.size} databases for {g.size} clips"
        )
    of_subject = index[first]
    strays = np.flatnonzero(of_subject[np.searchsorted(names, g)] != index)
    if strays.size:
        subject = g[strays[0]]
        raise InputError(
            f"subject '{subject}' is in several databases",
            found=", ".join(homes[np.unique(index[g == subject])]),
            do="name subjects as database/subject",
        )
    return matrices, of_subject.astype(np.int64)


def draw_subjects(strata: IntArray, replicates: int, seed: int) -> FloatArray:
    """How often each subject is drawn in each replicate, (R, G): with replacement, within its stratum."""
    rng = np.random.default_rng([seed, 0])
    counts = np.zeros((replicates, strata.size))
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        counts[:, members] = rng.multinomial(
            members.size, np.full(members.size, 1 / members.size), replicates
        )
    return counts


def pool(weights: FloatArray, matrices: npt.NDArray[np.number]) -> FloatArray:
    """Weighted sums over subjects: (R, G) weights and (G, K, K) matrices give (R, K, K)."""
    n, k = matrices.shape[0], matrices.shape[-1]
    return np.asarray((weights @ matrices.reshape(n, k * k)).reshape(-1, k, k))


def percentile_interval(values: FloatArray, level: float) -> Interval:
    """The central `level` share of the values that are defined; NaN if none is."""
    defined = values[~np.isnan(values)]
    if not defined.size:
        return Interval(np.nan, np.nan)
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))
