"""SOFTNet has the published size, and starts as Keras would."""

from __future__ import annotations

import torch

from mien.models.softnet import SoftnetModule, keras_start


def test_parameters_as_published() -> None:
    module = SoftnetModule()
    sizes = [
        sum(p.numel() for p in part.parameters()) for part in (*module.streams, module.hidden, module.spot)
    ]
    assert sizes == [78, 130, 208, 314_000, 401]
    assert sum(sizes) == 314_817


def test_a_score_per_sample_that_follows_every_channel() -> None:
    torch.manual_seed(0)
    module, x = SoftnetModule(), torch.rand(4, 3, 42, 42)
    scores = module(x)
    assert scores.shape == (4,)
    for channel in range(3):
        other = x.clone()
        other[:, channel] = 0
        assert not torch.allclose(module(other), scores)
    assert module.penalty() == 0


def test_it_starts_with_glorot_uniform_kernels_and_no_bias() -> None:
    module = SoftnetModule()
    keras_start(module)
    limit = (6 / (784 + 400)) ** 0.5
    weight = module.hidden.weight
    assert weight.abs().max() <= limit
    assert abs(float(weight.detach().std()) / (limit / 3**0.5) - 1) < 0.01
    assert all(not p.any() for name, p in module.named_parameters() if name.endswith("bias"))
