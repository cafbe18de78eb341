"""The questions about a set: forms, labels, orders, and what is left out."""

from __future__ import annotations

import re

import pytest

from mien.clips.table import ClipTable
from mien.errors import InputError, UsageError
from mien.vlm.parsing import read
from mien.vlm.prompts import EMOTIONS, SYSTEM, ask_about, shuffled

ROWS = [
    ("samm", "006", "a", "anger", "4+7"),
    ("samm", "006", "b", "other", "L12 or L14"),
    ("samm", "007", "c", "happiness", "6+12"),
    ("casme2", "sub01", "d", "surprise", "1+2"),
    ("casme2", "sub02", "e", "others", None),
    ("casme2", "sub02", "f", "disgust", "?"),
]
TABLE = ClipTable.from_rows(
    {"dataset": d, "subject": s, "clip": c, "key": f"{s}_{c}", "fps": 200.0, "emotion": e, "au": au}
    for d, s, c, e, au in ROWS
)


def test_labels_follow_the_task_and_left_out_clips_are_told() -> None:
    asked = ask_about(TABLE, "micro-expression", "megc-3", "choice")
    assert asked.labels == ("negative", "positive", "surprise")
    assert {q.clip: q.truth for q in asked.questions} == {
        "006_a": "negative", "007_c": "positive", "sub01_d": "surprise", "sub02_f": "negative",
    }  # fmt: skip
    assert dict(asked.excluded).keys() == {"006_b", "sub02_e"}


def test_emotions_are_taken_as_they_stand() -> None:
    asked = ask_about(TABLE, "expression", EMOTIONS, "choice")
    assert asked.labels == ("anger", "disgust", "happiness", "other", "others", "surprise")
    assert len(asked.questions) == 6


def test_an_open_question_names_no_label_and_an_emotion_answers_for_its_class() -> None:
    asked = ask_about(TABLE, "micro-expression", "megc-3", "open")
    first = asked.questions[0]
    assert not any(label in first.text for label in (*asked.labels, "anger"))
    assert read("... Answer: contempt", first.kind, first.labels, words=first.words).value == "negative"
    assert read("Answer: happiness", first.kind, first.labels, words=first.words).value == "positive"


@pytest.mark.parametrize("form", ["choice", "rank"])
def test_options_are_all_there_in_an_order_of_the_clip(form: str) -> None:
    asked = ask_about(TABLE, "micro-expression", "megc-3", form, orders=6)
    assert len({q.id for q in asked.questions}) == len(asked.questions) == 24
    shown = [re.findall("negative|positive|surprise", q.text.split(": ", 1)[-1]) for q in asked.questions]
    assert all(sorted(one) == sorted(asked.labels) for one in shown)
    assert len({tuple(one) for one in shown}) > 3
    assert asked.questions == ask_about(TABLE, "micro-expression", "megc-3", form, orders=6).questions


def test_orders_are_fair() -> None:
    first = [shuffled(("a", "b", "c"), f"clip{n}", 0)[0] for n in range(900)]
    assert all(abs(first.count(label) - 300) < 60 for label in "abc")


def test_judging_is_balanced_between_the_true_label_and_another() -> None:
    asked = ask_about(TABLE, "micro-expression", "megc-3", "judge")
    assert [q.truth for q in asked.questions].count("yes") == len(asked.questions) / 2 == 4
    for yes, no in zip(asked.questions[::2], asked.questions[1::2], strict=True):
        assert (yes.truth, no.truth, yes.clip) == ("yes", "no", no.clip)
        assert yes.text != no.text


def test_action_units_are_the_certain_ones() -> None:
    asked = ask_about(TABLE, "action-units", None, "choice")
    assert {q.clip: q.truth for q in asked.questions} == {
        "006_a": "4+7", "007_c": "6+12", "sub01_d": "1+2", "sub02_f": "none",
    }  # fmt: skip
    assert dict(asked.excluded) == {"006_b": "none is certain", "sub02_e": "no Action Units are coded"}
    assert "AU4 (brow lowerer)" in asked.questions[0].text


def test_judged_units_are_there_or_not() -> None:
    for question in ask_about(TABLE, "action-units", None, "judge").questions:
        code = re.search(r"AU(\d+)", question.text)[1]
        truth = {"006_a": "4+7", "007_c": "6+12", "sub01_d": "1+2", "sub02_f": "none"}[question.clip]
        assert question.truth == ("yes" if code in truth.split("+") else "no")


def test_fewer_clips_are_the_same_ones_and_no_truth_is_in_the_words() -> None:
    few = ask_about(TABLE, "micro-expression", "megc-3", "open", clips=2).questions
    assert len(few) == 2
    assert few == ask_about(TABLE, "micro-expression", "megc-3", "open", clips=2).questions
    assert len({q.text for q in ask_about(TABLE, "micro-expression", "megc-3", "open").questions}) == 1


@pytest.mark.parametrize(
    ("topic", "task", "form", "orders"),
    [
        ("action-units", "megc-3", "choice", 1),
        ("expression", None, "choice", 1),
        ("action-units", None, "rank", 1),
        ("micro-expression", "megc-3", "open", 2),
        ("micro-expression", "megc-3", "judge", 3),
    ],
)
def test_what_does_not_go_together_is_refused(topic: str, task: str | None, form: str, orders: int) -> None:
    with pytest.raises(UsageError):
        ask_about(TABLE, topic, task, form, orders=orders)


def test_a_set_without_a_coding_cannot_be_asked_about() -> None:
    with pytest.raises(InputError, match="no clip"):
        ask_about(TABLE.take([4]), "action-units", None, "choice")


@pytest.mark.parametrize("form", ["open", "choice", "judge", "rank"])
def test_one_label_alone_is_no_question(form: str) -> None:
    with pytest.raises(InputError, match="one label"):
        ask_about(TABLE.take([0]), "expression", EMOTIONS, form)


def test_the_model_is_told_not_to_identify_anyone() -> None:
    assert "never identify" in SYSTEM
