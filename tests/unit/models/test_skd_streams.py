"""The parts of SKD-TSTSAN: what maps nothing to nothing, what is linear, and what goes where."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from mien.models.skd_streams import ChannelAttention, Design, Encoder, Magnifier, Stream, enlarged, shifted


def _count(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_encoders_and_magnifiers_have_the_published_size() -> None:
    assert [_count(Encoder(n_in, 64)) for n_in in (16, 1, 2)] == [118_528, 106_768, 107_552]
    assert _count(Magnifier(32, 2.0)) == 77_824


def test_nothing_is_encoded_as_nothing() -> None:
    encoder = Encoder(2, 16)
    assert not encoder(torch.zeros(1, 2, 48, 48)).any()
    assert encoder(torch.ones(1, 2, 48, 48)).any()


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
    early, late, feature = stream(None, torch.randn(4, 2, 48, 48))
    assert (early.shape, late.shape, feature.shape) == ((4, 64, 10, 10), (4, 64, 5, 5), (2, 128))


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
