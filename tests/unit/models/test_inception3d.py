"""I3D: the published names, shapes, number of parameters, and TensorFlow's padding."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mien.models.inception3d import Inception3d, Unit, pad_same


@pytest.fixture(scope="module")
def encoder() -> Inception3d:
    torch.manual_seed(0)
    return Inception3d(3).eval()


def test_parameters(encoder: Inception3d) -> None:
    # The published RGB network has 12,697,264 with its 400-class layer of 1024 * 400 + 400.
    assert sum(p.numel() for p in encoder.parameters()) == 12_697_264 - (1024 * 400 + 400)


def test_names_and_shapes_are_the_published_ones(encoder: Inception3d) -> None:
    state = {name: tuple(tensor.shape) for name, tensor in encoder.state_dict().items()}
    assert state["Conv3d_1a_7x7.conv3d.weight"] == (64, 3, 7, 7, 7)
    assert state["Conv3d_2c_3x3.bn.running_mean"] == (192,)
    assert state["Mixed_3b.b0.conv3d.weight"] == (64, 192, 1, 1, 1)
    assert state["Mixed_4e.b1b.conv3d.weight"] == (288, 144, 3, 3, 3)
    assert state["Mixed_5c.b3b.conv3d.weight"] == (128, 832, 1, 1, 1)
    # 57 convolutions (three, and six in each of nine modules), each with a norm of five tensors.
    assert len(state) == 57 * 6


@pytest.mark.parametrize(
    ("size", "window", "stride"), [(16, 7, 2), (15, 7, 2), (16, 3, 2), (7, 2, 2), (5, 3, 1)]
)
def test_padding_gives_a_place_per_stride_and_the_odd_zero_comes_last(
    size: int, window: int, stride: int
) -> None:
    x = torch.ones(1, 1, size, size, size)
    padded = pad_same(x, (window,) * 3, (stride,) * 3)
    assert len(range(0, padded.shape[2] - window + 1, stride)) == -(-size // stride)
    line = padded[0, 0, :, padded.shape[3] // 2, padded.shape[4] // 2]
    before = int(line.argmax())
    assert 0 <= (padded.shape[2] - size - before) - before <= 1


def test_a_unit_is_padded_convolution_norm_and_relu() -> None:
    torch.manual_seed(0)
    unit = Unit(2, 3, 3).eval()
    x = torch.randn(1, 2, 4, 5, 6)
    wanted = torch.relu(F.conv3d(x, unit.conv3d.weight, padding=1) / (1 + 1e-3) ** 0.5)
    torch.testing.assert_close(unit(x), wanted)


def test_features_of_the_smallest_and_of_an_odd_clip(encoder: Inception3d) -> None:
    with torch.inference_mode():
        for size in ((8, 32, 32), (9, 33, 40)):
            assert encoder(torch.randn(1, 3, *size)).shape == (1, encoder.n_features) == (1, 1024)
