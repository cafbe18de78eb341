"""The bank of AU texts of a fold."""

from __future__ import annotations

import numpy as np
import pytest

from mien.clips import tasks
from mien.facs.annotation import VOCABULARY, parse
from mien.models.attribute_text import AttributeBank, TextOptions
from mien.models.base import FLOW
from mien.protocols.view import TrainView

AUS = ["4", "4+7", "L12", "R12", None, "?", "7+4"]


def _view(aus: list[str | None] = AUS, fold: str = "f") -> TrainView:  # type: ignore[assignment]
    n = len(aus)
    return TrainView(
        arrays={FLOW: np.zeros((n, 3, 28, 28), np.float32)},
        labels=np.arange(n) % 3,
        groups=np.array([f"x/{i}" for i in range(n)]),
        datasets=np.full(n, "x"),
        annotations=tuple(parse(au) for au in aus),
        task=tasks.get("megc-3"),
        fold=fold,
    )


def test_one_entry_per_set_of_numbers() -> None:
    bank = AttributeBank.of(_view(), TextOptions(text="multi-hot", centre=False))
    assert len(bank.sentences) == 4  # {}, {4}, {4, 7}, {12}
    assert bank.of_clip[1] == bank.of_clip[6] and bank.of_clip[2] == bank.of_clip[3]
    assert bank.of_clip[4] == -1 and bank.coded.tolist() == [1, 1, 1, 1, 0, 1, 1]
    row = bank.vectors[bank.of_clip[1], 0]
    assert {VOCABULARY[i] for i in np.flatnonzero(row)} == {4, 7}


def test_only_the_training_clips_are_in_the_bank() -> None:
    with_it = AttributeBank.of(_view([*AUS, "9+10"]), TextOptions())
    without = AttributeBank.of(_view(), TextOptions())
    assert len(with_it.sentences) == len(without.sentences) + 1
    assert set(without.sentences) < set(with_it.sentences)


def test_sentences_are_embedded_and_centred() -> None:
    bank = AttributeBank.of(_view(), TextOptions())
    assert bank.vectors.shape[0] == 4 and bank.vectors.shape[1] > 3 and bank.vectors.shape[2] == 384
    np.testing.assert_allclose(bank.vectors.mean(axis=(0, 1)), 0, atol=1e-5)


def test_shuffled_text_has_the_same_vectors_in_other_places() -> None:
    true = AttributeBank.of(_view(), TextOptions()).vectors
    shuffled = AttributeBank.of(_view(), TextOptions(text="shuffled")).vectors
    again = AttributeBank.of(_view(), TextOptions(text="shuffled")).vectors
    np.testing.assert_array_equal(shuffled, again)
    assert not any(np.array_equal(a, b) for a, b in zip(true, shuffled, strict=True))
    assert sorted(v.tobytes() for v in true) == sorted(v.tobytes() for v in shuffled)


def test_emotion_words_are_one_entry_per_class() -> None:
    bank = AttributeBank.of(_view(), TextOptions(text="emotion"))
    assert len(bank.sentences) == 3 and any("negative" in s for s in bank.sentences)


def test_alike_is_largest_for_the_same_set() -> None:
    bank = AttributeBank.of(_view(), TextOptions(text="multi-hot"))
    assert (np.diag(bank.alike) == bank.alike.max()).all()
    a, b = bank.of_clip[0], bank.of_clip[1]
    assert bank.alike[a, b] == pytest.approx(np.exp(0.5 / 0.2), rel=1e-5)


def test_no_coded_clip_gives_an_empty_bank() -> None:
    bank = AttributeBank.of(_view([None] * 4), TextOptions())
    assert bank.sentences == () and bank.coded.sum() == 0 and len(bank.vectors) == 0
