"""The small 3D encoder: four convolutions with group normalisation, for training from nothing on a CPU."""

from __future__ import annotations

from torch import Tensor, nn

GROUPS = 8


class Small3d(nn.Module):
    """Features (B, 8 * width) of clips (B, C, T, H, W) with T >= 4 and sides >= 16.

    Stem of 3x5x5 with spatial stride 2, then three 3x3x3 convolutions that double the filters, with max pooling
    between and the mean over space and time at the end. Group normalisation knows one clip at a time: it is the
    same in training and at test, in batches of any size and in padded ones, so folds can be stacked. It comes
    after the pooling, where it has a quarter to an eighth of the values to read.
    """

    def __init__(self, n_channels: int, width: int) -> None:
        super().__init__()
        self.n_features = 8 * width
        stem = nn.Conv3d(n_channels, width, (3, 5, 5), (1, 2, 2), (1, 2, 2), bias=False)
        self.stages = nn.Sequential(
            *_stage(stem, (1, 2, 2)),
            *_stage(nn.Conv3d(width, 2 * width, 3, padding=1, bias=False), (2, 2, 2)),
            *_stage(nn.Conv3d(2 * width, 4 * width, 3, padding=1, bias=False), (2, 2, 2)),
            *_stage(nn.Conv3d(4 * width, 8 * width, 3, padding=1, bias=False), None),
        )

    def forward(self, x: Tensor) -> Tensor:
        h: Tensor = self.stages(x)
        return h.mean(dim=(2, 3, 4))


def _stage(convolution: nn.Conv3d, pooling: tuple[int, int, int] | None) -> list[nn.Module]:
    pooled = [] if pooling is None else [nn.MaxPool3d(pooling)]
    return [convolution, *pooled, nn.GroupNorm(GROUPS, convolution.out_channels), nn.ReLU()]
