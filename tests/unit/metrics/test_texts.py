"""BLEU-4 and ROUGE-1 against cases worked out by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.metrics.texts import bleu, rouge1

WORD = st.sampled_from(["brow", "lip", "raiser", "puller", "and", "the", "is"])
SENTENCE = st.lists(WORD, min_size=1, max_size=9).map(" ".join)


def test_bleu_by_hand() -> None:
    # 5 words said, 5 wanted: 1-grams 4/5, 2-grams 3/4, 3-grams 2/3, 4-grams 1/2
    assert bleu("the brow moves up now", "the brow moves up slowly") == pytest.approx(
        math.exp(sum(math.log(p) for p in (4 / 5, 3 / 4, 2 / 3, 1 / 2)) / 4)
    )


def test_a_short_answer_pays_for_its_brevity() -> None:
    assert bleu("a b c d e f g h", "a b c d") == pytest.approx(math.exp(1 - 8 / 4))


def test_one_word_has_no_bleu_even_if_it_is_right() -> None:
    assert bleu("disgust", "disgust") == 0


def test_repeating_a_word_earns_nothing() -> None:
    assert rouge1("lip corner puller", "lip lip lip") == pytest.approx((1 / 3, 1 / 3))


def test_rouge_of_an_empty_reference_is_undefined_and_of_an_empty_answer_zero() -> None:
    assert all(math.isnan(value) for value in rouge1("", "something"))
    assert rouge1("something", "") == (0, 0)


@given(SENTENCE, SENTENCE)
def test_they_lie_between_0_and_1_and_ignore_case(reference: str, answer: str) -> None:
    recall, f1 = rouge1(reference, answer)
    assert 0 <= min(recall, f1) <= max(recall, f1) <= 1
    assert 0 <= bleu(reference, answer) <= 1 + 1e-12
    assert rouge1(reference.upper(), answer) == (recall, f1)
    assert rouge1(reference, reference) == (1, 1)
