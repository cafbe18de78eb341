"""MEAN: a shallow network that spots micro-expressions, and a head on the same features that names them.

Liong, See, Chan: "Spot-then-recognize: a micro-expression analysis network for seamless evaluation of long videos",
Signal Processing: Image Communication 110, 2023. Layers, penalties and initial weights as in the authors' Keras program
(MEAN_Spot-then-recognize, `define_model.py`).
"""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor, nn

from mien.models.softnet import keras_start

FILTERS = (3, 3, 8)
MERGED = 8
STREAM_L2, MERGED_L2 = 1e-3, 0.1


class MeanSpot(nn.Module):
    """Scores (B,) of flow maps (B, 3, 42, 42): u, v, strain, each scaled to 0..1.

    3,621 numbers as Keras counts them: 3,593 parameters and 28 running statistics of the batch normalisation.
    """

    def __init__(self) -> None:
        super().__init__()
        self.streams = nn.ModuleList(_stream(filters) for filters in FILTERS)
        self.head = _head(1)
        keras_start(self)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.head(features(self.streams, x))[:, 0])

    def penalty(self) -> Tensor:
        """The L2 terms that the loss adds: 0.001 and 0.1 times the squared kernels."""
        kernels = [part.weight for part in self.streams.modules() if isinstance(part, nn.Conv2d)]
        streams = torch.stack([kernel.square().sum() for kernel in kernels]).sum()
        return STREAM_L2 * streams + MERGED_L2 * _merged(self.head).square().sum()


class MeanRecognition(nn.Module):
    """Logits (B, K) from the frozen streams of a trained `MeanSpot` under a head of its own; 4,407 numbers for K = 3.

    The streams keep the statistics of spotting: they are never in training mode.
    """

    def __init__(self, spot: MeanSpot, n_classes: int) -> None:
        super().__init__()
        self.streams = spot.streams
        self.streams.requires_grad_(False)
        self.head = _head(n_classes)
        keras_start(self.head)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.head(features(self.streams, x)))

    def penalty(self) -> Tensor:
        """The L2 term that the loss adds."""
        return MERGED_L2 * _merged(self.head).square().sum()

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.streams.eval()
        return self


def features(streams: nn.ModuleList, x: Tensor) -> Tensor:
    """The joined streams (B, 14, 14, 14)."""
    return torch.cat([stream(x[:, i : i + 1]) for i, stream in enumerate(streams)], dim=1)


def _stream(filters: int) -> nn.Sequential:
    # Keras' batch normalisation: epsilon 0.001, and running statistics that keep 0.99.
    norm = nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01)
    return nn.Sequential(
        nn.Conv2d(1, filters, 5, padding=2), nn.ReLU(), norm, nn.MaxPool2d(3), nn.Dropout(0.3)
    )


def _head(outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(sum(FILTERS), MERGED, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(MERGED * 7 * 7, outputs),
    )


def _merged(head: nn.Sequential) -> Tensor:
    return torch.as_tensor(head[0].weight)
