"""The convolutional encoder of MMNet: residual blocks under an attention that each block hands on to the next.

Li, Sui, Zhu, Zhao: "MMNet: Muscle motion-guided network for micro-expression recognition", IJCAI 2022.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class AttentionBlock(nn.Module):
    """conv 3x3, BN, ReLU, conv 1x1, BN beside a shortcut, ReLU; then weighed by a map of where to look.

    The map has one channel: sigmoid(BN(conv 1x1 of mean and maximum over the channels)) times the map of the block
    before. Without `attends`, a plain residual block.
    """

    def __init__(self, n_in: int, n_out: int, stride: int, *, attends: bool) -> None:
        super().__init__()
        self.stride = stride
        self.body = nn.Sequential(
            nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(n_out),
            nn.ReLU(),
            nn.Conv2d(n_out, n_out, 1, bias=False),
            nn.BatchNorm2d(n_out),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or n_in != n_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out)
            )
        self.look = nn.Sequential(nn.Conv2d(2, 1, 1, bias=False), nn.BatchNorm2d(1)) if attends else None

    def forward(self, x: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Features, and the map for the next block (None without attention)."""
        h = F.relu(self.body(x) + self.shortcut(x))
        if self.look is None:
            return h, None
        found = torch.sigmoid(self.look(torch.cat([h.mean(1, keepdim=True), h.amax(1, keepdim=True)], dim=1)))
        if before is not None:
            found = found * (F.max_pool2d(before, 3, self.stride, 1) if self.stride > 1 else before)
        return h * found, found


class MotionEncoder(nn.Module):
    """Features (B, `widths[-1]`, H/16, W/16) of pictures or of differences of pictures (B, 3, H, W).

    Args:
        stem: filters of the first convolutions, 3x3, the first of stride 2.
        widths: filters of the four blocks, of strides 1, 2, 2, 2.
        levelled: the features are normalised at the end; attention makes them small beside others otherwise.
    """

    def __init__(
        self, stem: Sequence[int], widths: Sequence[int], *, attends: bool, levelled: bool = False
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for i, (n_in, n_out) in enumerate(zip((3, *stem), stem, strict=False)):
            layers += [
                nn.Conv2d(n_in, n_out, 3, 2 if i == 0 else 1, 1, bias=False),
                nn.BatchNorm2d(n_out),
                nn.ReLU(),
            ]
        self.stem = nn.Sequential(*layers)
        ends = zip((stem[-1], *widths), widths, (1, 2, 2, 2), strict=False)
        self.blocks = nn.ModuleList(
            AttentionBlock(n_in, n_out, stride, attends=attends) for n_in, n_out, stride in ends
        )
        self.level = nn.BatchNorm2d(widths[-1]) if levelled else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        h, look = self.stem(x), None
        for block in self.blocks:
            h, look = block(h, look)
        return torch.as_tensor(self.level(h))
