"""How well people are told apart: rank-k identification, and verification of pairs (ROC AUC, equal error rate)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien.errors import InputError
from mien.metrics.intervals import Interval, draw_subjects, percentile_interval
from mien.metrics.recognition import FloatArray, IntArray, class_indices


@dataclass(frozen=True)
class Verification:
    """Of pairs of clips: area under the ROC curve (0.5 = chance), equal error rate (0.5 = chance), their counts."""

    auc: float
    eer: float
    genuine: int
    impostor: int


def ranks(scores: npt.ArrayLike, truth: npt.ArrayLike) -> IntArray:
    """The place (N,) of the true person among all, 1 = best; people with an equal score stand before the true one.

    Args:
        scores: (N, K), higher = more alike.
        truth: (N,) numbers 0..K-1.

    Raises:
        InputError: the shapes differ, a score is NaN, or a number is out of range.
    """
    s = np.asarray(scores, dtype=np.float64)
    if s.ndim != 2 or np.isnan(s).any():
        raise InputError("scores must be (clips, people), none NaN", found=f"shape {s.shape}")
    t = class_indices(truth, s.shape[1], "truth")
    if t.size != s.shape[0]:
        raise InputError(
            "there must be a true person per row of scores", found=f"{t.size} for {s.shape[0]} rows"
        )
    own = s[np.arange(t.size), t]
    return np.asarray((s >= own[:, None]).sum(axis=1), dtype=np.int64)


def rank_k(places: npt.ArrayLike, k: int) -> float:
    """The share of clips whose true person is among the first k (1 = plain accuracy); NaN without clips."""
    p = np.asarray(places)
    return float((p <= k).mean()) if p.size else float("nan")


def rank_k_interval(
    places: npt.ArrayLike, groups: npt.ArrayLike, k: int, *, replicates: int = 2000, seed: int = 0
) -> Interval:
    """A 95 % interval of `rank_k` by a bootstrap over subjects; NaN with a single subject.

    The people who were enrolled stay as they are: it says how far other tested people of the same kind would move it.
    """
    hit = np.asarray(places) <= k
    names, of_clip = np.unique(np.asarray(groups).astype(str), return_inverse=True)
    if of_clip.size != hit.size:
        raise InputError("a subject is needed for every clip", found=f"{of_clip.size} for {hit.size} clips")
    if names.size < 2:
        return Interval(np.nan, np.nan)
    hits = np.bincount(of_clip, weights=hit)
    drawn = draw_subjects(np.zeros(names.size, dtype=np.int64), replicates, seed)
    return percentile_interval(drawn @ hits / (drawn @ np.bincount(of_clip)), 0.95)


def verification(
    similarity: npt.ArrayLike, same: npt.ArrayLike, weight: npt.ArrayLike | None = None
) -> Verification:
    """AUC and equal error rate of pairs (P,): the more similar, the more likely one person.

    The equal error rate is where the ROC curve, drawn straight between its points, has as many false
    acceptances as false rejections.

    Args:
        similarity: (P,) of each pair.
        same: (P,) whether both clips show one person.
        weight: (P,) how often each pair counts; by default once.

    Raises:
        InputError: the lengths differ, or there are no pairs of one of the two kinds.
    """
    from sklearn.metrics import auc, roc_curve

    s, truth = np.asarray(similarity, dtype=np.float64), np.asarray(same, dtype=bool)
    w = np.ones(s.shape) if weight is None else np.asarray(weight, dtype=np.float64)
    if s.shape != truth.shape or s.ndim != 1 or w.shape != s.shape:
        raise InputError("every pair needs a similarity and a truth", found=f"{s.shape} and {truth.shape}")
    genuine, impostor = int((truth & (w > 0)).sum()), int((~truth & (w > 0)).sum())
    if not genuine or not impostor:
        raise InputError(
            "verification needs pairs of one person and pairs of two",
            found=f"{genuine} of one, {impostor} of two",
        )
    accepted_wrongly, accepted_rightly, _ = roc_curve(truth, s, sample_weight=w, drop_intermediate=False)
    return Verification(
        float(auc(accepted_wrongly, accepted_rightly)),
        _crossing(accepted_wrongly, 1 - accepted_rightly),
        genuine,
        impostor,
    )


def verification_intervals(
    similarity: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    replicates: int = 200,
    seed: int = 0,
) -> tuple[Interval, Interval]:
    """95 % intervals of AUC and equal error rate by a bootstrap over people; NaN with fewer than three.

    Args:
        similarity: (P,) of each pair.
        first: (P,) the person of one clip.
        second: (P,) the person of the other: a pair of two people counts as often as both were drawn together.
    """
    a, b = np.asarray(first).astype(str), np.asarray(second).astype(str)
    names, at = np.unique(np.concatenate([a, b]), return_inverse=True)
    if names.size < 3:
        return Interval(np.nan, np.nan), Interval(np.nan, np.nan)
    one, other = at[: a.size], at[a.size :]
    same = one == other
    found = []
    for drawn in draw_subjects(np.zeros(names.size, dtype=np.int64), replicates, seed):
        weight = np.where(same, drawn[one], drawn[one] * drawn[other])
        if weight[same].any() and weight[~same].any():
            replicate = verification(similarity, same, weight)
            found.append((replicate.auc, replicate.eer))
    values: FloatArray = np.array(found, dtype=np.float64).reshape(-1, 2)
    return percentile_interval(values[:, 0], 0.95), percentile_interval(values[:, 1], 0.95)


def _crossing(accepted_wrongly: FloatArray, rejected_wrongly: FloatArray) -> float:
    """Where the rising false acceptances meet the falling false rejections, between the points of the curve."""
    gap = accepted_wrongly - rejected_wrongly
    at = int(np.argmax(gap >= 0))
    if gap[at] == 0 or at == 0:
        return float(accepted_wrongly[at])
    share = -gap[at - 1] / (gap[at] - gap[at - 1])
    return float(accepted_wrongly[at - 1] + share * (accepted_wrongly[at] - accepted_wrongly[at - 1]))
