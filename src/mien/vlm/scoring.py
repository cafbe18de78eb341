"""Scores of answers, with 95 % intervals from a bootstrap over subjects; INVALID, refused and unanswered are wrong.

Whoever answers (the model, a baseline, a supervised run) is scored by the same functions on the same questions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.metrics import intervals, recognition, sets, texts
from mien.vlm.question import YES_NO, Kind, Question, units_of

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
#: How the value of an answer stands in a file of answers.
AsWritten = Callable[[Question, str], str]

REPLICATES, LEVEL = 2000, 0.95
#: Beside "valid", "invalid" and "refused": no answer came (`failed`).
STATUSES = ("valid", "invalid", "refused", "failed")


@dataclass(frozen=True)
class Given:
    """One answer to one question, as it is scored.

    Attributes:
        value: in the form of `Question.truth`, "" unless valid.
        status: one of STATUSES.
        ranking: all labels in order, if the answer was such a list.
    """

    question: Question
    value: str
    status: str
    ranking: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        return self.status == "valid"


@dataclass(frozen=True)
class Score:
    """A score with its 95 % interval; NaN where it is undefined."""

    value: float
    low: float
    high: float


def scores(given: Sequence[Given], labels: Sequence[str] = ()) -> dict[str, Score]:
    """Every score of the answers to questions of ONE kind whose truth is known; by name.

    Args:
        labels: all labels of the task, for kind "label".
    """
    kind: Kind = given[0].question.kind
    people = _People.of(given)
    if kind == "label":
        found = _label_scores(given, tuple(labels), people)
    elif kind == "yes-no":
        found = _yes_no_scores(given, people)
    elif kind == "units":
        found = _unit_scores(given, people)
    elif kind == "count":
        found = _count_scores(given, people)
    else:
        found = {}
    for status in STATUSES[1:]:
        found[f"{status}_rate"] = people.mean([one.status == status for one in given])
    return found


def wording_scores(given: Sequence[Given], as_written: AsWritten) -> dict[str, Score]:
    """BLEU-4 and ROUGE-1 of answers as they are written into a file, against the truths; means over answers.

    What is no valid answer counts as an empty text.
    """
    people = _People.of(given)
    pairs = [
        (as_written(one.question, one.question.truth or ""), as_written(one.question, one.value))
        for one in given
    ]
    rouge = [texts.rouge1(truth, answer) for truth, answer in pairs]
    return {
        "bleu4": people.mean([texts.bleu(truth, answer) for truth, answer in pairs]),
        "rouge1_recall": people.mean([recall for recall, _ in rouge]),
        "rouge1_f1": people.mean([f1 for _, f1 in rouge]),
    }


class _People:
    """Sums per subject, and the scores of such sums when subjects are drawn anew."""

    def __init__(self, groups: NDArray[np.str_], datasets: NDArray[np.str_]) -> None:
        self.names, self._index = np.unique(groups, return_inverse=True)
        first = np.unique(groups, return_index=True)[1]
        homes = np.unique(datasets, return_inverse=True)[1]
        self._draws = intervals.draw_subjects(homes[first].astype(np.int64), REPLICATES, 0)

    @classmethod
    def of(cls, given: Sequence[Given]) -> _People:
        """The people whom these answers are about."""
        questions = [one.question for one in given]
        return cls(np.array([q.group for q in questions]), np.array([q.dataset for q in questions]))

    def score(self, counts: NDArray[np.generic], statistic: Statistic) -> Score:
        """The statistic of the summed counts (N, ...) of all questions, and its interval.

        Args:
            statistic: from sums (R, ...) to (R,) values.
        """
        each = np.asarray(counts, np.float64)
        sums = np.zeros((len(self.names), *each.shape[1:]))
        np.add.at(sums, self._index, each)
        value = float(statistic(sums.sum(axis=0, keepdims=True))[0])
        if len(self.names) < 2:
            return Score(value, np.nan, np.nan)
        drawn = (self._draws @ sums.reshape(len(sums), -1)).reshape(-1, *each.shape[1:])
        ends = intervals.percentile_interval(statistic(drawn), LEVEL)
        return Score(value, ends.low, ends.high)

    def mean(self, values: Sequence[float] | Sequence[bool]) -> Score:
        """The mean of one value per question; NaN values are left out."""
        each = np.asarray(values, np.float64)
        known = ~np.isnan(each)
        return self.score(np.stack([np.where(known, each, 0), known], axis=1), _ratio)


def _ratio(sums: Floats) -> Floats:
    return np.asarray(np.divide(sums[:, 0], sums[:, 1], out=np.full(len(sums), np.nan), where=sums[:, 1] > 0))


def _confusions(given: Sequence[Given], labels: tuple[str, ...]) -> NDArray[np.int64]:
    """(N, K + 1, K + 1) one count each; what is no label is in the last column, whose row stays empty."""
    k = len(labels)
    index = {label: i for i, label in enumerate(labels)}
    counts = np.zeros((len(given), k + 1, k + 1), np.int64)
    for n, one in enumerate(given):
        counts[n, index[one.question.truth or ""], index.get(one.value, k) if one.valid else k] = 1
    return counts


def _label_scores(given: Sequence[Given], labels: tuple[str, ...], people: _People) -> dict[str, Score]:
    counts, k = _confusions(given, labels), len(labels)

    def of_classes(per_class: Callable[[Floats], Floats], mean: Callable[[Floats], Floats]) -> Score:
        return people.score(counts, lambda sums: mean(per_class(sums)[..., :k]))

    def declared(each: Floats) -> Floats:
        return np.asarray(np.nan_to_num(each).mean(-1))

    def all_defined(each: Floats) -> Floats:
        return np.asarray(each.mean(-1))

    f1, recall = recognition.f1_per_class, recognition.recall_per_class
    found = {
        "accuracy": people.score(counts, recognition.accuracy),
        "uf1": of_classes(f1, all_defined),
        "uar": of_classes(recall, all_defined),
        "weighted_f1": people.score(counts, recognition.weighted_f1),
        "uf1_present": of_classes(f1, _mean_of_present),
        "uar_present": of_classes(recall, _mean_of_present),
        "uf1_declared": of_classes(f1, declared),
    }
    if any(one.ranking for one in given):
        found["top2"] = people.mean([one.valid and one.question.truth in one.ranking[:2] for one in given])
    return found


def _mean_of_present(each: Floats) -> Floats:
    known = ~np.isnan(each)
    n = known.sum(-1)
    total = np.where(known, each, 0).sum(-1)
    return np.asarray(np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0))


def _yes_no_scores(given: Sequence[Given], people: _People) -> dict[str, Score]:
    counts = _confusions(given, YES_NO)
    return {
        "accuracy": people.score(counts, recognition.accuracy),
        "balanced_accuracy": people.score(
            counts, lambda sums: recognition.recall_per_class(sums)[..., :2].mean(-1)
        ),
        "yes_rate": people.mean([one.value == "yes" if one.valid else np.nan for one in given]),
        "true_yes_rate": people.mean([one.question.truth == "yes" for one in given]),
    }


def _unit_scores(given: Sequence[Given], people: _People) -> dict[str, Score]:
    truth = [units_of(one.question.truth or "") for one in given]
    found = [units_of(one.value) if one.valid else frozenset() for one in given]
    elements = sorted(frozenset().union(*truth, *found))
    counts = sets.element_counts(truth, found, elements)

    def each(agreement: Callable[[frozenset[int], frozenset[int]], float]) -> Score:
        # No answer is no empty set: it is wrong even where nothing was coded.
        return people.mean(
            [one.valid and agreement(t, f) for one, t, f in zip(given, truth, found, strict=True)]
        )

    return {
        "micro_f1": people.score(counts, sets.micro_f1),
        "macro_f1": people.score(counts, sets.macro_f1),
        "mean_f1": each(sets.set_f1),
        "jaccard": each(sets.jaccard),
        "exact_match": each(lambda t, f: float(t == f)),
    }


def _count_scores(given: Sequence[Given], people: _People) -> dict[str, Score]:
    """Errors of the counts that were given; how many were not is in the rates."""
    error = np.array(
        [float(one.value) - float(one.question.truth or "nan") if one.valid else np.nan for one in given]
    )
    squared = people.mean((error**2).tolist())
    rmse = Score(*(float(np.sqrt(value)) for value in (squared.value, squared.low, squared.high)))
    exact = people.mean([one.valid and one.value == one.question.truth for one in given])
    return {"mae": people.mean(np.abs(error).tolist()), "rmse": rmse, "exact_match": exact}


def flip_rate(given: Sequence[Given]) -> float:
    """The share of clips whose answer depends on the order of the options; NaN if each was asked in one order only."""
    by_clip: dict[str, dict[int, tuple[str, str]]] = {}
    for one in given:
        of_clip = by_clip.setdefault(f"{one.question.group}/{one.question.clip}", {})
        of_clip[one.question.order] = one.status, one.value
    several = [of_clip.values() for of_clip in by_clip.values() if len(of_clip) > 1]
    return float(np.mean([len(set(answers)) > 1 for answers in several])) if several else float("nan")


def plain(found: Mapping[str, Score]) -> dict[str, dict[str, float]]:
    """The scores as they are written to `metrics.json`."""
    return {name: {"value": s.value, "low": s.low, "high": s.high} for name, s in found.items()}
