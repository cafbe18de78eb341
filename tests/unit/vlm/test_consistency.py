"""Answers about one clip that contradict each other."""

from __future__ import annotations

import pytest

from mien.vlm.consistency import contradictions
from mien.vlm.question import Question
from mien.vlm.scoring import Given

COARSE = "coarse class follows the fine class"
UNITS = "a unit is judged shown exactly if it is listed"
SUM = "micro and macro events add up to all"
BOUND = "at least as many events as the question itself names"


def one(topic: str, value: str, text: str = "?", clip: str = "c") -> Given:
    return Given(
        Question(topic + clip, clip, "p", "samm", topic, "label", text),
        value,
        "valid" if value else "invalid",
    )


@pytest.mark.parametrize(
    ("fine", "coarse", "broken"),
    [
        ("happiness", "positive", 0),
        ("surprise", "surprise", 0),
        ("anger", "negative", 0),
        ("repression", "negative", 0),
        ("happiness", "negative", 1),
        ("surprise", "negative", 1),
        ("fear", "positive", 1),
    ],
)
def test_coarse_follows_fine(fine: str, coarse: str, broken: int) -> None:
    assert contradictions([one("fine", fine), one("coarse", coarse)]) == {
        COARSE: {"clips": 1, "broken": broken}
    }


def test_what_was_not_answered_contradicts_nothing() -> None:
    assert contradictions([one("fine", ""), one("coarse", "positive")]) == {}


@pytest.mark.parametrize(
    ("said", "unit", "broken"), [("yes", "brow lowerer", 0), ("no", "brow lowerer", 1), ("yes", "dimpler", 1)]
)
def test_judged_units_agree_with_the_list(said: str, unit: str, broken: int) -> None:
    given = [one("units", "4+7"), one("unit-shown", said, f"Is the action unit {unit} shown on the face?")]
    assert contradictions(given)[UNITS]["broken"] == broken


def test_counts_add_up_and_reach_the_ordinal() -> None:
    asked = "What is the expression type of the 4th event?"
    for total, (sums, bound) in {"5": (0, 0), "3": (1, 1), "9": (1, 0)}.items():
        given = [one("count-all", total), one("count-micro", "3"), one("count-macro", "2")]
        found = contradictions([*given, one("event-type", "micro-expression", asked)])
        assert (found[SUM]["broken"], found[BOUND]["broken"]) == (sums, bound)


def test_clips_are_counted_each_for_itself() -> None:
    given = [one(topic, value, clip=clip) for clip, coarse in (("a", "positive"), ("b", "negative"))
             for topic, value in (("fine", "happiness"), ("coarse", coarse))]  # fmt: skip
    assert contradictions(given)[COARSE] == {"clips": 2, "broken": 0.5}
