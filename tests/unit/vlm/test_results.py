"""Scores of several who answer the same questions, topic by topic."""

from __future__ import annotations

from mien.vlm.asking import Answer
from mien.vlm.parsing import INVALID, Reading
from mien.vlm.question import Question
from mien.vlm.results import Reply, metrics, table
from mien.vlm.scoring import Given

LABELS = ("a", "b")


def question(n: int, topic: str = "t", truth: str | None = "a") -> Question:
    return Question(f"{topic}{n}", f"clip{n}", f"p{n % 3}", "samm", topic, "label", "?", LABELS, truth=truth)


def test_everybody_is_scored_on_the_questions_whose_truth_is_known() -> None:
    asked = [question(n, truth=LABELS[n % 2] if n < 6 else None) for n in range(9)]
    rows = {
        "right": [Given(q, q.truth or "a", "valid") for q in asked],
        "always a": [Given(q, "a", "valid") for q in asked],
    }
    found = metrics(rows, {"t": LABELS})["topics"]["t"]
    assert (found["n_questions"], found["n_subjects"]) == (6, 3)
    accuracies = {title: scores["accuracy"]["value"] for title, scores in found["scores"].items()}
    assert (accuracies["right"], accuracies["always a"]) == (1, 0.5)
    assert list(accuracies) == ["right", "always a", "majority", "prior", "uniform"]


def test_topics_are_kept_apart_and_one_without_truths_has_no_table() -> None:
    asked = [question(n, topic) for n in range(3) for topic in ("t", "u")] + [question(9, "v", None)]
    found = metrics({"one": [Given(q, "a" if q.topic == "t" else "b", "valid") for q in asked]}, {})["topics"]
    assert {topic: of["scores"]["one"]["accuracy"]["value"] for topic, of in found.items()} == {
        "t": 1,
        "u": 0,
    }


def test_a_failure_is_no_invalid_answer() -> None:
    replies = [
        Reply("model", question(0), Answer(failure="500"), INVALID),
        Reply("model", question(1), Answer("?"), INVALID),
        Reply("none", question(2), Answer("a"), Reading("valid", "a", "text")),
    ]
    assert table(replies)["predicted"].tolist() == ["FAILED", "INVALID", "a"]
    assert [reply.given.status for reply in replies] == ["failed", "invalid", "valid"]
