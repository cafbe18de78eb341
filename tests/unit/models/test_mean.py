"""MEAN has the published sizes, and its recognition head leaves what spotting learned alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mien.models.mean import MeanRecognition, MeanSpot


def as_keras_counts(module: nn.Module) -> int:
    """Parameters and running statistics."""
    return sum(v.numel() for name, v in module.state_dict().items() if "num_batches" not in name)


def test_numbers_as_published() -> None:
    spot = MeanSpot()
    assert as_keras_counts(spot) == 3_621
    assert sum(p.numel() for p in spot.parameters()) == 3_593
    assert as_keras_counts(MeanRecognition(spot, 3)) == 4_407


def test_shapes() -> None:
    x = torch.rand(5, 3, 42, 42)
    spot = MeanSpot().eval()
    assert spot(x).shape == (5,)
    assert MeanRecognition(spot, 4).eval()(x).shape == (5, 4)


def test_training_the_recognition_head_changes_nothing_of_spotting() -> None:
    torch.manual_seed(0)
    spot, x = MeanSpot().eval(), torch.rand(8, 3, 42, 42)
    before = spot(x).detach()
    recognition = MeanRecognition(spot, 3).train()
    optimiser = torch.optim.Adam([p for p in recognition.parameters() if p.requires_grad], lr=0.01)
    for _ in range(3):
        loss = nn.functional.cross_entropy(recognition(x), torch.arange(8) % 3) + recognition.penalty()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    spot.eval()
    assert torch.equal(spot(x), before)


def test_penalties_are_those_of_keras() -> None:
    spot = MeanSpot()
    kernels = [stream[0].weight.square().sum() for stream in spot.streams]
    expected = 0.001 * sum(kernels) + 0.1 * spot.head[0].weight.square().sum()
    assert spot.penalty().item() == pytest.approx(expected.item())
