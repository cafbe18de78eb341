"""The parts of SKD-TSTSAN: a learnt magnifier of motion in feature space, and one stream of the network.

Zhu et al., arXiv 2406.17538; layers as in the authors' program. What it calls motion magnification is that of Oh et
al., "Learning-based Video Motion Magnification", ECCV 2018, without its decoder.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SHIFT_SHARE = 8
"""One of so many channels takes the next segment's values, and one the previous segment's."""


@dataclass(frozen=True)
class Design:
    """What a stream is made of: the filters of its first layer, the factor of its magnifier, and what is left out."""

    width: int = 64
    alpha: float = 2.0
    magnify: bool = True
    shift: bool = True
    attention: bool = True


def _plain(n_in: int, n_out: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """A convolution without bias that sees mirrored edges: it maps nothing to nothing."""
    return nn.Conv2d(n_in, n_out, kernel, stride, padding=kernel // 2, padding_mode="reflect", bias=False)


class Residual(nn.Module):
    """The input plus two convolutions of it, with a ReLU between and none behind."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.change = nn.Sequential(_plain(n, n, 3), nn.ReLU(), _plain(n, n, 3))

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.as_tensor(self.change(x))


class Encoder(nn.Sequential):
    """Features (B, width / 2, H / 2, W / 2) of images (B, C, H, W); those of an image of zeros are zeros."""

    def __init__(self, n_in: int, width: int) -> None:
        narrow, wide = width // 4, width // 2
        super().__init__(
            *(_plain(n_in, narrow, 7), nn.ReLU(), _plain(narrow, wide, 3, 2), nn.ReLU()),
            *(Residual(wide) for _ in range(3)),
            *(_plain(wide, wide, 3), nn.ReLU()),
            *(Residual(wide) for _ in range(2)),
        )


class Magnifier(nn.Module):
    """Features of the present image plus a learnt multiple of what they differ in from those of the reference.

    All after the first ReLU is positively homogeneous, so what is added is proportional to `alpha`, which the
    weights can make up for.
    """

    def __init__(self, n: int, alpha: float) -> None:
        super().__init__()
        self.alpha = alpha
        self.difference = nn.Sequential(_plain(n, n, 7), nn.ReLU())
        self.change = nn.Sequential(_plain(n, n, 3), Residual(n))

    def forward(self, reference: Tensor | float, present: Tensor) -> Tensor:
        return present + torch.as_tensor(self.change(self.difference(present - reference) * self.alpha))


class ChannelAttention(nn.Module):
    """Maps weighted by channel, from mean and maximum of each through one small convolution over the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        kernel = int((log2(channels) + 1) / 2) // 2 * 2 + 1
        self.conv = nn.Conv1d(1, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        mean, greatest = x.mean(dim=(2, 3))[:, None], x.amax(dim=(2, 3))[:, None]
        weights = torch.sigmoid(self.conv(mean) + self.conv(greatest))
        return x * weights[:, 0, :, None, None]


def shifted(x: Tensor) -> Tensor:
    """Maps (2B, C, H, W) of two segments per clip, after the temporal shift.

    An eighth of the channels takes the values of the next segment and another eighth those of the previous one;
    where there is none, they become 0.
    """
    first, second = x[0::2], x[1::2]
    fold = x.shape[1] // SHIFT_SHARE
    nothing = torch.zeros_like(first[:, :fold])
    early = torch.cat([second[:, :fold], nothing, first[:, 2 * fold :]], dim=1)
    late = torch.cat([nothing, first[:, fold : 2 * fold], second[:, 2 * fold :]], dim=1)
    return torch.stack([early, late], dim=1).flatten(0, 1)


class Unit(nn.Module):
    """Convolution, batch norm, ReLU; with a temporal shift before and channel attention behind where asked for."""

    def __init__(
        self, n_in: int, n_out: int, kernel: int, padding: int, *, shift: bool, attention: bool
    ) -> None:
        super().__init__()
        self.shift = shift
        self.conv = nn.Conv2d(n_in, n_out, kernel, padding=padding)
        self.norm = nn.BatchNorm2d(n_out)
        self.attention = ChannelAttention(n_out) if attention else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv(shifted(x) if self.shift else x)
        return torch.as_tensor(self.attention(torch.relu(self.norm(h))))


def _unit(kind: str, n_in: int, n_out: int, design: Design) -> Unit:
    """A 3x3 unit as streams of this kind have it."""
    shift, attention = kind == "temporal" and design.shift, kind == "local" and design.attention
    return Unit(n_in, n_out, 3, 1, shift=shift, attention=attention)


def branch(kind: str, design: Design) -> nn.Sequential:
    """The last two units of a stream, or of an auxiliary classifier in it: to maps of twice the width."""
    wide = 2 * design.width
    return nn.Sequential(_unit(kind, design.width, wide, design), _unit(kind, wide, wide, design))


def pooled(kind: str, maps: Tensor) -> Tensor:
    """Features (B, C): means over the maps and, in the temporal stream, over both segments."""
    means = maps.mean(dim=(2, 3))
    return (means[0::2] + means[1::2]) / 2 if kind == "temporal" else means


class Stream(nn.Module):
    """One stream: from its images to the maps at two depths and to its feature.

    Args:
        kind: "local" and "global" compare a present image with a reference, and "local" weighs channels;
            "temporal" takes two segments per clip and compares them with no motion.
    """

    def __init__(self, kind: str, n_in: int, design: Design) -> None:
        super().__init__()
        self.kind, width = kind, design.width
        self.encode = Encoder(n_in, width)
        self.magnify = Magnifier(width // 2, design.alpha) if design.magnify else None
        weighs = kind == "local" and design.attention
        self.shallow = nn.Sequential(
            Unit(width // 2, width, 5, 0, shift=False, attention=weighs), nn.MaxPool2d(5, 2, 2)
        )
        self.middle = nn.Sequential(
            *(_unit(kind, width, width, design) for _ in range(2)), nn.AvgPool2d(3, 2, 1)
        )
        self.deep = branch(kind, design)

    def forward(self, reference: Tensor | None, present: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Maps after the first and the second pooling, and the feature; a reference of None is one of zeros."""
        features = self.encode(present)
        if self.magnify is not None:
            features = self.magnify(0.0 if reference is None else self.encode(reference), features)
        early = self.shallow(features)
        late = self.middle(early)
        return early, late, pooled(self.kind, self.deep(late))


def enlarged(images: Tensor, side: int) -> Tensor:
    """Images (..., side, side), linear between pixel centres, as OpenCV sizes them by default."""
    flat = images.reshape(-1, 1, *images.shape[-2:])
    sized = F.interpolate(flat, size=(side, side), mode="bilinear", align_corners=False)
    return sized.reshape(*images.shape[:-2], side, side)
