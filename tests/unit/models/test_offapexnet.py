"""OFF-ApexNet: its size and what it reads."""

from __future__ import annotations

import numpy as np
import torch

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
