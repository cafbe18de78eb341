"""R3D-18: the published names, shapes and number of parameters."""

from __future__ import annotations

import pytest
import torch

from mien.models.resnet3d import Resnet3d18


@pytest.fixture(scope="module")
def encoder() -> Resnet3d18:
    torch.manual_seed(0)
    return Resnet3d18(3).eval()


def test_parameters_are_those_of_the_published_network(encoder: Resnet3d18) -> None:
    # torchvision's r3d_18 has 33,371,472 with its 400-class layer of 512 * 400 + 400.
    assert sum(p.numel() for p in encoder.parameters()) == 33_371_472 - (512 * 400 + 400)


def test_names_and_shapes_are_the_published_ones(encoder: Resnet3d18) -> None:
    state = {name: tuple(tensor.shape) for name, tensor in encoder.state_dict().items()}
    assert state["stem.0.weight"] == (64, 3, 3, 7, 7)
    assert state["layer1.0.conv1.0.weight"] == (64, 64, 3, 3, 3)
    assert state["layer2.0.conv1.0.weight"] == (128, 64, 3, 3, 3)
    assert state["layer2.0.downsample.0.weight"] == (128, 64, 1, 1, 1)
    assert state["layer4.1.conv2.1.running_var"] == (512,)
    assert not any("downsample" in name for name in state if name.startswith("layer1"))
    # 20 convolutions, each with a norm of five tensors.
    assert len(state) == 20 * 6


def test_sizes_of_every_stage(encoder: Resnet3d18) -> None:
    x = torch.randn(1, 3, 8, 16, 16)
    sizes = []
    for stage in encoder.children():
        x = stage(x)
        sizes.append(tuple(x.shape[1:]))
    assert sizes == [(64, 8, 8, 8), (64, 8, 8, 8), (128, 4, 4, 4), (256, 2, 2, 2), (512, 1, 1, 1)]


def test_flow_has_a_stem_of_two_channels(encoder: Resnet3d18) -> None:
    assert Resnet3d18(2)(torch.randn(1, 2, 8, 16, 16)).shape == (1, encoder.n_features)
