"""The Vision Transformer as an encoder of single images, with the names of its published weights.

Dosovitskiy et al.: "An Image is Worth 16x16 Words", ICLR 2021, arXiv 2010.11929.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SIZES: Mapping[str, tuple[int, int, int]] = {"b16": (768, 12, 12), "s16": (384, 12, 6), "ti16": (192, 12, 3)}
"""Width, depth and heads of the published networks with patches of 16 px."""

# ImageNet's colours, which the published weights expect.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

POSITIONS = "pos_embed"


class Attention(nn.Module):
    """Multi-head self-attention over tokens (B, N, D); `valid` (B, N) says which tokens may be attended to."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        n, tokens, width = x.shape
        split = self.qkv(x).reshape(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mask = None if valid is None else valid[:, None, None, :].bool()
        found = F.scaled_dot_product_attention(split[0], split[1], split[2], attn_mask=mask)
        mixed: Tensor = self.proj(found.transpose(1, 2).reshape(n, tokens, width))
        return mixed


class Mlp(nn.Module):
    """Two layers with a GELU (in its tanh form) between, applied to each token."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        mixed: Tensor = self.fc2(F.gelu(self.fc1(x), approximate="tanh"))
        return mixed


class Block(nn.Module):
    """A pre-norm transformer block on tokens (B, N, D)."""

    def __init__(self, width: int, heads: int, mlp_ratio: int = 4) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = Mlp(width, mlp_ratio * width)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        x = x + self.attn(self.norm1(x), valid)
        mixed: Tensor = x + self.mlp(self.norm2(x))
        return mixed


class PatchEmbedding(nn.Module):
    """Tokens (B, N, D) of the patches of images (B, 3, S, S)."""

    def __init__(self, patch_px: int, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, patch_px, patch_px)

    def forward(self, x: Tensor) -> Tensor:
        mixed: Tensor = self.proj(x)
        return mixed.flatten(2).transpose(1, 2)


class VisionTransformer(nn.Module):
    """The class token (B, width) of images (B, 3, size_px, size_px) after the last block.

    Its final `norm` is not applied: callers do, because in SLSTT it is the one part of the encoder that learns.
    Names of tensors are those of timm; `published_layout` gives them to Google's files too.
    """

    stem_weight = "patch_embed.proj.weight"

    def __init__(self, size_px: int, patch_px: int, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.n_features = width
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(0.02 * torch.randn(1, 1 + (size_px // patch_px) ** 2, width))
        self.patch_embed = PatchEmbedding(patch_px, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm: nn.Module = nn.LayerNorm(width, eps=1e-6)
        for part in self.blocks.modules():
            if isinstance(part, nn.Linear):
                nn.init.xavier_uniform_(part.weight)
                nn.init.zeros_(part.bias)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patch_embed(x)
        h = torch.cat([self.cls_token.expand(len(x), -1, -1), tokens], dim=1) + self.pos_embed
        for block in self.blocks:
            h = block(h)
        return h[:, 0]


def colours(images: Tensor) -> Tensor:
    """Images (..., 3, H, W) uint8 as the published weights expect them: float32 in ImageNet's colours."""
    mean, std = (torch.tensor(value, device=images.device)[:, None, None] for value in (MEAN, STD))
    return (images.float() / 255 - mean) / std


def published_layout(given: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A published file's tensors under this module's names, positions resized to its grid.

    Takes timm's names as they are, and those of Google's npz files (`Transformer/encoderblock_0/...`).

    Args:
        own: the tensors of the encoder that they are for.
    """
    google = any(name.startswith("Transformer/") for name in given)
    found = _from_google(given) if google else dict(given)
    if POSITIONS in found and found[POSITIONS].dim() == 3:
        found[POSITIONS] = _resized(found[POSITIONS], own[POSITIONS].shape[1])
    return found


def _from_google(given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Google's tensors by timm's names; those with other names are left under their own."""
    left = dict(given)
    found = {}
    for old, new in (("cls", "cls_token"), ("Transformer/posembed_input/pos_embedding", POSITIONS)):
        if old in left:
            found[new] = left.pop(old)
    if "embedding/kernel" in left:
        found["patch_embed.proj.weight"] = left.pop("embedding/kernel").permute(3, 2, 0, 1)
    if "embedding/bias" in left:
        found["patch_embed.proj.bias"] = left.pop("embedding/bias")
    parts = {"Transformer/encoder_norm": "norm"}
    for number in range(sum(name.endswith("/LayerNorm_0/scale") for name in given)):
        block, there = f"blocks.{number}", f"Transformer/encoderblock_{number}"
        parts |= {f"{there}/LayerNorm_0": f"{block}.norm1", f"{there}/LayerNorm_2": f"{block}.norm2"}
        parts |= {f"{there}/MlpBlock_3/Dense_{i}": f"{block}.mlp.fc{i + 1}" for i in (0, 1)}
        attention = f"{there}/MultiHeadDotProductAttention_1"
        parts[f"{attention}/out"] = f"{block}.attn.proj"
        for kind, end in (("weight", "kernel"), ("bias", "bias")):
            three = [f"{attention}/{one}/{end}" for one in ("query", "key", "value")]
            if all(name in left for name in three):
                found[f"{block}.attn.qkv.{kind}"] = torch.cat([_matrix(left.pop(n), kind) for n in three])
    for old, new in parts.items():
        for end, kind in (("scale", "weight"), ("kernel", "weight"), ("bias", "bias")):
            if (tensor := left.pop(f"{old}/{end}", None)) is not None:
                # The output layer's heads (heads, size, width) are on its input side.
                flat = tensor.flatten(0, 1) if tensor.dim() == 3 else tensor
                found[f"{new}.{kind}"] = flat.T if flat.dim() == 2 else flat
    return found | left


def _matrix(tensor: Tensor, kind: str) -> Tensor:
    """A query's, key's or value's kernel (width, heads, size) as (heads * size, width), or its bias, flat."""
    return tensor.flatten(1).T if kind == "weight" else tensor.flatten()


def _resized(positions: Tensor, n_wanted: int) -> Tensor:
    """Positions (1, 1 + n, D) for a class token and a square grid, at another grid by bicubic interpolation."""
    n_given = positions.shape[1]
    old, new = isqrt(n_given - 1), isqrt(n_wanted - 1)
    if n_given == n_wanted or old * old != n_given - 1:
        return positions
    grid = positions[:, 1:].float().reshape(1, old, old, -1).permute(0, 3, 1, 2)
    sized = F.interpolate(grid, size=(new, new), mode="bicubic", align_corners=False, antialias=True)
    return torch.cat([positions[:, :1].float(), sized.flatten(2).transpose(1, 2)], dim=1)
