"""Answers without looking: from other people's truths only."""

from __future__ import annotations

from mien.vlm.baselines import answers
from mien.vlm.question import Question

LABELS = ("a", "b", "c")


def asked(truths: dict[str, str], kind: str = "label") -> list[Question]:
    return [
        Question(f"{person}{n}", f"{person}{n}", person, "samm", "t", kind, "?", LABELS, truth=truth)
        for person, of_one in truths.items()
        for n, truth in enumerate(of_one)
    ]


def test_the_majority_is_that_of_the_others() -> None:
    given = answers("majority", asked({"p": "aaaa", "q": "bb", "r": "bc"}))
    assert [one.value for one in given] == ["b"] * 4 + ["a"] * 4  # p itself would have made it "a"


def test_one_persons_own_answers_never_reach_the_baselines() -> None:
    others = {"q": "bbcb", "r": "ccbb"}
    for name in ("majority", "prior"):
        first = answers(name, asked({"p": "aaaaaa", **others}))[:6]
        second = answers(name, asked({"p": "bcbcbc", **others}))[:6]
        assert [one.value for one in first] == [one.value for one in second], name


def test_prior_answers_come_as_often_as_they_are_true() -> None:
    given = answers("prior", asked({f"p{n}": "aaab" for n in range(250)}))
    assert abs(sum(one.value == "a" for one in given) / len(given) - 0.75) < 0.05


def test_uniform_takes_every_label_alike_and_only_labels() -> None:
    given = answers("uniform", asked({f"p{n}": "aaab" for n in range(250)}))
    assert all(abs(sum(one.value == label for one in given) / 1000 - 1 / 3) < 0.05 for label in LABELS)
    assert answers("uniform", asked({"p": "4", "q": "7"}, kind="units")) == []


def test_one_person_alone_has_no_others() -> None:
    assert answers("majority", asked({"p": "aab"})) == []


def test_they_repeat_exactly() -> None:
    for name in ("prior", "uniform"):
        assert answers(name, asked({"p": "abc", "q": "abcabc"})) == answers(
            name, asked({"p": "abc", "q": "abcabc"})
        )
