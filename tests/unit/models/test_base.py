"""Class weights, masked means and the weighted cross-entropy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mien.models.base import Batch, Needs, class_weights, dropout_mask, masked_mean, weighted_cross_entropy

LABELS = np.array([0, 0, 0, 0, 1, 1, 2])


@pytest.mark.parametrize("balance", [0.0, 0.5, 1.0])
def test_class_weights_have_mean_one_over_the_clips(balance: float) -> None:
    weights = class_weights(LABELS, 3, balance)
    assert float(weights[torch.tensor(LABELS)].mean()) == pytest.approx(1, rel=1e-6)
    assert float(weights[2] / weights[0]) == pytest.approx(4**balance, rel=1e-6)


def test_a_class_without_clips_weighs_nothing() -> None:
    assert class_weights(LABELS, 4, 0.5)[3] == 0


def test_cross_entropy_equals_torch_and_ignores_padding() -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(7, 3), torch.tensor(LABELS)
    batch = Batch(logits, {"label": labels, "weight": torch.ones(7)}, {})
    torch.testing.assert_close(weighted_cross_entropy(logits, batch), F.cross_entropy(logits, labels))
    smooth = F.cross_entropy(logits, labels, label_smoothing=0.1)
    torch.testing.assert_close(weighted_cross_entropy(logits, batch, 0.1), smooth)
    valid = torch.tensor([1.0] * 5 + [0.0] * 2)
    padded = Batch(logits, batch.targets, {}, valid)
    torch.testing.assert_close(
        weighted_cross_entropy(logits, padded), F.cross_entropy(logits[:5], labels[:5])
    )


def test_needs_tell_what_a_set_lacks_in_words() -> None:
    exactly = Needs({"flow": "u, v", "clips": "counted"}, sizes={"flow": (2, 28, 28)})
    assert exactly.unmet({"flow": (2, 28, 28), "rgb": (3, 8, 64, 64)}) is None
    assert exactly.unmet({"rgb": (3, 8, 64, 64)}) == "it has rgb; needed: flow"
    assert exactly.unmet({"flow": (2, 32, 28)}) == "'flow' is 2 x 32 x 28 per clip; needed: 2 x 28 x 28"
    least = Needs({"flow": "u, v"}, at_least={"flow": (2, 8, 16, 16)})
    assert least.unmet({"flow": (2, 9, 16, 20)}) is None
    for shape in ((3, 9, 16, 20), (2, 7, 16, 20), (2, 9, 16, 15), (2, 20, 20)):
        found = least.unmet({"flow": shape})
        assert found is not None and found.endswith("needed: 2 channels of 8 x 16 x 16 at least")


def test_masked_mean_of_nothing_is_zero() -> None:
    assert float(masked_mean(torch.ones(3), torch.zeros(3))) == 0
    assert float(masked_mean(torch.arange(3.0), None)) == 1


def test_dropout_keeps_the_mean() -> None:
    mask = dropout_mask((200, 200), 0.3, torch.Generator().manual_seed(0))
    assert mask.unique().tolist() == pytest.approx([0, 1 / 0.7])
    assert float(mask.mean()) == pytest.approx(1, abs=0.02)
