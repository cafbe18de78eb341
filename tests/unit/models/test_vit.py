"""The Vision Transformer against independent references, and its published weights in both layouts."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from mien.models.kinetics import load_published
from mien.models.vit import SIZES, Block, VisionTransformer, colours, published_layout

SMALL = {"size_px": 32, "patch_px": 8, "width": 12, "depth": 2, "heads": 3}


def _small(seed: int, size_px: int = 32) -> VisionTransformer:
    torch.manual_seed(seed)
    encoder = VisionTransformer(**SMALL | {"size_px": size_px})
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    return encoder.eval()


def test_the_base_network_at_384_px_has_the_published_number_of_parameters() -> None:
    width, depth, heads = SIZES["b16"]
    with torch.device("meta"):
        encoder = VisionTransformer(384, 16, width, depth, heads)
    assert encoder.pos_embed.shape == (1, 577, 768)
    assert sum(p.numel() for p in encoder.parameters()) == 86_090_496


@pytest.mark.parametrize("masked", [False, True])
def test_a_block_is_that_of_torch(masked: bool) -> None:
    torch.manual_seed(0)
    block = Block(12, 3, mlp_ratio=2).eval()
    reference = nn.TransformerEncoderLayer(
        12,
        3,
        24,
        dropout=0.0,
        activation=lambda x: nn.functional.gelu(x, approximate="tanh"),
        layer_norm_eps=1e-6,
        batch_first=True,
        norm_first=True,
    ).eval()
    reference.load_state_dict(
        {
            "self_attn.in_proj_weight": block.attn.qkv.weight,
            "self_attn.in_proj_bias": block.attn.qkv.bias,
            "self_attn.out_proj.weight": block.attn.proj.weight,
            "self_attn.out_proj.bias": block.attn.proj.bias,
            **{
                f"linear{i}.{kind}": block.mlp.state_dict()[f"fc{i}.{kind}"]
                for i in (1, 2)
                for kind in ("weight", "bias")
            },
            **{
                f"norm{i}.{kind}": block.state_dict()[f"norm{i}.{kind}"]
                for i in (1, 2)
                for kind in ("weight", "bias")
            },
        }
    )
    valid = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]) if masked else None
    ignored = None if valid is None else valid == 0
    for scale in (1, 0.002):  # so small that the norms' epsilon counts
        x = scale * torch.randn(2, 5, 12)
        found = block(x, valid)
        torch.testing.assert_close(found, reference(x, src_key_padding_mask=ignored), atol=1e-5, rtol=1e-5)


def test_what_is_given_is_the_first_token_behind_the_last_block_and_not_normed() -> None:
    encoder = _small(0)
    assert isinstance(encoder.norm, nn.LayerNorm) and encoder.norm.eps == 1e-6
    x = torch.randn(2, 3, 32, 32)
    patches = x.unfold(2, 8, 8).unfold(3, 8, 8).permute(0, 2, 3, 1, 4, 5).reshape(2, 16, 3 * 8 * 8)
    proj = encoder.patch_embed.proj
    h = torch.cat([encoder.cls_token.expand(2, 1, 12), patches @ proj.weight.flatten(1).T + proj.bias], dim=1)
    h = h + encoder.pos_embed
    for block in encoder.blocks:
        h = block(h)
    torch.testing.assert_close(encoder(x), h[:, 0], atol=1e-5, rtol=1e-4)


def test_every_patch_and_position_reaches_the_class_token() -> None:
    encoder = _small(0)
    x = torch.randn(1, 3, 32, 32, requires_grad=True)
    encoder(x).sum().backward()
    assert x.grad is not None and (x.grad.abs().amax(dim=1) > 0).all()
    one, other = torch.randn(2, 3, 32, 32)
    # The order of two patches matters, because positions differ.
    swapped = one.clone()
    swapped[:, :8, :8], swapped[:, :8, 8:16] = one[:, :8, 8:16], one[:, :8, :8]
    assert not torch.allclose(encoder(one[None]), encoder(swapped[None]), atol=1e-5)
    torch.testing.assert_close(encoder(torch.stack([one, other]))[:1], encoder(one[None]))


def _google(encoder: VisionTransformer) -> dict[str, Tensor]:
    """The encoder's tensors as Google's npz files hold them."""
    state, heads = encoder.state_dict(), SMALL["heads"]
    width = encoder.n_features
    size = width // heads
    found = {
        "cls": state["cls_token"],
        "embedding/kernel": state["patch_embed.proj.weight"].permute(2, 3, 1, 0),
        "embedding/bias": state["patch_embed.proj.bias"],
        "Transformer/posembed_input/pos_embedding": state["pos_embed"],
        "Transformer/encoder_norm/scale": state["norm.weight"],
        "Transformer/encoder_norm/bias": state["norm.bias"],
        "head/kernel": torch.zeros(width, 1000),
    }
    for number in range(SMALL["depth"]):
        there, block = f"Transformer/encoderblock_{number}", f"blocks.{number}"
        for ours, theirs in (("norm1", "LayerNorm_0"), ("norm2", "LayerNorm_2")):
            found[f"{there}/{theirs}/scale"] = state[f"{block}.{ours}.weight"]
            found[f"{there}/{theirs}/bias"] = state[f"{block}.{ours}.bias"]
        for i in (0, 1):
            found[f"{there}/MlpBlock_3/Dense_{i}/kernel"] = state[f"{block}.mlp.fc{i + 1}.weight"].T
            found[f"{there}/MlpBlock_3/Dense_{i}/bias"] = state[f"{block}.mlp.fc{i + 1}.bias"]
        attention = f"{there}/MultiHeadDotProductAttention_1"
        kernels = state[f"{block}.attn.qkv.weight"].reshape(3, heads, size, width)
        biases = state[f"{block}.attn.qkv.bias"].reshape(3, heads, size)
        for at, name in enumerate(("query", "key", "value")):
            found[f"{attention}/{name}/kernel"] = kernels[at].permute(2, 0, 1)
            found[f"{attention}/{name}/bias"] = biases[at]
        found[f"{attention}/out/kernel"] = state[f"{block}.attn.proj.weight"].T.reshape(heads, size, width)
        found[f"{attention}/out/bias"] = state[f"{block}.attn.proj.bias"]
    return {name: tensor.contiguous() for name, tensor in found.items()}


@pytest.mark.parametrize("layout", ["timm", "google"])
def test_published_weights_are_loaded_whole_from_either_layout(layout: str, tmp_path: Path) -> None:
    published, own = _small(1), _small(2)
    path = tmp_path / "vit.safetensors"
    timm = {**published.state_dict(), "head.weight": torch.zeros(1000, 12)}
    save_file(timm if layout == "timm" else _google(published), path)
    report = load_published(own, path, stem=own.stem_weight, adapt=published_layout)
    assert not report.missing and not report.other_shape
    assert report.unused == ("head.weight" if layout == "timm" else "head/kernel",)
    x = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(own(x), published(x))
    assert torch.equal(own.norm.weight, published.norm.weight)


def test_googles_attention_kernels_mean_what_their_einsums_say() -> None:
    """The formula of the published code: query (width, heads, size), and out (heads, size, width)."""
    encoder = _small(3)
    given = _google(encoder)
    there = "Transformer/encoderblock_0/MultiHeadDotProductAttention_1"
    x = torch.randn(1, 5, 12)
    q, k, v = (
        torch.einsum("bnd,dhs->bhns", x, given[f"{there}/{name}/kernel"])
        + given[f"{there}/{name}/bias"][:, None]
        for name in ("query", "key", "value")
    )
    weights = torch.softmax(q @ k.transpose(2, 3) / 2, dim=3)
    out = (
        torch.einsum("bhns,hsd->bnd", weights @ v, given[f"{there}/out/kernel"]) + given[f"{there}/out/bias"]
    )
    torch.testing.assert_close(encoder.blocks[0].attn(x), out, atol=1e-5, rtol=1e-5)


def test_positions_are_resized_to_another_grid() -> None:
    given, own = _small(1).state_dict(), _small(2, size_px=64).state_dict()
    ramp = torch.arange(4.0).repeat(4)  # along the columns of a 4 x 4 grid
    given["pos_embed"] = torch.cat(
        [torch.full((1, 1, 12), 9.0), ramp[None, :, None].expand(1, 16, 12)], dim=1
    )
    found = published_layout(given, own)["pos_embed"]
    assert found.shape == own["pos_embed"].shape == (1, 65, 12)
    assert (found[:, 0] == 9).all()
    grid = found[0, 1:, 0].reshape(8, 8)
    assert (grid.diff(dim=1) > -0.01).all() and grid.diff(dim=0).abs().max() < 1e-5
    assert grid[:, 0].max() < 0.1 and grid[:, -1].min() > 2.9


def test_what_is_missing_stays_random_and_is_named(tmp_path: Path) -> None:
    published, own = _small(1), _small(2)
    state = published.state_dict()
    del state["blocks.1.mlp.fc2.bias"]
    path = tmp_path / "vit.safetensors"
    save_file(state, path)
    report = load_published(own, path, stem=own.stem_weight, adapt=published_layout)
    assert report.missing == ("blocks.1.mlp.fc2.bias",)


def test_colours_are_those_of_imagenet() -> None:
    grey = colours(torch.full((1, 3, 2, 2), 255, dtype=torch.uint8))
    torch.testing.assert_close(grey[0, :, 0, 0], torch.tensor([2.2489, 2.4286, 2.6400]), atol=1e-4, rtol=0)
