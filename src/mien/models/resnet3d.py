"""R3D-18, a residual network with 3D convolutions, as an encoder.

Tran, Wang, Torresani, Ray, LeCun, Paluri: "A Closer Look at Spatiotemporal Convolutions for Action
Recognition", CVPR 2018, arXiv 1711.11248. The names of the weights are those of torchvision's `r3d_18`, so that
its Kinetics-400 weights can be read; its `fc` is left out.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mien.models.steady_norm import SteadyBatchNorm3d

WIDTHS = (64, 128, 256, 512)


class Block(nn.Module):
    """Two 3x3x3 convolutions and a shortcut; the first convolution halves time and space if `stride` is 2."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(*_normed(n_in, n_out, stride), nn.ReLU())
        self.conv2 = nn.Sequential(*_normed(n_out, n_out, 1))
        self.downsample = None
        if stride != 1:
            shortcut = nn.Conv3d(n_in, n_out, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, SteadyBatchNorm3d(n_out))

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        return torch.relu(self.conv2(self.conv1(x)) + shortcut)


class Resnet3d18(nn.Module):
    """Features (B, 512) of clips (B, C, T, H, W) with T >= 8 and sides >= 16; 33.2 million parameters."""

    stem_weight = "stem.0.weight"

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.n_features = WIDTHS[-1]
        first = nn.Conv3d(n_channels, WIDTHS[0], (3, 7, 7), (1, 2, 2), (1, 3, 3), bias=False)
        self.stem = nn.Sequential(first, SteadyBatchNorm3d(WIDTHS[0]), nn.ReLU())
        n_in = WIDTHS[0]
        for number, width in enumerate(WIDTHS, start=1):
            blocks = nn.Sequential(Block(n_in, width, 1 if number == 1 else 2), Block(width, width, 1))
            self.add_module(f"layer{number}", blocks)
            n_in = width
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.children():
            x = stage(x)
        return x.mean(dim=(2, 3, 4))


def _normed(n_in: int, n_out: int, stride: int) -> tuple[nn.Module, nn.Module]:
    convolution = nn.Conv3d(n_in, n_out, 3, stride, padding=1, bias=False)
    return convolution, SteadyBatchNorm3d(n_out)
