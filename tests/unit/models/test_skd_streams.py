"""The parts of SKD-TSTSAN: what maps nothing to nothing, what is linear, and what goes where."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mien.models.skd_streams import (
    ChannelAttention,
    Design,
    Encoder,
    Magnifier,
    Stream,
    Unit,
    branch,
    enlarged,
    pooled,
    shifted,
)


def _count(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_encoders_and_magnifiers_have_the_published_size() -> None:
    assert [_count(Encoder(n_in, 64)) for n_in in (16, 1, 2)] == [118_528, 106_768, 107_552]
    assert _count(Magnifier(32, 2.0)) == 77_824


def test_nothing_is_encoded_as_nothing() -> None:
    encoder = Encoder(2, 16)
    assert not encoder(torch.zeros(1, 2, 48, 48)).any()
    assert encoder(torch.randn(1, 2, 48, 48)).any()


def _mirrored(x: Tensor, weight: Tensor, stride: int = 1) -> Tensor:
    edge = weight.shape[-1] // 2
    return F.conv2d(F.pad(x, [edge] * 4, mode="reflect"), weight, stride=stride)


def _plus_change(x: Tensor, first: Tensor, second: Tensor) -> Tensor:
    return x + _mirrored(F.relu(_mirrored(x, first)), second)


def test_the_encoder_written_out() -> None:
    torch.manual_seed(0)
    encoder = Encoder(2, 16)
    w = list(encoder.parameters())
    x = torch.randn(2, 2, 48, 48)
    h = F.relu(_mirrored(F.relu(_mirrored(x, w[0])), w[1], stride=2))
    for i in (2, 4, 6):
        h = _plus_change(h, w[i], w[i + 1])
    h = F.relu(_mirrored(h, w[8]))
    for i in (9, 11):
        h = _plus_change(h, w[i], w[i + 1])
    assert [tuple(weight.shape[2:]) for weight in w] == [(7, 7), *[(3, 3)] * 12]
    torch.testing.assert_close(encoder(x), h)


def test_the_magnifier_written_out() -> None:
    torch.manual_seed(0)
    magnifier = Magnifier(8, 2.0)
    w = list(magnifier.parameters())
    reference, present = torch.randn(2, 2, 8, 24, 24)
    difference = 2 * F.relu(_mirrored(present - reference, w[0]))
    expected = present + _plus_change(_mirrored(difference, w[1]), w[2], w[3])
    assert [tuple(weight.shape[2:]) for weight in w] == [(7, 7), *[(3, 3)] * 3]
    torch.testing.assert_close(magnifier(reference, present), expected)


def test_what_a_magnifier_adds_is_proportional_to_its_factor() -> None:
    torch.manual_seed(0)
    one, three = Magnifier(8, 1.0), Magnifier(8, 3.0)
    three.load_state_dict(one.state_dict())
    reference, present = torch.randn(2, 2, 8, 24, 24)
    added = one(reference, present) - present
    assert added.abs().max() > 0.01
    torch.testing.assert_close(three(reference, present) - present, 3 * added)
    torch.testing.assert_close(one(present, present), present)


def test_the_shift_gives_one_eighth_forwards_and_one_backwards() -> None:
    first, second = torch.randn(3, 16, 5, 5), torch.randn(3, 16, 5, 5)
    clips = torch.stack([first, second], dim=1).flatten(0, 1)
    found = shifted(clips).unflatten(0, (3, 2))
    early, late = found[:, 0], found[:, 1]
    assert torch.equal(early[:, :2], second[:, :2]) and not late[:, :2].any()
    assert not early[:, 2:4].any() and torch.equal(late[:, 2:4], first[:, 2:4])
    assert torch.equal(early[:, 4:], first[:, 4:]) and torch.equal(late[:, 4:], second[:, 4:])


@pytest.mark.parametrize(("channels", "kernel"), [(64, 3), (128, 5)])
def test_attention_over_channels_worked_out_by_hand(channels: int, kernel: int) -> None:
    attention = ChannelAttention(channels)
    assert attention.conv.weight.shape == (1, 1, kernel)
    with torch.no_grad():
        attention.conv.weight.zero_()
        attention.conv.weight[0, 0, kernel // 2 + 1] = 1  # each channel's weight is its upper neighbour's
    x = torch.randn(2, channels, 4, 4)
    means, greatest = x.mean(dim=(2, 3)), x.flatten(2).max(dim=2).values
    weight = torch.sigmoid(means + greatest)
    torch.testing.assert_close(attention(x)[:, :-1], x[:, :-1] * weight[:, 1:, None, None])
    torch.testing.assert_close(attention(x)[:, -1], x[:, -1] / 2)


def test_the_maps_of_a_stream_have_the_published_sizes() -> None:
    stream = Stream("temporal", 2, Design()).eval()
    sizes: list[tuple[int, ...]] = []
    for part in stream.modules():
        if isinstance(part, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
            part.register_forward_hook(lambda _, __, out: sizes.append(tuple(out.shape[1:])))
    early, late, feature = stream(None, torch.randn(4, 2, 48, 48))
    encoder = [(16, 48, 48), *[(32, 24, 24)] * 12]
    magnifier = [(32, 24, 24)] * 4
    backbone = [(64, 20, 20), *[(64, 10, 10)] * 3, (64, 5, 5), *[(128, 5, 5)] * 2]
    assert sizes == encoder + magnifier + backbone
    pools = [part for part in stream.modules() if isinstance(part, nn.MaxPool2d | nn.AvgPool2d)]
    assert [(pool.kernel_size, pool.stride, pool.padding) for pool in pools] == [(5, 2, 2), (3, 2, 1)]
    assert (early.shape, late.shape, feature.shape) == ((4, 64, 10, 10), (4, 64, 5, 5), (2, 128))


def test_a_unit_shifts_convolves_norms_rectifies_and_weighs_in_this_order() -> None:
    torch.manual_seed(0)
    unit = Unit(16, 32, 3, 1, shift=True, attention=True).eval()
    norm, x = unit.norm, torch.randn(4, 16, 5, 5)
    for tensor in (norm.weight, norm.bias, norm.running_mean):
        assert tensor is not None
        nn.init.normal_(tensor)
    h = F.conv2d(shifted(x), unit.conv.weight, unit.conv.bias, padding=1)
    h = F.relu(F.batch_norm(h, norm.running_mean, norm.running_var, norm.weight, norm.bias))
    torch.testing.assert_close(unit(x), unit.attention(h))


@pytest.mark.parametrize(
    ("kind", "shift", "attention"),
    [
        ("local", [False] * 5, [True] * 5),
        ("global", [False] * 5, [False] * 5),
        ("temporal", [False, True, True, True, True], [False] * 5),
    ],
)
def test_only_flow_is_shifted_behind_its_first_unit_and_only_blocks_are_weighed(
    kind: str, shift: list[bool], attention: list[bool]
) -> None:
    for whole, first in ((Stream(kind, 2, Design()), 0), (branch(kind, Design()), 3)):
        units = [part for part in whole.modules() if isinstance(part, Unit)]
        assert [unit.shift for unit in units] == shift[first:]
        assert [isinstance(unit.attention, ChannelAttention) for unit in units] == attention[first:]


def test_a_feature_is_the_mean_of_the_maps_and_for_flow_of_both_segments() -> None:
    maps = torch.arange(4.0)[:, None, None, None].expand(4, 3, 5, 5).clone()
    maps[:, 1, 0, 0] += 25  # one of 25 places
    assert pooled("global", maps).tolist() == [[i, i + 1, i] for i in range(4)]
    assert pooled("temporal", maps).tolist() == [[0.5, 1.5, 0.5], [2.5, 3.5, 2.5]]


def test_without_a_reference_the_present_is_compared_with_zeros() -> None:
    stream = Stream("temporal", 2, Design(width=16)).eval()
    present = torch.randn(4, 2, 48, 48)
    for own, other in zip(stream(None, present), stream(torch.zeros_like(present), present), strict=True):
        torch.testing.assert_close(own, other)


def test_images_are_sized_as_opencv_sizes_them() -> None:
    image = np.random.default_rng(0).random((32, 32), np.float32)
    found = enlarged(torch.tensor(image)[None, None], 48)
    np.testing.assert_allclose(found[0, 0], cv2.resize(image, (48, 48)), atol=1e-5)
    large = np.random.default_rng(1).random((128, 128), np.float32)
    np.testing.assert_allclose(enlarged(torch.tensor(large), 48), cv2.resize(large, (48, 48)), atol=1e-5)
