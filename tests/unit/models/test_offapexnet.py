"""OFF-ApexNet: its size and what it reads."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from mien.models.base import FLOW
from mien.models.offapexnet import Offapexnet, OffapexnetModule, OffapexnetOptions


def test_has_about_2_7_million_parameters() -> None:
    n = sum(p.numel() for p in OffapexnetModule(3).parameters())
    assert 2.6e6 < n < 2.75e6


def test_reads_u_and_v_but_not_the_strain() -> None:
    network = Offapexnet(OffapexnetOptions())
    flow = np.random.default_rng(0).normal(size=(2, 3, 28, 28)).astype(np.float32)
    x = network.tensors({FLOW: flow})
    flow[:, 2] = 7
    assert x.shape == (2, 2, 28, 28)
    torch.testing.assert_close(network.tensors({FLOW: flow}), x)


def test_pixels_come_from_minus_1_to_1() -> None:
    flow = np.random.default_rng(0).normal(size=(2, 3, 28, 28)).astype(np.float32)
    x = Offapexnet(OffapexnetOptions()).tensors({FLOW: flow})
    torch.testing.assert_close(x.amin(dim=(2, 3)), torch.full((2, 2), -1.0))
    torch.testing.assert_close(x.amax(dim=(2, 3)), torch.full((2, 2), 1.0))


def test_equals_two_streams_of_torch_that_meet_in_dense_layers() -> None:
    torch.manual_seed(0)
    module = OffapexnetModule(3)
    weights = dict(module.named_parameters())
    x, keep = torch.rand(4, 2, 28, 28), torch.randint(0, 2, (4, 1024)).float()
    seen = []
    for stream in range(2):
        h = x[:, stream : stream + 1]
        for layer in (0, 3):
            name = f"streams.{stream}.{layer}"
            h = F.conv2d(h, weights[f"{name}.weight"], weights[f"{name}.bias"], padding="same")
            h = F.max_pool2d(h.relu(), 2)
        seen.append(h.flatten(1))
    h = torch.cat(seen, dim=1)
    assert h.shape == (4, 2 * 784)
    h = F.linear(h, weights["first.weight"], weights["first.bias"]).relu() * keep
    h = F.linear(h, weights["second.weight"], weights["second.bias"]).relu()
    expected = F.linear(h, weights["classifier.weight"], weights["classifier.bias"])
    torch.testing.assert_close(module(x, {"keep": keep}), expected)
