"""I3D, Inception-v1 inflated to 3D, as an encoder.

Carreira, Zisserman: "Quo Vadis, Action Recognition? A New Model and the Kinetics Dataset", CVPR 2017, arXiv
1705.07750. The names of the weights are those of the common PyTorch port (`Conv3d_1a_7x7.conv3d.weight`,
`Mixed_3b.b0.conv3d.weight`, ...), so that its Kinetics weights can be read; its `logits` are left out.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mien.models.steady_norm import SteadyBatchNorm3d

Size = tuple[int, int, int]

# Filters of each Inception module: 1x1; 1x1 and 3x3; 1x1 and 3x3; 1x1 after pooling.
MIXED: dict[str, tuple[int, int, int, int, int, int]] = {
    "3b": (64, 96, 128, 16, 32, 32),
    "3c": (128, 128, 192, 32, 96, 64),
    "4b": (192, 96, 208, 16, 48, 64),
    "4c": (160, 112, 224, 24, 64, 64),
    "4d": (128, 128, 256, 24, 64, 64),
    "4e": (112, 144, 288, 32, 64, 64),
    "4f": (256, 160, 320, 32, 128, 128),
    "5b": (256, 160, 320, 32, 128, 128),
    "5c": (384, 192, 384, 48, 128, 128),
}
# Pooling that comes before a module: window and stride.
POOLED: dict[str, tuple[Size, Size]] = {
    "3b": ((1, 3, 3), (1, 2, 2)),
    "4b": ((3, 3, 3), (2, 2, 2)),
    "5b": ((2, 2, 2), (2, 2, 2)),
}


def pad_same(x: Tensor, window: Size, stride: Size) -> Tensor:
    """Zeros around x (B, C, T, H, W) so that each axis gives size / stride places, rounded up, as TensorFlow
    pads: the odd zero at the end."""
    margins: list[int] = []
    for size, w, s in reversed(list(zip(x.shape[2:], window, stride, strict=True))):
        missing = max(w - (size % s or s), 0)
        margins += [missing // 2, missing - missing // 2]
    return F.pad(x, margins) if any(margins) else x


def _pool(x: Tensor, window: Size, stride: Size) -> Tensor:
    """Max pooling of values that are not negative, so that the padding never wins."""
    return F.max_pool3d(pad_same(x, window, stride), window, stride)


class Unit(nn.Module):
    """Convolution without bias, batch normalisation, ReLU."""

    def __init__(self, n_in: int, n_out: int, window: int, stride: int = 1) -> None:
        super().__init__()
        self.window: Size = (window,) * 3
        self.stride: Size = (stride,) * 3
        self.conv3d = nn.Conv3d(n_in, n_out, window, stride, bias=False)
        self.bn = SteadyBatchNorm3d(n_out, eps=1e-3, momentum=0.01)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.bn(self.conv3d(pad_same(x, self.window, self.stride))))


class Mixed(nn.Module):
    """An Inception module: four branches side by side."""

    def __init__(self, n_in: int, filters: tuple[int, int, int, int, int, int]) -> None:
        super().__init__()
        one, narrow_a, wide_a, narrow_b, wide_b, pooled = filters
        self.b0 = Unit(n_in, one, 1)
        self.b1a, self.b1b = Unit(n_in, narrow_a, 1), Unit(narrow_a, wide_a, 3)
        self.b2a, self.b2b = Unit(n_in, narrow_b, 1), Unit(narrow_b, wide_b, 3)
        self.b3b = Unit(n_in, pooled, 1)
        self.n_out = one + wide_a + wide_b + pooled

    def forward(self, x: Tensor) -> Tensor:
        pooled = _pool(x, (3, 3, 3), (1, 1, 1))
        branches = [self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(pooled)]
        return torch.cat(branches, dim=1)


class Inception3d(nn.Module):
    """Features (B, 1024) of clips (B, C, T, H, W) with T >= 8 and sides >= 32; 12.3 million parameters."""

    stem_weight = "Conv3d_1a_7x7.conv3d.weight"

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.Conv3d_1a_7x7 = Unit(n_channels, 64, 7, 2)
        self.Conv3d_2b_1x1 = Unit(64, 64, 1)
        self.Conv3d_2c_3x3 = Unit(64, 192, 3)
        n_in = 192
        for name, filters in MIXED.items():
            module = Mixed(n_in, filters)
            self.add_module(f"Mixed_{name}", module)
            n_in = module.n_out
        self.n_features = n_in

    def forward(self, x: Tensor) -> Tensor:
        x = _pool(self.Conv3d_1a_7x7(x), (1, 3, 3), (1, 2, 2))
        x = self.Conv3d_2c_3x3(self.Conv3d_2b_1x1(x))
        for name in MIXED:
            if name in POOLED:
                x = _pool(x, *POOLED[name])
            x = self.get_submodule(f"Mixed_{name}")(x)
        return x.mean(dim=(2, 3, 4))
