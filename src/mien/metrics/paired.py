"""Two runs on the same clips: which is better, by how much, and could chance explain it.

Both questions treat the subject as the unit. The scores are pooled per seed and then averaged over seeds.

Interval: a paired bootstrap. A replicate draws subjects (the same for both runs, within each database) and,
for each run, as many of its seeds as it has, all with replacement.

p-value: a permutation test. If the runs were alike, their predictions for a subject could change hands. A
permutation swaps them for random subjects, pools and scores again; p is the share of
permutations whose difference is at least as large as the one seen, in either direction. With few subjects
all swaps are tried. It holds the seeds as they are, so it speaks about these trained runs; the interval
also covers other seeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from mien.metrics.intervals import draw_subjects, percentile_interval, pool, subject_confusions
from mien.metrics.pairing import Predictions, check_same, class_names, read
from mien.metrics.recognition import METRICS, FloatArray, IntArray

COMPARED = ("accuracy", "uf1", "uar")
ROUNDING = 1e-12  # differences this close are ties


@dataclass(frozen=True)
class Difference:
    """Mean score of both runs over their seeds, a - b, its interval and p-value; NaN where undefined."""

    a: float
    b: float
    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Comparison:
    """What `compare` found.

    `both`, `only_a`, `only_b` and `neither` count the clips that the runs get right; with several seeds a
    run gets a clip right if more than half of its seeds do.
    """

    differences: Mapping[str, Difference]
    n_clips: int
    n_subjects: int
    seeds_a: tuple[int, ...]
    seeds_b: tuple[int, ...]
    both: int
    only_a: int
    only_b: int
    neither: int
    permutations: int
    exact: bool
    replicates: int
    dropped: int


def compare(
    a: pd.DataFrame,
    b: pd.DataFrame,
    *,
    classes: Sequence[str] | None = None,
    permutations: int = 10_000,
    replicates: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Comparison:
    """The differences in accuracy, UF1 and UAR of two prediction tables, with intervals and p-values.

    Args:
        a, b: tables with the columns key, group (subject, unique across databases), dataset, seed, truth and
            predicted; one row per clip and seed. The runs may have different numbers of seeds.
        classes: the classes of the task; by default all that occur. A class without clips makes UF1 and UAR
            NaN.
        permutations: random swaps; all swaps are tried instead if there are no more than this.
        replicates: bootstrap draws.
        seed: of the draws.
        level: coverage of the intervals.

    Raises:
        InputError: a table is broken, or the two differ in clips, truths, subjects or databases; the first
            differences are named.
    """
    run_a, run_b = read(a, "first"), read(b, "second")
    check_same(run_a, run_b)
    names = class_names(classes, run_a, run_b)
    c_a, strata = _confusions(run_a, names)
    c_b, _ = _confusions(run_b, names)
    means_a, means_b = _mean_scores(c_a.sum(1)), _mean_scores(c_b.sum(1))
    flips, exact = _flips(strata.size, permutations, seed)
    p_values = _p_values(c_a, c_b, flips, exact)
    drawn, dropped = _bootstrap(c_a, c_b, strata, replicates, seed)
    differences = {}
    for name in COMPARED:
        gap = means_a[name] - means_b[name]
        interval = percentile_interval(drawn[name], level)
        differences[name] = Difference(
            means_a[name], means_b[name], gap, interval.low, interval.high, p_values[name]
        )
    right_a, right_b = _mostly_right(run_a), _mostly_right(run_b)
    return Comparison(
        differences=MappingProxyType(differences),
        n_clips=run_a.keys.size,
        n_subjects=strata.size,
        seeds_a=run_a.seeds,
        seeds_b=run_b.seeds,
        both=int((right_a & right_b).sum()),
        only_a=int((right_a & ~right_b).sum()),
        only_b=int((~right_a & right_b).sum()),
        neither=int((~right_a & ~right_b).sum()),
        permutations=len(flips),
        exact=exact,
        replicates=replicates,
        dropped=dropped,
    )


def _confusions(run: Predictions, names: npt.NDArray[np.str_]) -> tuple[IntArray, IntArray]:
    truth, predicted = np.searchsorted(names, run.truth), np.searchsorted(names, run.predicted)
    return subject_confusions(truth, predicted, run.groups, names.size, run.datasets)


def _mean_scores(matrices: npt.NDArray[np.number]) -> dict[str, float]:
    """Mean over seeds of the scores of (S, K, K) matrices."""
    return {name: float(METRICS[name](matrices).mean()) for name in COMPARED}


def _mostly_right(run: Predictions) -> npt.NDArray[np.bool_]:
    return np.asarray((run.predicted == run.truth).mean(0) > 0.5)


def _flips(n_subjects: int, permutations: int, seed: int) -> tuple[FloatArray, bool]:
    """(P, G) zeros and ones, 1 = swapped; all patterns if there are few enough, and whether they are all."""
    if n_subjects < 63 and 2**n_subjects <= permutations:
        return np.array(list(product((0.0, 1.0), repeat=n_subjects))), True
    return np.random.default_rng([seed, 2]).integers(0, 2, (permutations, n_subjects)).astype(float), False


def _p_values(c_a: IntArray, c_b: IntArray, flips: FloatArray, exact: bool) -> dict[str, float]:
    """Two-sided p of the mean difference by score.

    Seeds change hands in pairs, in ascending order, or each with each if the runs have unequally many.
    """
    n_a, n_b = len(c_a), len(c_b)
    pairs = [(i, i) for i in range(n_a)] if n_a == n_b else list(product(range(n_a), range(n_b)))
    gaps = {name: np.zeros(len(flips)) for name in COMPARED}
    for i, j in pairs:
        change = pool(flips, c_b[j] - c_a[i])
        left, right = c_a[i].sum(0) + change, c_b[j].sum(0) - change
        for name in COMPARED:
            gaps[name] += (METRICS[name](left) - METRICS[name](right)) / len(pairs)
    means_a, means_b = _mean_scores(c_a.sum(1)), _mean_scores(c_b.sum(1))
    result = {}
    for name in COMPARED:
        seen = abs(means_a[name] - means_b[name])
        reached = int((np.abs(gaps[name]) >= seen - ROUNDING).sum())
        share = reached / len(flips) if exact else (reached + 1) / (len(flips) + 1)
        result[name] = float("nan") if np.isnan(seen) else share
    return result


def _bootstrap(
    c_a: IntArray, c_b: IntArray, strata: IntArray, replicates: int, seed: int
) -> tuple[dict[str, FloatArray], int]:
    """Differences of all replicates by score, and how many replicates lacked a class."""
    counts = draw_subjects(strata, replicates, seed)
    rng = np.random.default_rng([seed, 3])
    total = {name: np.full(replicates, 0.0 if strata.size > 1 else np.nan) for name in COMPARED}
    for sign, matrices in ((1, c_a), (-1, c_b)):
        n_seeds = len(matrices)
        weights = rng.multinomial(n_seeds, np.full(n_seeds, 1 / n_seeds), replicates) / n_seeds
        for s in range(n_seeds):
            pooled = pool(counts, matrices[s])
            for name in COMPARED:
                total[name] += sign * weights[:, s] * METRICS[name](pooled)
    support = counts @ c_a[0].sum(-1)
    return total, int((support == 0).any(-1).sum())
