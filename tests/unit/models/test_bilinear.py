"""Bilinear networks: the specification's parameter table, a layer against plain operators, weights carried over."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mien.models.bilinear import Bilinear, BilinearModule, Block, Shape, carry_over
from mien.models.st_bln import WIDTHS


def module(*widths: int, v: int = 51, k: int = 7, fixed: bool = False) -> BilinearModule:
    return BilinearModule(Shape(widths, v, fixed), "points", k)


def n_parameters(of: nn.Module) -> int:
    return sum(p.numel() for p in of.parameters())


@pytest.mark.parametrize(
    ("widths", "v", "classes", "fixed", "expected"),
    [
        ((5,), 309, 6, False, 288_035),
        ((10, 10), 309, 6, False, 576_558),
        ((15, 15, 15), 309, 6, False, 868_611),
        ((5,), 51, 7, False, 8_369),
    ],
)
def test_parameters_of_the_grown_form(
    widths: tuple[int, ...], v: int, classes: int, fixed: bool, expected: int
) -> None:
    assert n_parameters(module(*widths, v=v, k=classes, fixed=fixed)) == expected


@pytest.mark.parametrize(("v", "millions"), [(309, 2.212), (312, 2.251), (303, 2.135), (51, 0.261)])
def test_parameters_of_the_fixed_form(v: int, millions: float) -> None:
    found = module(*WIDTHS, v=v, k=6, fixed=True)
    assert round(n_parameters(found) / 1e6, 3) == millions
    mixing = sum(p.numel() for name, p in found.named_parameters() if name.endswith("bilinear.nodes"))
    assert mixing == 7 * 3 * v * v
    assert v != 309 or round(mixing / 1e6, 3) == 2.005


def test_every_layer_counts_as_the_formula_says() -> None:
    v = 51
    for fixed, widths in ((True, WIDTHS), (False, (10, 10, 15, 15, 15))):
        made = module(*widths, v=v, fixed=fixed)
        inputs = (2, *widths)
        for i, (c_in, c_out) in enumerate(zip(inputs, widths, strict=False)):
            count = 3 * v**2 + 3 * (c_in * c_out + c_out) + 2 * c_out + 9 * c_out**2 + c_out + 2 * c_out
            if c_in != c_out or fixed:
                count += c_in * c_out + c_out + 2 * c_out
            strided = not fixed and i in (4, 7)
            if i > 0 and fixed:
                count += 9 * c_in * c_out + 3 * c_out
            elif i > 0 and (c_in != c_out or strided):
                count += c_in * c_out + 3 * c_out
            assert n_parameters(made.layers[i]) == count, (fixed, i)


def test_a_layer_is_three_mixings_of_the_nodes_each_with_its_convolution() -> None:
    torch.manual_seed(0)
    layer = Bilinear(4, 6, Shape((6,), 9, fixed=True)).eval()
    with torch.no_grad():
        for p in layer.parameters():
            p.copy_(torch.randn_like(p))
    x = torch.randn(3, 4, 5, 9)
    total = torch.zeros(3, 6, 5, 9)
    for k in range(3):
        mixed = torch.matmul(x, layer.nodes[k])
        total = total + F.conv2d(mixed, layer.channels[k][:, :, None, None], layer.bias[k])
    expected = torch.relu(layer.norm(total) + layer.residual(x))
    torch.testing.assert_close(layer(x), expected, rtol=1e-4, atol=1e-4)


def test_time_and_nodes_keep_their_number_in_the_fixed_form() -> None:
    made = module(*WIDTHS, fixed=True).eval()
    h = torch.randn(2, 2, 5, 51)
    for layer, channels in zip(made.layers, WIDTHS, strict=True):
        h = layer(h)
        assert h.shape == (2, channels, 5, 51)
    assert made(torch.randn(2, 2, 5, 51)).shape == (2, 7)


def test_the_fifth_and_eighth_grown_layers_halve_time() -> None:
    made = module(*[5] * 8).eval()
    h, times = torch.randn(2, 2, 16, 51), []
    for layer in made.layers:
        h = layer(h)
        times.append(h.shape[2])
    assert times == [16, 16, 16, 16, 8, 8, 8, 4]
    assert [size[2] for size in made.shape.masks(2, 16)] == [16, 16, 16, 16, 16, 8, 8, 8]
    assert module(*[5] * 8, fixed=True).shape.strides == (1,) * 8


@pytest.mark.parametrize("fixed", [True, False])
def test_masks_have_the_sizes_of_what_the_layers_get(fixed: bool) -> None:
    made = module(10, 5, 5, 5, 5, 10, fixed=fixed).train()
    noise = {f"mask{i}": torch.ones(size) for i, size in enumerate(made.shape.masks(4, 7))}
    x = torch.randn(4, 2, 7, 51)
    torch.testing.assert_close(made.eval()(x, noise=noise), made.eval()(x))
    noise["mask3"] = torch.zeros_like(noise["mask3"])
    assert not torch.allclose(made(x, noise=noise), made(x))


def test_a_new_network_starts_on_its_residual_paths() -> None:
    made = module(10, 10)
    x = torch.randn(8, 2, 3, 51)
    for layer in made.layers:
        assert (layer.bilinear.nodes == 1e-6).all()  # type: ignore[union-attr]
        assert (layer.bilinear.norm.weight == 1e-6).all()  # type: ignore[union-attr]
    first = made.layers[0].bilinear.train()
    torch.testing.assert_close(first(x), torch.relu(first.residual(x)), atol=1e-4, rtol=1e-4)  # type: ignore[operator]
    nodes = module(*WIDTHS, fixed=True).layers[0].bilinear.nodes
    assert 0 <= nodes.min() < 0.01 and 0.99 < nodes.max() <= 1  # type: ignore[union-attr,operator]


def test_flipped_clips_are_those_of_the_mirrored_face() -> None:
    from mien.models.face_graph import mirror

    made = module(5).eval()
    x = torch.randn(3, 2, 2, 51)
    found = made(x, noise={"flip": torch.tensor([1.0, 0.0, 1.0])})
    torch.testing.assert_close(found[1], made(x)[1])
    torch.testing.assert_close(found[[0, 2]], made(mirror(x))[[0, 2]])


def test_weights_are_carried_into_the_first_places_of_a_wider_layer() -> None:
    torch.manual_seed(1)
    small, wide = module(10, 5).state_dict(), module(10, 10)
    fresh = {name: tensor.clone() for name, tensor in wide.state_dict().items()}
    carry_over(wide, small, same_depth=True)
    now = wide.state_dict()
    for name in ("layers.1.bilinear.bias", "layers.1.bilinear.norm.running_var", "layers.1.temporal.0.bias"):
        assert name in small  # norms and biases too
    kernel = "layers.1.temporal.0.weight"
    assert torch.equal(now[kernel][:5, :5], small[kernel])
    assert torch.equal(now[kernel][5:], fresh[kernel][5:])
    assert torch.equal(now[kernel][:5, 5:], fresh[kernel][:5, 5:])
    assert torch.equal(now["layers.0.bilinear.nodes"], small["layers.0.bilinear.nodes"])
    assert torch.equal(now["classifier.weight"][:, :5], small["classifier.weight"])
    assert torch.equal(now["classifier.weight"][:, 5:], fresh["classifier.weight"][:, 5:])
    # A 5-to-5 layer of the smaller network had a convolution as residual (10 to 5); the wider has none.
    assert "layers.1.residual.0.weight" in small and "layers.1.residual.0.weight" not in now


def test_a_deeper_network_keeps_its_layers_but_not_its_classifier() -> None:
    torch.manual_seed(2)
    small, deep = module(5).state_dict(), module(5, 5)
    fresh = {name: tensor.clone() for name, tensor in deep.state_dict().items()}
    carry_over(deep, small, same_depth=False)
    now = deep.state_dict()
    assert all(torch.equal(now[name], small[name]) for name in small if name.startswith("layers.0."))
    assert torch.equal(now["classifier.weight"], fresh["classifier.weight"])
    assert all(torch.equal(now[name], fresh[name]) for name in fresh if name.startswith("layers.1."))


def test_a_carried_network_says_what_the_smaller_one_said_if_the_rest_is_silent() -> None:
    """An independent check of every slice at once: with new places at zero nothing changes."""
    torch.manual_seed(3)
    small = module(5).eval()
    wide = module(10).eval()
    with torch.no_grad():
        for name, tensor in wide.state_dict().items():
            if not name.endswith(("running_var", "num_batches_tracked")):
                tensor.zero_()
    carry_over(wide, small.state_dict(), same_depth=True)
    x = torch.randn(4, 2, 3, 51)
    torch.testing.assert_close(wide(x), small(x))


@pytest.mark.parametrize("fixed", [True, False])
def test_what_is_dropped_reaches_neither_path_of_a_layer(fixed: bool) -> None:
    """The residual sees the dropped input too: with all of it dropped, clips are the same."""
    torch.manual_seed(4)
    made = module(10, 10, 10, fixed=fixed).eval()
    one, other = torch.randn(2, 2, 2, 4, 51)
    assert not torch.allclose(made(one), made(other))
    noise = {"mask2": torch.zeros(made.shape.masks(2, 4)[2])}
    torch.testing.assert_close(made(one, noise=noise), made(other, noise=noise))


@pytest.mark.parametrize(
    ("fixed", "c_in", "stride", "kernel"),
    [(True, 6, 1, 9), (True, 4, 1, 9), (False, 6, 1, 0), (False, 4, 1, 1), (False, 6, 2, 1)],
)
def test_a_block_is_a_convolution_over_time_beside_its_residual(
    fixed: bool, c_in: int, stride: int, kernel: int
) -> None:
    """`kernel`: of the residual's convolution, 0 for the input as it is."""
    torch.manual_seed(5)
    block = Block(c_in, 6, stride, Shape((6,), 9, fixed), first=False).eval()
    first = Block(c_in, 6, stride, Shape((6,), 9, fixed), first=True)
    assert first.residual is None
    x = torch.randn(2, c_in, 7, 9)
    conv, norm = block.temporal
    h = F.conv2d(block.bilinear(x), conv.weight, conv.bias, stride=(stride, 1), padding=(4, 0))
    assert conv.weight.shape == (6, 6, 9, 1)
    beside = x
    if kernel:
        assert isinstance(block.residual, nn.Sequential)
        conv, after = block.residual
        assert conv.weight.shape == (6, c_in, kernel, 1)
        beside = after(F.conv2d(x, conv.weight, conv.bias, stride=(stride, 1), padding=(kernel // 2, 0)))
    torch.testing.assert_close(block(x), torch.relu(norm(h) + beside), rtol=1e-4, atol=1e-5)


def test_initial_weights_have_the_published_spread() -> None:
    torch.manual_seed(6)
    made = module(*WIDTHS, k=6, fixed=True)
    last, head = made.layers[-1], made.classifier.weight
    assert isinstance(last, Block)
    for weights, spread in (
        (last.temporal[0].weight, (2 / (9 * 64)) ** 0.5),
        (last.bilinear.channels, (2 / 64) ** 0.5),
        (head, (2 / 6) ** 0.5),
    ):
        assert weights.std().item() == pytest.approx(spread, rel=0.1)


def test_every_channel_of_every_node_is_normalised_over_clips_and_frames() -> None:
    made, seen = module(5), []
    made.layers[0].register_forward_hook(lambda _, given, out: seen.append(given[0]))
    made.train()(torch.randn(8, 2, 6, 51) * torch.arange(1, 52) + 3)
    torch.testing.assert_close(seen[0].mean(dim=(0, 2)), torch.zeros(2, 51), atol=1e-5, rtol=0)
    torch.testing.assert_close(seen[0].var(dim=(0, 2), correction=0), torch.ones(2, 51), atol=1e-3, rtol=0)
