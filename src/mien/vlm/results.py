"""What came back, and what is made of it: scores of every topic, and the rows of the files of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from mien.vlm import baselines, parsing, scoring
from mien.vlm.asking import Answer
from mien.vlm.question import Question
from mien.vlm.scoring import Given

#: Who answers: the model with the clip; without any picture; with the clip of somebody else.
Asked = Literal["model", "none", "shuffled"]
TITLES: Mapping[str, str] = {
    "model": "the model",
    "none": "the model without pictures",
    "shuffled": "the model, shown another person's clip",
}


@dataclass(frozen=True)
class Reply:
    who: Asked
    question: Question
    answer: Answer
    reading: parsing.Reading

    @property
    def given(self) -> Given:
        status = "failed" if self.answer.failure else self.reading.status
        return Given(self.question, self.reading.value, status, self.reading.ranking)


def metrics(
    rows: Mapping[str, Sequence[Given]],
    labels: Mapping[str, Sequence[str]],
    as_written: scoring.AsWritten | None = None,
) -> dict[str, Any]:
    """Scores of every topic: those who answered, by title, then the baselines; all on the same questions.

    A topic with questions about several databases holds the same of each of them, under "databases".

    Args:
        rows: answers by title, each to all questions.
        as_written: how an answer stands in a file of answers, where wording is scored too.
    """
    first = next(iter(rows.values()))
    tables: dict[str, Any] = {}
    for topic in dict.fromkeys(one.question.topic for one in first):
        of_topic = {
            title: [one for one in given if one.question.topic == topic and one.question.truth is not None]
            for title, given in rows.items()
        }
        questions = [one.question for one in next(iter(of_topic.values()))]
        if not questions:
            continue
        asked_for = labels.get(topic, questions[0].labels if questions[0].kind == "label" else ())
        tables[topic] = _scored(of_topic, asked_for, as_written)
        databases = sorted({question.dataset for question in questions})
        if len(databases) > 1:
            tables[topic]["databases"] = {
                name: _scored(
                    {
                        title: [one for one in given if one.question.dataset == name]
                        for title, given in of_topic.items()
                    },
                    # The classes of its own clips: those of another database cannot be answers here.
                    [
                        each
                        for each in asked_for
                        if any(each in q.labels for q in questions if q.dataset == name)
                    ],
                    as_written,
                )
                for name in databases
            }
    return {"topics": tables}


def _scored(
    of_topic: Mapping[str, Sequence[Given]], labels: Sequence[str], as_written: scoring.AsWritten | None
) -> dict[str, Any]:
    """The scores of answers to questions of one topic, all with a known truth; at least one title has answers."""
    questions = [one.question for one in next(iter(of_topic.values()))]
    found: dict[str, Any] = {
        "kind": questions[0].kind,
        "labels": list(labels),
        "n_questions": len(questions),
        "n_clips": len({(q.group, q.clip) for q in questions}),
        "n_subjects": len({q.group for q in questions}),
        "flip_rate": scoring.flip_rate(next(iter(of_topic.values()))),
        "scores": {},
    }
    without_looking = {name: baselines.answers(name, questions) for name in baselines.BASELINES}
    for title, given in {**of_topic, **without_looking}.items():
        if given:
            scores = scoring.scores(given, found["labels"])
            scores |= scoring.wording_scores(given, as_written) if as_written else {}
            found["scores"][title] = scoring.plain(scores)
    return found


def table(replies: Sequence[Reply]) -> pd.DataFrame:
    """`predictions.csv`: one row per question and who was asked; INVALID, REFUSED and FAILED stand for no answer."""
    rows = []
    for reply in replies:
        question, given = reply.question, reply.given
        rows.append(
            {
                "asked": reply.who,
                "id": question.id,
                "key": question.clip,
                "dataset": question.dataset,
                "subject": question.subject,
                "topic": question.topic,
                "seed": question.order,
                "truth": question.truth,
                "predicted": given.value if given.valid else given.status.upper(),
                "status": given.status,
                "read_from": reply.reading.how,
                "ranking": " > ".join(given.ranking),
                "finish": reply.answer.finish,
            }
        )
    return pd.DataFrame(rows)


def line(reply: Reply) -> dict[str, Any]:
    """A line of `answers.jsonl`: what was asked, and word for word what came back."""
    return {
        "asked": reply.who,
        "id": reply.question.id,
        "question": reply.question.text,
        "answer": reply.answer.text,
        "finish": reply.answer.finish,
        "refusal": reply.answer.refusal,
        "model": reply.answer.model,
        "failure": reply.answer.failure,
    }
