"""The motion encoder: sizes, parameters, and attention that is handed on."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mien.models.continuous_attention import ContinuousAttention, MotionEncoder


def test_the_slim_encoder_has_the_parameters_of_its_specification() -> None:
    encoder = MotionEncoder(3, 64, 256)
    assert sum(p.numel() for p in encoder.parameters()) == 2_244_176


def test_the_sizes_of_its_stages() -> None:
    encoder = MotionEncoder(3, 64, 256).eval()
    sizes = []
    for part in (encoder.stem, *encoder.blocks):
        part.register_forward_hook(
            lambda _, __, out: sizes.append(tuple((out[0] if isinstance(out, tuple) else out).shape[1:]))
        )
    with torch.inference_mode():
        assert encoder(torch.randn(2, 3, 112, 112)).shape == (2, 256)
    assert sizes == [(64, 56, 56), (64, 56, 56), (128, 28, 28), (256, 14, 14), (512, 7, 7)]


def _known(module: nn.Module) -> nn.Module:
    """The module at test, its batch normalisation with statistics of its own."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            for tensor in (part.weight, part.bias, part.running_mean):
                assert tensor is not None
                nn.init.normal_(tensor)
    return module.eval()


def _norm(x: Tensor, norm: nn.BatchNorm2d) -> Tensor:
    return F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias)


@pytest.mark.parametrize(("n_out", "stride"), [(4, 1), (8, 2)])
def test_a_block_worked_out_by_hand(n_out: int, stride: int) -> None:
    torch.manual_seed(0)
    block = ContinuousAttention(4, n_out, stride)
    _known(block)
    x = torch.randn(2, 4, 12, 12)
    h = F.relu(_norm(F.conv2d(x, block.first.weight, stride=stride, padding=1), block.first_norm))
    shortcut = x
    if stride == 2:
        conv, norm = block.shortcut.children()
        shortcut = _norm(F.conv2d(x, conv.weight, stride=2), norm)
    h = F.relu(_norm(F.conv2d(h, block.second.weight), block.second_norm) + shortcut)
    mean, largest = block.look.weight[0, :, 0, 0]
    summary = mean * h.mean(dim=1, keepdim=True) + largest * h.max(dim=1, keepdim=True).values
    attention = torch.sigmoid(_norm(summary, block.look_norm))
    found, own = block(x)
    torch.testing.assert_close(own, attention)
    torch.testing.assert_close(found, h * attention, atol=1e-5, rtol=1e-5)


def test_the_encoder_hands_attention_from_block_to_block() -> None:
    torch.manual_seed(0)
    encoder = MotionEncoder(2, 4, 6)
    _known(encoder)
    x = torch.randn(2, 2, 32, 32)
    h, attention = encoder.stem(x), None
    assert torch.equal(
        h, F.relu(_norm(F.conv2d(x, encoder.stem[0].weight, stride=2, padding=1), encoder.stem[1]))
    )
    for block in encoder.blocks:
        h, attention = block(h, attention)
    expected = F.linear(h.mean(dim=(2, 3)), encoder.last.weight, encoder.last.bias)
    torch.testing.assert_close(encoder(x), expected)


@pytest.mark.parametrize(("stride", "side"), [(1, 12), (2, 6)])
def test_attention_is_multiplied_by_that_of_the_block_before(stride: int, side: int) -> None:
    torch.manual_seed(0)
    block = ContinuousAttention(4, 8 if stride == 2 else 4, stride).eval()
    x, before = torch.randn(2, 4, 12, 12), torch.rand(2, 1, 12, 12)
    with torch.inference_mode():
        free, own = block(x)
        held, joined = block(x, before)
    handed = F.max_pool2d(before, 3, stride=2, padding=1) if stride == 2 else before
    assert own.shape == (2, 1, side, side) and ((own > 0) & (own < 1)).all()
    torch.testing.assert_close(joined, own * handed)
    torch.testing.assert_close(held, free * handed)


def test_what_no_block_attends_to_stays_unseen() -> None:
    torch.manual_seed(0)
    block = ContinuousAttention(4, 4, 1).eval()
    out, attention = block(torch.randn(1, 4, 8, 8), torch.zeros(1, 1, 8, 8))
    assert (out == 0).all() and (attention == 0).all()
