"""Losses that give an embedding the structure of texts, against hand-made cases and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from torch.nn import functional as F

from mien.clips import tasks
from mien.facs.annotation import parse
from mien.models.attribute_text import AttributeBank, TextOptions
from mien.models.base import FLOW, Batch
from mien.models.text_structure import RIDGE, linear_loss, linear_weights, structure_loss, text_structure
from mien.protocols.view import TrainView


def _bank(aus: list[str | None]) -> AttributeBank:
    n = len(aus)
    view = TrainView(
        arrays={FLOW: np.zeros((n, 3, 28, 28), np.float32)},
        labels=np.zeros(n, np.int64),
        groups=np.array([f"x/{i}" for i in range(n)]),
        datasets=np.full(n, "x"),
        annotations=tuple(parse(au) for au in aus),
        task=tasks.get("megc-3"),
        fold="f",
    )
    return AttributeBank.of(view, TextOptions(text="multi-hot"))


def _loss(z: torch.Tensor, kind: str = "attributes", **changes: torch.Tensor) -> torch.Tensor:
    """The loss of four clips of texts 0, 0, 1, 1."""
    n = len(z)
    targets = {
        "set": torch.tensor([0, 0, 1, 1]),
        "coded": torch.ones(n),
        "subject": torch.arange(n),
        "label": torch.tensor([0, 0, 1, 1]),
    } | changes
    fixed = {"structure": torch.eye(2)}
    spared = targets.pop("spared", torch.zeros(n))
    return structure_loss(F.normalize(z, dim=1), spared, Batch(z, targets, fixed), kind, 0.1)  # type: ignore[arg-type]


GROUPED = torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])
CROSSED = torch.tensor([[1.0, 0], [0, 1], [1, 0], [0, 1]])


def test_linear_weights_are_ridge_regressions_on_the_other_texts() -> None:
    texts = torch.randn(7, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64).float()
    weights = linear_weights(texts).numpy()
    assert (np.diag(weights) == 0).all()
    for i in range(7):
        others = np.delete(np.arange(7), i)
        ridge = Ridge(alpha=RIDGE, fit_intercept=False).fit(texts[others].numpy().T, texts[i].numpy())
        np.testing.assert_allclose(weights[i, others], ridge.coef_, atol=1e-5)


def test_linear_loss_is_small_where_the_embedding_mixes_as_the_texts_do() -> None:
    texts = F.normalize(torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]]), dim=1)
    rows = torch.ones(4)
    assert float(linear_loss(GROUPED, texts, rows)) < 0.02 < 0.9 < float(linear_loss(CROSSED, texts, rows))


def test_linear_loss_leaves_clips_without_text_out() -> None:
    texts = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))
    z = torch.randn(5, 2, generator=torch.Generator().manual_seed(2))
    some = linear_loss(z, texts, torch.tensor([1.0, 1, 1, 1, 0]))
    torch.testing.assert_close(some, linear_loss(z[:4], texts[:4], torch.ones(4)))


@pytest.mark.parametrize("kind", ["attributes", "emotion", "clusters"])
def test_contrast_is_near_zero_for_embeddings_grouped_as_the_texts(kind: str) -> None:
    assert float(_loss(GROUPED, kind)) < 1e-3 < 5 < float(_loss(CROSSED, kind))


def test_emotion_counts_as_much_as_the_attributes() -> None:
    """Each clip has one other of its AUs and one of its emotion: both are wanted with half the weight."""
    z = torch.eye(4)
    found = _loss(z, "emotion", label=torch.tensor([0, 1, 0, 1]))
    assert float(found) == pytest.approx(np.log(3) - np.log(2), rel=1e-5)


def test_a_spared_clip_is_not_compared_with_its_own_person() -> None:
    """Clips of one text are of one person: spared, no clip has a positive left."""
    person = {"subject": torch.tensor([0, 0, 1, 1])}
    assert float(_loss(CROSSED, **person)) > 5
    assert float(_loss(CROSSED, spared=torch.ones(4), **person)) == 0
    only_first = float(_loss(CROSSED, spared=torch.tensor([0.0, 1, 1, 1]), **person))
    assert only_first == pytest.approx(float(_loss(CROSSED)), rel=1e-5)


def test_clips_without_text_count_for_nothing() -> None:
    coded = torch.tensor([1.0, 1, 0, 0])
    assert float(_loss(CROSSED, coded=coded)) == pytest.approx(0, abs=1e-6)  # one candidate, which is right


def test_structures_of_a_bank() -> None:
    bank = _bank(["4", "4+7", None, "12"])
    entries = bank.of_clip[[0, 1, 3]]
    jaccard = text_structure(bank, "attributes")[np.ix_(entries, entries)]
    np.testing.assert_allclose(jaccard, [[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]])
    np.testing.assert_array_equal(text_structure(bank, "clusters"), np.eye(3))
    np.testing.assert_allclose(np.linalg.norm(text_structure(bank, "linear"), axis=1), 1, atol=1e-6)


def test_clusters_hold_like_texts_together() -> None:
    aus: list[str | None] = [f"{a}+{b}" for a in (1, 2, 4, 12, 17) for b in (25, 26, 43)]
    found = text_structure(_bank(aus), "clusters")
    assert found.shape == (15, 15) and (found == found.T).all() and (np.diag(found) == 1).all()
    assert 15 < found.sum() < 15 * 15
    assert len(np.unique(found, axis=0)) <= 5
    np.testing.assert_array_equal(found, text_structure(_bank(aus), "clusters"))


def test_a_bank_without_texts_gives_zeros() -> None:
    assert text_structure(_bank([None, None]), "attributes").tolist() == [[0]]
    assert text_structure(_bank([None, None]), "linear").shape == (1, 30)
