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


def test_a_topic_about_two_databases_is_scored_over_all_and_for_each() -> None:
    classes = {"samm": ("anger", "contempt"), "casme3": ("anger", "fear")}
    asked = [
        Question(
            f"{dataset}{n}", f"{dataset}{n}", f"p{n % 3}", dataset, "fine", "label", "?", of, truth=of[n % 2]
        )
        for dataset, of in classes.items()
        for n in range(6)
    ]
    given = [Given(q, "anger" if q.dataset == "casme3" else q.truth or "", "valid") for q in asked]
    found = metrics({"one": given}, {"fine": ("anger", "contempt", "fear")})["topics"]["fine"]
    assert found["scores"]["one"]["accuracy"]["value"] == 0.75
    assert list(found["databases"]) == ["casme3", "samm"]
    for name, accuracy in (("samm", 1), ("casme3", 0.5)):
        part = found["databases"][name]
        assert part["labels"] == list(classes[name]) and part["n_questions"] == 6
        assert part["scores"]["one"]["accuracy"]["value"] == accuracy
        assert list(part["scores"]) == ["one", "majority", "prior", "uniform"]
        alone = [one for one in given if one.question.dataset == name]
        assert str(part) == str(
            metrics({"one": alone}, {"fine": classes[name]})["topics"]["fine"]
        )  # NaN included
    assert "databases" not in metrics({"one": given[:6]}, {})["topics"]["fine"]


def test_a_failure_is_no_invalid_answer() -> None:
    replies = [
        Reply("model", question(0), Answer(failure="500"), INVALID),
        Reply("model", question(1), Answer("?"), INVALID),
        Reply("none", question(2), Answer("a"), Reading("valid", "a", "text")),
    ]
    assert table(replies)["predicted"].tolist() == ["FAILED", "INVALID", "a"]
    assert [reply.given.status for reply in replies] == ["failed", "invalid", "valid"]
