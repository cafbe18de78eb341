"""SOFTNet: a shallow network that scores how likely a frame belongs to an expression, for spotting in long videos.

Liong, See, Wong: "Shallow optical flow three-stream CNN for macro- and micro-expression spotting from long videos",
ICIP 2021, arXiv 2106.06489. Layers, initial weights and loss as in the authors' Keras program.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

FILTERS = (3, 5, 8)
HIDDEN = 400


class SoftnetModule(nn.Module):
    """Scores (B,) of flow maps (B, 3, 42, 42): u, v, strain, each scaled to 0..1; 314,817 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.streams = nn.ModuleList(
            nn.Sequential(nn.Conv2d(1, filters, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3))
            for filters in FILTERS
        )
        self.pool = nn.MaxPool2d(2)
        self.hidden = nn.Linear(sum(FILTERS) * 7 * 7, HIDDEN)
        self.spot = nn.Linear(HIDDEN, 1)
        keras_start(self)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.cat([stream(x[:, i : i + 1]) for i, stream in enumerate(self.streams)], dim=1)
        h = torch.relu(self.hidden(self.pool(h).flatten(1)))
        return torch.as_tensor(self.spot(h)[:, 0])

    def penalty(self) -> Tensor:
        """What the loss adds to the mean squared error: nothing."""
        return self.spot.weight.new_zeros(())


def keras_start(module: nn.Module) -> None:
    """Initial weights as Keras draws them: Glorot uniform kernels, biases 0 (from torch's global generator)."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(part.weight)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
