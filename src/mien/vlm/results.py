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

    Args:
        rows: answers by title, each to all questions.
        as_written: how an answer stands in a file of answers, where wording is scored too.
    """
    first = next(iter(rows.values()))
    topics = list(dict.fromkeys(one.question.topic for one in first))
    tables: dict[str, Any] = {}
    for topic in topics:
        of_topic = {
            title: [one for one in given if one.question.topic == topic and one.question.truth is not None]
            for title, given in rows.items()
        }
        questions = [one.question for one in next(iter(of_topic.values()))]
        if not questions:
            continue
        of_topic |= {name: baselines.answers(name, questions) for name in baselines.BASELINES}
        kind = questions[0].kind
        tables[topic] = {
            "kind": kind,
            "labels": list(labels.get(topic, questions[0].labels if kind == "label" else ())),
            "n_questions": len(questions),
            "n_clips": len({(q.group, q.clip) for q in questions}),
            "n_subjects": len({q.group for q in questions}),
            "flip_rate": scoring.flip_rate(next(iter(of_topic.values()))),
            "scores": {},
        }
        for title, given in of_topic.items():
            if given:
                found = scoring.scores(given, tables[topic]["labels"])
                found |= scoring.wording_scores(given, as_written) if as_written else {}
                tables[topic]["scores"][title] = scoring.plain(found)
    return {"topics": tables}


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
