"""STSTNet: its size, and that one stem equals three streams."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from mien.models.base import FLOW
from mien.models.ststnet import STREAMS, Ststnet, StstnetModule, StstnetOptions


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


def test_the_plan_is_that_of_the_published_code() -> None:
    plan = StstnetOptions()
    assert (plan.epochs, plan.batch_size, plan.learning_rate) == (800, 256, 5e-5)
    assert (plan.optimiser, plan.schedule, plan.weight_decay) == ("adam", "constant", 0.0)


def test_half_of_the_pooled_values_are_dropped_before_the_average() -> None:
    network = Ststnet(StstnetOptions())
    keep = network.draw(8, torch.Generator().manual_seed(0))["keep"]
    assert keep.shape == (8, 16, 10, 10) and set(keep.unique().tolist()) == {0.0, 2.0}
    assert abs(float((keep == 0).float().mean()) - 0.5) < 0.02
    module = StstnetModule(3)
    x = torch.randn(8, 3, 28, 28)
    expected = module.classifier(F.avg_pool2d(module.stem(x) * keep, 2).flatten(1))
    torch.testing.assert_close(module(x, {"keep": keep}), expected, rtol=1e-4, atol=1e-5)


def test_reads_u_v_and_strain_as_0_to_255() -> None:
    flow = np.random.default_rng(0).normal(size=(2, 3, 28, 28)).astype(np.float32)
    x = Ststnet(StstnetOptions()).tensors({FLOW: flow})
    assert x.shape == (2, 3, 28, 28)
    assert x.amin(dim=(2, 3)).eq(0).all() and x.amax(dim=(2, 3)).eq(255).all()
