"""Batch normalisation that holds steady in small batches."""

from __future__ import annotations

import torch
from torch import nn

from mien.models.steady_norm import SMALLEST_BATCH, SteadyBatchNorm3d

X = torch.randn(16, 4, 2, 3, 3, generator=torch.Generator().manual_seed(0)) * 3 + 5


def test_large_batches_and_evaluation_are_torch_batch_normalisation() -> None:
    ours, theirs = SteadyBatchNorm3d(4), nn.BatchNorm3d(4)
    for _ in range(3):
        assert torch.equal(ours(X), theirs(X))
    assert torch.equal(ours.eval()(X[:1]), theirs.eval()(X[:1]))
    assert ours.state_dict().keys() == theirs.state_dict().keys()


def test_a_small_batch_is_normalised_by_running_statistics_which_learn_from_it() -> None:
    norm = SteadyBatchNorm3d(4)
    few = X[: SMALLEST_BATCH - 1]
    theirs = nn.BatchNorm3d(4)
    theirs(few)
    first = norm(few)
    torch.testing.assert_close(norm.running_mean, theirs.running_mean)
    torch.testing.assert_close(norm.running_var, theirs.running_var)
    torch.testing.assert_close(first, theirs.eval()(few))
    for _ in range(100):
        norm(few)
    late = norm(few).detach()
    assert late.mean().abs() < 0.01 and abs(float(late.std()) - 1) < 0.02


def test_a_single_value_per_channel_is_no_error() -> None:
    norm = SteadyBatchNorm3d(4)
    before = norm.running_mean.clone()
    assert torch.isfinite(norm(torch.randn(1, 4, 1, 1, 1))).all()
    assert torch.equal(norm.running_mean, before)


def test_gradients_flow_through_a_small_batch() -> None:
    norm = SteadyBatchNorm3d(4)
    x = X[:2].clone().requires_grad_()
    norm(x).square().sum().backward()
    assert x.grad is not None and norm.weight.grad is not None and x.grad.abs().max() > 0
