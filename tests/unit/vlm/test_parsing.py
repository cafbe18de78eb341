"""What counts as an answer: cases by hand, and laws by hypothesis."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.vlm.parsing import read
from mien.vlm.question import units_of

FIVE = ("happiness", "disgust", "repression", "surprise", "others")
THREE = ("negative", "positive", "surprise")
COMPOUND = ("happily surprised", "happily disgusted", "surprised", "sadly angry")
KINDS = st.sampled_from(["label", "units", "yes-no", "count", "text"])


@pytest.mark.parametrize(
    ("text", "value", "how"),
    [
        ('{"answer": "disgust"}', "disgust", "json"),
        ('```json\n{"answer": "Disgust."}\n```', "disgust", "json"),
        ('Let me see.\n```\n{"reason": "no happiness", "answer": "surprise"}\n```', "surprise", "json"),
        ("The lips press. Not surprise, I think.\nAnswer: repression", "repression", "answer line"),
        ("**Answer:** Happy", "happiness", "answer line"),
        ("Disgust", "disgust", "text"),
        ("happy", "happiness", "text"),
        ("The person is surprised.", "surprise", "text"),
        ("It is not happiness, it is disgust.", "disgust", "text"),
        ("I'm sorry if this is vague.\nAnswer: disgust", "disgust", "answer line"),
        ('Happiness is unlikely.\n{"answer": "disgust"}', "disgust", "json"),
        (
            '<think>happiness, or {"answer": "others"}?</think> {"answer": "disgust"} I am sure.',
            "disgust",
            "json",
        ),
        ('{"answer": "<one of them>"}\nDisgust', "disgust", "text"),
        ("I can't see any movement of the lips. Disgust.", "disgust", "text"),
    ],
)
def test_labels(text: str, value: str, how: str) -> None:
    found = read(text, "label", FIVE)
    assert (found.status, found.value, found.how) == ("valid", value, how)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "disgust or repression",
        "not disgust",
        '{"answer": "anger"}',
        '{"answer": null}',
        '{"answer": {"label": "disgust"}}',
        '{"answer": "disgust", ',
        '{"result": 1}',
        '{"answer": ["disgust", "anger"]}',
        '{"answer": ["disgust", "disgust"]}',
        "disgustingly",
        '{"answer": "disgust or surprise"}',
    ],
)
def test_no_label_is_invalid(text: str) -> None:
    if text == '{"answer": "disgust", ':  # cut off: broken JSON, but one label and no other is named
        assert read(text, "label", FIVE).value == "disgust"
    else:
        assert read(text, "label", FIVE).status == "invalid"


def test_a_label_inside_a_longer_one_does_not_count() -> None:
    assert read("The face is happily surprised today", "label", COMPOUND).value == "happily surprised"


def test_words_of_the_task_stand_for_its_classes() -> None:
    words = (("disgust", "negative"), ("anger", "negative"))
    assert read("Answer: anger", "label", THREE, words=words).value == "negative"
    assert read("anger and disgust", "label", THREE, words=words).value == "negative"
    assert read("Answer: anger", "label", THREE).status == "invalid"


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with identifying people.",
        "I cannot identify people in images, such as whether one shows disgust.",
        "I’m unable to analyze faces.",
        '{"answer": "I cannot assist with this."}',
        "That is against our policy.",
        'As asked: {"answer": "I cannot assist with this."}',
        "I cannot tell who this is.",
    ],
)
@pytest.mark.parametrize("kind", ["label", "units", "yes-no", "count"])
def test_a_refusal_is_not_invalid(text: str, kind: str) -> None:
    assert read(text, kind, FIVE).status == "refused"


def test_the_service_has_the_last_word_on_a_refusal() -> None:
    assert read("disgust", "label", FIVE, refused=True).status == "refused"


def test_a_ranking_keeps_its_order_and_answers_with_its_first() -> None:
    found = read('{"answer": ["surprise", "Happy", "disgust"]}', "label", FIVE)
    assert (found.value, found.ranking) == ("surprise", ("surprise", "happiness", "disgust"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"answer": "yes"}', "yes"),
        ('{"answer": false}', "no"),
        ("Yes, the brows are lowered.", "yes"),
        ("No.", "no"),
        ("There is no movement", "no"),
        ("yes and no", None),
        ("perhaps", None),
    ],
)
def test_yes_and_no(text: str, value: str | None) -> None:
    found = read(text, "yes-no")
    assert (found.value or None, found.status) == (value, "valid" if value else "invalid")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"answer": 3}', "3"),
        ('{"answer": "12"}', "12"),
        ("There are three events.", "3"),
        ("3 (three)", "3"),
        ("2 or 3", None),
        ("2.5", None),
        ('{"answer": -1}', None),
        ('{"answer": 2.0}', None),
        ("many", None),
    ],
)
def test_counts(text: str, value: str | None) -> None:
    assert (read(text, "count").value or None) == value


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ('{"answer": [4, 7]}', {4, 7}),
        ('{"answer": ["AU4", "lid tightener"]}', {4, 7}),
        ('{"answer": []}', set()),
        ('{"answer": "none"}', set()),
        ("The brows draw together.\nAnswer: 4, 9", {4, 9}),
        ("The brows draw together.\n**Answer:** 4, 9.", {4, 9}),
        ("Answer: **4 and 9**", {4, 9}),
        ("Answer: (4, 9)", {4, 9}),
        ("Answer: none.", set()),
        ('{"answer": ["AU6 (cheek raiser)", "12", 25]}', {6, 12, 25}),
        ('What moves: {"answer": [4, 7]}', {4, 7}),
        ("AU6 and AU12 are active", {6, 12}),
        ("No action units are visible", set()),
    ],
)
def test_units(text: str, units: set[int]) -> None:
    found = read(text, "units")
    assert found.status == "valid"
    assert units_of(found.value) == units


@pytest.mark.parametrize("kind", ["label", "units", "yes-no", "count", "text"])
@pytest.mark.parametrize(
    "piece",
    [
        "*",
        "answer ",
        "answer: ",
        " ",
        "1",
        "{",
        '{"answer": ',
        "disgust ",
        "not ",
        "`",
        "I am very ",
        "AU4, ",
    ],
)
def test_an_answer_without_an_end_is_read_in_no_time(piece: str, kind: str) -> None:
    """A server may ignore the limit of tokens; what grows with the square of the length would take minutes here."""
    text = "answer" + piece * (200_000 // len(piece))
    start = time.process_time()
    assert read(f"{text}x", kind, FIVE).status in ("valid", "invalid", "refused")
    assert time.process_time() - start < 5


def test_units_that_are_none_are_invalid() -> None:
    assert read("Something moves", "units").status == "invalid"
    assert read('{"answer": [400]}', "units").status == "invalid"


@given(st.text(max_size=300), KINDS)
def test_any_text_is_read_without_an_error(text: str, kind: str) -> None:
    found = read(text, kind, FIVE)
    assert found.status in ("valid", "invalid", "refused")
    assert bool(found.value) == (found.status == "valid")
    if kind == "label":
        assert found.value in ("", *FIVE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(JSON, KINDS)
def test_any_json_is_read_without_an_error(content: object, kind: str) -> None:
    for text in (json.dumps(content), json.dumps({"answer": content})):
        assert read(text, kind, FIVE).status in ("valid", "invalid", "refused")


@given(
    st.sampled_from(FIVE),
    st.sampled_from([str.upper, str.title, "**{}**".format, " {}.\n".format, '"{}"'.format]),
)
def test_a_label_is_read_however_it_is_dressed(label: str, dress: object) -> None:
    assert callable(dress)
    for text in (dress(label), f"Hm.\nAnswer: {dress(label)}", json.dumps({"answer": dress(label)})):
        assert read(text, "label", FIVE).value == label


@given(st.sampled_from(FIVE), st.sampled_from(FIVE))
def test_two_labels_are_never_guessed_between(one: str, other: str) -> None:
    found = read(f"It may be {one}, or {other}", "label", FIVE)
    assert found.value == (one if one == other else "")


@given(st.integers(0, 9999))
def test_a_count_is_read_back(n: int) -> None:
    assert read(json.dumps({"answer": n}), "count").value == str(n)
    assert read(f"There are {n} of them.", "count").value == str(n)
