"""STSTNet: its size, and that one stem equals three streams."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from mien.models.ststnet import STREAMS, StstnetModule


def test_has_1683_parameters() -> None:
    assert sum(p.numel() for p in StstnetModule(3).parameters()) == 1683


def test_equals_three_separate_streams() -> None:
    torch.manual_seed(0)
    module = StstnetModule(3).train()
    with torch.no_grad():
        module.stem.scale.copy_(torch.rand(16) + 0.5)
        module.stem.shift.copy_(torch.randn(16))
    x = torch.randn(5, 3, 28, 28)
    streams, first = [], 0
    for n in STREAMS:
        part = slice(first, first + n)
        conv, norm = nn.Conv2d(3, n, 3, padding=2), nn.BatchNorm2d(n)
        with torch.no_grad():
            conv.weight.copy_(module.stem.conv.weight[part])
            conv.bias.copy_(module.stem.conv.bias[part])  # type: ignore[union-attr]
            norm.weight.copy_(module.stem.scale[part])
            norm.bias.copy_(module.stem.shift[part])
        streams.append(F.max_pool2d(norm(torch.relu(conv(x))), 3, 3, 1))
        first += n
    expected = module.classifier(F.avg_pool2d(torch.cat(streams, 1), 2).flatten(1))
    torch.testing.assert_close(module(x), expected, rtol=1e-4, atol=1e-5)
