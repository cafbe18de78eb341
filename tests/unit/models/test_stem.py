"""The compiled stem equals the plain one, and the plain one equals torch's own layers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mien.models.stem import FlowStem


def _copy(stem: FlowStem, *, compiled: bool) -> FlowStem:
    other = FlowStem(len(stem.scale))
    other.load_state_dict(stem.state_dict())
    other.compiled = compiled
    return other


@pytest.mark.parametrize("size", [28, 17, 32])
@pytest.mark.parametrize("scale_sign", ["positive", "mixed"])
def test_compiled_equals_plain(size: int, scale_sign: str) -> None:
    torch.manual_seed(0)
    plain = FlowStem(16)
    if scale_sign == "mixed":
        with torch.no_grad():
            plain.scale.copy_(torch.randn(16))
    compiled = _copy(plain, compiled=True)
    x = torch.randn(9, 3, size, size)
    upstream = torch.randn_like(plain(x))
    plain = _copy(compiled, compiled=False)
    for stem in (plain, compiled):
        stem.train()
        (stem(x) * upstream).sum().backward()
    for (name, a), b in zip(plain.named_parameters(), compiled.parameters(), strict=True):
        assert a.grad is not None and b.grad is not None
        torch.testing.assert_close(a.grad, b.grad, rtol=2e-4, atol=2e-3, msg=name)
    torch.testing.assert_close(plain.running_mean, compiled.running_mean, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(plain.running_var, compiled.running_var, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(plain(x), compiled(x), rtol=1e-4, atol=1e-4)


def test_plain_equals_torch_layers() -> None:
    torch.manual_seed(1)
    stem = FlowStem(5)
    norm, pool = nn.BatchNorm2d(5), nn.MaxPool2d(3, 3, 1)
    x = torch.randn(6, 3, 28, 28)
    for mode in (True, False):
        stem.train(mode)
        norm.train(mode)
        expected = pool(norm(torch.relu(stem.conv(x))))
        torch.testing.assert_close(stem(x), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(stem.running_var, norm.running_var)


def test_padding_clips_change_nothing() -> None:
    torch.manual_seed(2)
    stem = FlowStem(4)
    alone = _copy(stem, compiled=False)
    x = torch.randn(7, 3, 28, 28)
    padded = torch.cat([x, 100 * torch.randn(3, 3, 28, 28)])
    valid = torch.tensor([1.0] * 7 + [0.0] * 3)
    torch.testing.assert_close(stem(padded, valid)[:7], alone(x), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(stem.running_var, alone.running_var, rtol=1e-4, atol=1e-5)
