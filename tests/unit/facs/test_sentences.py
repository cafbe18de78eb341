"""AU codings as text: full, deterministic, and free of emotion words."""

from __future__ import annotations

import pytest

from mien.errors import UsageError
from mien.facs.annotation import flip, parse
from mien.facs.catalogue import CATALOGUE
from mien.facs.sentences import EMOTION_TEMPLATES, NOTHING, TEMPLATES, sentence


def test_between_five_and_seven_paraphrases_all_different() -> None:
    texts = [sentence(parse("4+L12"), template=i) for i in range(len(TEMPLATES))]
    assert 5 <= len(set(texts)) == len(TEMPLATES) <= 7


def test_phrases_come_in_the_order_of_codes_whatever_the_cell_says() -> None:
    assert sentence(parse("12+4+1")) == sentence(parse("1+4+12"))
    assert sentence(parse("12+4+1")).endswith(
        "inner brows raised, brows lowered and drawn together and lip corners pulled up"
    )


def test_sides_are_said_or_left_out() -> None:
    assert "left lip corner" in sentence(parse("L12"))
    assert sentence(parse("L12"), sides=False) == sentence(parse("12")) == sentence(parse("L12+R12"))
    assert "lower lip" in sentence(parse("B28")) and "lower lip" not in sentence(parse("28"))


@pytest.mark.parametrize("code", [c for c, unit in CATALOGUE.items() if unit.sided and unit.kind != "M"])
@pytest.mark.parametrize("template", range(len(TEMPLATES)))
def test_a_flip_swaps_left_and_right_in_the_text(code: int, template: int) -> None:
    left = parse(f"L{code}")
    text = sentence(left, template)
    assert "left" in text
    assert sentence(flip(left), template) == text.replace("left", "right")


@pytest.mark.parametrize("cell", ["?", "74", "NULL", "M61", "Chewing"])
def test_nothing_to_say(cell: str) -> None:
    assert {sentence(parse(cell), template=i) for i in range(len(TEMPLATES))} == {NOTHING}
    assert NOTHING == "no codable facial action" == sentence(parse(cell), style="name")


def test_doubtful_codes_are_said_only_where_nothing_is_certain() -> None:
    assert sentence(parse("4+ref(7)")) == sentence(parse("4")) == sentence(parse("4+12(k)"))
    vague = sentence(parse("12 or 14"))
    assert vague == "a face showing possibly lip corners pulled up or dimples at the lip corners"
    assert "possibly" in sentence(parse("ref(4)"), template=2)


def test_bare_names() -> None:
    assert sentence(parse("4+7"), style="name") == "Brow Lowerer, Lid Tightener"
    assert sentence(parse("L12"), style="name") == "Left Lip Corner Puller"
    assert sentence(parse("L12"), style="name", sides=False) == "Lip Corner Puller"


def test_emotion_style_says_the_word_and_nothing_of_the_aus() -> None:
    texts = [sentence(parse("4"), i, "emotion", emotion="happy") for i in range(len(EMOTION_TEMPLATES))]
    assert all("happy" in text and "brow" not in text for text in texts)


def test_wrong_calls_are_refused() -> None:
    with pytest.raises(UsageError, match="needs a word"):
        sentence(parse("4"), style="emotion")
    with pytest.raises(UsageError, match="no such template"):
        sentence(parse("4"), template=len(TEMPLATES))
