"""Answers without looking: what a model must beat before it can be said to have seen anything.

Each is made from the truths of OTHER subjects, so that no baseline knows the person it answers about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from random import Random

from mien.vlm.question import Question, seed_of
from mien.vlm.scoring import Given

Guess = Callable[[Question, list[str]], str]


def _majority(question: Question, others: list[str]) -> str:
    """The most frequent answer; of equally frequent ones the first in the alphabet."""
    counts = Counter(others)
    return min(counts, key=lambda answer: (-counts[answer], answer))


def _prior(question: Question, others: list[str]) -> str:
    """The answer of a random question about somebody else: each comes as often as it is true."""
    return Random(seed_of(question.id, "prior")).choice(sorted(others))


def _uniform(question: Question, others: list[str]) -> str:
    """Any of the labels."""
    return Random(seed_of(question.id, "uniform")).choice(question.labels)


BASELINES: Mapping[str, Guess] = {"majority": _majority, "prior": _prior, "uniform": _uniform}


def answers(name: str, questions: Sequence[Question]) -> list[Given]:
    """The answers of a baseline to questions of one topic whose truth is known.

    A question that no other subject has a truth for (there is one subject only) stays unanswered; so does every one
    that is not about labels for "uniform": then the list is empty.
    """
    if name == "uniform" and questions[0].kind not in ("label", "yes-no"):
        return []
    truths: dict[str, list[str]] = {}
    for question in questions:
        truths.setdefault(question.group, []).append(question.truth or "")
    everyone = [truth for of_one in truths.values() for truth in of_one]
    if len(truths) < 2 and name != "uniform":
        return []
    others = {group: _without(everyone, of_one) for group, of_one in truths.items()}
    return [Given(q, BASELINES[name](q, others[q.group]), "valid") for q in questions]


def _without(everyone: Sequence[str], of_one: Sequence[str]) -> list[str]:
    return list((Counter(everyone) - Counter(of_one)).elements())
