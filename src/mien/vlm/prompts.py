"""The questions about the clips of a prepared set: Action Units, expressions, micro-expressions, in four forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from mien.clips import tasks
from mien.clips.table import ClipTable
from mien.errors import InputError, UsageError
from mien.facs.catalogue import CATALOGUE
from mien.vlm.question import NONE, Form, Question, seed_of, units_text

Topic = Literal["action-units", "expression", "micro-expression"]

SYSTEM = (
    "You code facial movement with the Facial Action Coding System. You look at muscles only: who the person is does "
    "not matter, and you never identify anyone or guess identity, age, sex or origin. Changes may be very small. You "
    "always answer in the form that is asked for; if you are unsure, give the likeliest answer."
)
#: Task name for the labels of the clip table as they stand.
EMOTIONS = "emotions"

_WHAT: Mapping[str, str] = {
    "expression": "The face makes an expression.",
    "micro-expression": "The face makes a micro-expression: slight, and over within half a second.",
    "action-units": "Parts of the face move, perhaps very slightly.",
}


@dataclass(frozen=True)
class Asked:
    """The questions about a set, the labels in order, and the clips that are not asked about, with reasons."""

    questions: list[Question]
    labels: tuple[str, ...]
    excluded: list[tuple[str, str]]


def ask_about(
    table: ClipTable, topic: Topic, task: str | None, form: Form, *, orders: int = 1, clips: int = 0
) -> Asked:
    """Every question about the clips of a table, clip by clip.

    Args:
        task: a label set of `mien.clips.tasks`, or EMOTIONS; None for Action Units.
        orders: how many orders of the options each question is asked in.
        clips: ask about so many clips only, drawn by their keys; 0 for all.

    Raises:
        UsageError: form, topic, task and orders do not go together.
        InputError: no clip can be asked about, or all have one label.
    """
    if orders > 1 and form not in ("choice", "rank"):
        raise UsageError("only forms with a list of options have orders", found=f"{form}, {orders} orders")
    if (topic == "action-units") == (task is not None):
        raise UsageError("expressions need --task, Action Units take none", found=f"{topic}, task {task}")
    if topic == "action-units" and form == "rank":
        raise UsageError("Action Units cannot be ranked", do="use --form open, choice or judge")
    truths, labels, words, excluded = _coded(table) if task is None else _labelled(table, task)
    if task is not None and len(labels) == 1:
        raise InputError(
            "the clips all have one label: there is nothing to choose between",
            found=labels[0],
            do="use a task with more classes, or a set with other clips",
        )
    kept = sorted(truths, key=lambda at: seed_of(table.keys[at]))[: clips or None]
    rows = table.rows()
    questions = []
    for at in sorted(kept):
        row = rows[at]
        clip = _Clip(str(row["key"]), str(row["subject"]), str(row["dataset"]), topic, words)
        questions += clip.units(truths[at], labels, form, orders) if task is None else clip.label(
            truths[at], labels, form, orders
        )  # fmt: skip
    if not questions:
        raise InputError(
            "no clip of the set can be asked about", found=excluded[0][1] if excluded else "no clips"
        )
    return Asked(questions, labels, excluded)


def _coded(table: ClipTable) -> tuple[dict[int, str], tuple[str, ...], tuple[()], list[tuple[str, str]]]:
    """The certain Action Units of every coded clip, and those that occur, as labels."""
    truths, excluded = {}, []
    for at, (key, annotation) in enumerate(zip(table.keys.tolist(), table.annotations, strict=True)):
        if not annotation.coded or annotation.vague:
            excluded.append((key, "no Action Units are coded" if not annotation.coded else "none is certain"))
        else:
            truths[at] = units_text(annotation.numbers)
    codes = {int(code) for truth in truths.values() if truth != NONE for code in truth.split("+")}
    return truths, tuple(map(str, sorted(codes))), (), excluded


def _labelled(
    table: ClipTable, name: str
) -> tuple[dict[int, str], tuple[str, ...], tuple[tuple[str, str], ...], list[tuple[str, str]]]:
    if name == EMOTIONS:
        emotions = table.frame["emotion"].tolist()
        truths = {at: emotion for at, emotion in enumerate(emotions) if emotion}
        excluded = [
            (key, "no emotion is given")
            for key, e in zip(table.keys.tolist(), emotions, strict=True)
            if not e
        ]
        return truths, tuple(sorted(set(truths.values()))), (), excluded
    task = tasks.get(name)
    assignment = task.assign(table)
    truths = {int(at): task.classes[assignment.labels[at]] for at in assignment.kept}
    # an emotion that belongs to one class in every database stands for that class in a free answer
    homes: dict[str, set[str]] = {}
    for mapping in task.classes_of.values():
        for value, label in mapping.items():
            homes.setdefault(value, set()).add(label)
    words = tuple((value, label) for value, labels in homes.items() for label in labels if len(labels) == 1)
    left_out = assignment.excluded
    return truths, task.classes, words, list(zip(left_out["key"], left_out["reason"], strict=True))


@dataclass(frozen=True)
class _Clip:
    """Makes the questions about one clip."""

    key: str
    subject: str
    dataset: str
    topic: Topic
    words: tuple[tuple[str, str], ...]

    def label(self, truth: str, labels: tuple[str, ...], form: Form, orders: int) -> list[Question]:
        if form == "judge":
            rng = Random(seed_of(self.key, "judge"))
            other = rng.choice([label for label in labels if label != truth])
            return [self._judge(f"Is it {name}?", name, name == truth) for name in (truth, other)]
        if form == "open":
            ask = (
                "Describe in at most three sentences what moves, then name the emotion that it shows. End with a line "
                "'Answer: ' and one word."
            )
            return [self._question("open", "label", ask, labels, truth)]
        made = []
        for order in range(orders):
            shown = ", ".join(shuffled(labels, self.key, order))
            if form == "choice":
                ask = f"Which of these is it: {shown}? " + json_asked('"<one of them>"')
            else:
                ask = f"Rank all of these from the likeliest to the least likely: {shown}. " + json_asked(
                    '["<likeliest>", ..., "<least likely>"]'
                )
            made.append(self._question(f"{form}-{order}", "label", ask, labels, truth, order))
        return made

    def units(self, truth: str, labels: tuple[str, ...], form: Form, orders: int) -> list[Question]:
        if form == "judge":
            return self._unit_judges(truth, labels)
        if form == "open":
            ask = (
                "Describe in at most three sentences what moves, then name every Action Unit that is active. End with "
                "a line 'Answer: ' and their numbers, such as '1, 2', or 'none'."
            )
            return [self._question("open", "units", ask, labels, truth)]
        made = []
        for order in range(orders):
            shown = "; ".join(unit_words(label) for label in shuffled(labels, self.key, order))
            ask = f"Which of these Action Units are active: {shown}? " + json_asked("[<numbers>]")
            made.append(self._question(f"choice-{order}", "units", ask, labels, truth, order))
        return made

    def _unit_judges(self, truth: str, labels: tuple[str, ...]) -> list[Question]:
        """One unit that is there and one that is not, where there are both."""
        rng = Random(seed_of(self.key, "judge"))
        there = [] if truth == NONE else truth.split("+")
        absent = [label for label in labels if label not in there]
        proposed = [(rng.choice(pool), right) for pool, right in ((there, True), (absent, False)) if pool]
        return [self._judge(f"Is {unit_words(code)} active?", f"AU{code}", right) for code, right in proposed]

    def _judge(self, ask: str, name: str, right: bool) -> Question:
        words = f"{ask} " + json_asked('"yes" or "no"')
        return self._question(f"judge-{name}", "yes-no", words, ("yes", "no"), "yes" if right else "no")

    def _question(
        self, mark: str, kind: Literal["label", "units", "yes-no"], ask: str, labels: Sequence[str], truth: str,
        order: int = 0,
    ) -> Question:  # fmt: skip
        return Question(
            id=f"{self.dataset}/{self.key}/{mark}",
            clip=self.key,
            subject=self.subject,
            dataset=self.dataset,
            topic=self.topic,
            kind=kind,
            text=f"{_WHAT[self.topic]} {ask}",
            labels=tuple(labels),
            words=self.words if kind == "label" else (),
            truth=truth,
            order=order,
        )


def shuffled(labels: Sequence[str], key: str, order: int) -> list[str]:
    """The labels in the order that this clip gets them in, the same whenever it is asked about."""
    mixed = list(labels)
    Random(seed_of(key, "order", order)).shuffle(mixed)
    return mixed


def json_asked(value: str) -> str:
    """The request for an answer in JSON, of this form."""
    return f'Answer with JSON alone: {{"answer": {value}}}'


def unit_words(code: str) -> str:
    """An Action Unit by number and name: "AU4 (brow lowerer)"."""
    return f"AU{code} ({CATALOGUE[int(code)].name.lower()})"
