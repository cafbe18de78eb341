"""The motion encoder of MMNet: residual blocks whose spatial attention is handed on from block to block.

Li, Sui, Zhu, Zhao: "MMNet: Muscle Motion-Guided Network for Micro-Expression Recognition", IJCAI 2022, arXiv
2201.05297; the block follows its published code.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ContinuousAttention(nn.Module):
    """A residual block times its attention: (B, n_out, H / stride, W / stride), and the attention (B, 1, ...).

    The attention is read off the block's output, and multiplied by that of the block before, halved by max pooling
    to this block's size.
    """

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(n_out)
        self.second = nn.Conv2d(n_out, n_out, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(n_out)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or n_in != n_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out)
            )
        self.look = nn.Conv2d(2, 1, 1, bias=False)
        self.look_norm = nn.BatchNorm2d(1)

    def forward(self, x: Tensor, before: Tensor | None = None) -> tuple[Tensor, Tensor]:
        h = torch.relu(self.first_norm(self.first(x)))
        h = torch.relu(self.second_norm(self.second(h)) + self.shortcut(x))
        summary = torch.cat([h.mean(dim=1, keepdim=True), h.amax(dim=1, keepdim=True)], dim=1)
        attention = torch.sigmoid(self.look_norm(self.look(summary)))
        if before is not None:
            if before.shape[-2:] != attention.shape[-2:]:
                before = F.max_pool2d(before, 3, stride=2, padding=1)
            attention = attention * before
        return h * attention, attention


class MotionEncoder(nn.Module):
    """Motion vectors (B, n_features) of motion images (B, C, H, W), sides from 16 px.

    Args:
        width: filters of the stem; four blocks have this number, twice, four and eight times it.
    """

    def __init__(self, n_channels: int, width: int, n_features: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(n_channels, width, 3, 2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        widths = [width, width, 2 * width, 4 * width, 8 * width]
        self.blocks = nn.ModuleList(
            ContinuousAttention(n_in, n_out, 1 if n_in == n_out else 2) for n_in, n_out in pairwise(widths)
        )
        self.last = nn.Linear(widths[-1], n_features)

    def forward(self, x: Tensor) -> Tensor:
        h, attention = self.stem(x), None
        for block in self.blocks:
            h, attention = block(h, attention)
        vectors: Tensor = self.last(h.mean(dim=(2, 3)))
        return vectors
