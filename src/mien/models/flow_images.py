"""How flow images enter a network: the legacy 8-bit recipe, a robust per-clip scale, flips and shifts."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mien.motion.scaling import min_max_per_image


def legacy_pixels(flow: NDArray[np.generic]) -> Tensor:
    """Flow images (N, 3, H, W) as 0..255 by min-max per image and channel: what STSTNet and its kin were fed.

    Images that already are in that form stay as they are (the recipe is idempotent).
    """
    return torch.from_numpy(np.asarray(min_max_per_image(flow), dtype=np.float32))


def centred(flow: NDArray[np.generic], percentile: float = 98.0) -> Tensor:
    """Flow images (N, 3, H, W) with zero at each channel's median and 1 at a high percentile of |value|.

    Per-image min-max scaling destroys the zero level; the median of u and of v is the usable estimate of "no
    motion", because most of a face is still. The result is the same for flow in pixels and for its min-max
    form, so both kinds of prepared set feed the same network. Magnitude across clips is lost on purpose.
    """
    values = np.asarray(flow, dtype=np.float32)
    middle = np.median(values, axis=(2, 3), keepdims=True)
    moved = values - middle
    scale = np.percentile(np.abs(moved), percentile, axis=(2, 3), keepdims=True)
    # With less than that share of the pixels in motion the percentile is 0: the largest value stands in for it.
    scale = np.where(scale > 0, scale, np.abs(moved).max(axis=(2, 3), keepdims=True))
    return torch.from_numpy((moved / np.where(scale > 0, scale, 1)).astype(np.float32))


def mirror(x: Tensor) -> Tensor:
    """The left-right mirror image of centred flow (..., 3, H, W): columns reversed, u negated."""
    flipped = x.flip(-1)
    return torch.cat([-flipped[..., :1, :, :], flipped[..., 1:, :, :]], dim=-3)


AUGMENTATION = ("flip", "shift")
"""The names of what `draw_augmentation` draws."""


def draw_augmentation(n: int, flip: float, shift_px: int, generator: torch.Generator) -> dict[str, Tensor]:
    """Random flips and shifts of `n` clips: `flip` (n,) in {0, 1} and `shift` (n, 2) in pixels."""
    drawn: dict[str, Tensor] = {}
    device = generator.device
    if flip > 0:
        drawn["flip"] = (torch.rand(n, generator=generator, device=device) < flip).float()
    if shift_px > 0:
        drawn["shift"] = torch.randint(-shift_px, shift_px + 1, (n, 2), generator=generator, device=device)
    return drawn


def augment(x: Tensor, noise: dict[str, Tensor]) -> Tensor:
    """Flipped and shifted images (B, 3, H, W) as drawn; a shift brings in zeros (no motion)."""
    if "flip" in noise:
        flip = noise["flip"][:, None, None, None]
        x = flip * mirror(x) + (1 - flip) * x
    if "shift" in noise:
        height, width = x.shape[2], x.shape[3]
        margin = 4
        padded = F.pad(x, (margin,) * 4)
        rows = torch.arange(height, device=x.device) + margin + noise["shift"][:, :1]
        columns = torch.arange(width, device=x.device) + margin + noise["shift"][:, 1:]
        n = x.shape[0]
        clip = torch.arange(n, device=x.device)[:, None, None]
        x = padded.permute(0, 2, 3, 1)[clip, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    return x
