"""Onset, apex and offset in colour: which of them a network is shown, and one augmentation for all frames of a clip."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mien.errors import InputError

KEY_FRAMES = "key_frames"
N_FRAMES = 5
ONSET, AFTER_ONSET, BEFORE_APEX, APEX, OFFSET = range(N_FRAMES)

#: Mean and standard deviation of the colours of ImageNet.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def stored(name: str, array: NDArray[np.generic]) -> Tensor:
    """The array as a tensor of bytes, without a copy.

    Raises:
        InputError: its values are no bytes.
    """
    if array.dtype != np.uint8:
        raise InputError(
            f"the array '{name}' has values of another type",
            found=array.dtype,
            do="prepare it as colours 0..255 in uint8",
        )
    with warnings.catch_warnings():
        # The arrays of a view are read-only; nothing here writes to them.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(array)


def normalised(light: Tensor) -> Tensor:
    """Colours (B, 3, T, H, W), 0..1, on the scale that networks trained on ImageNet expect."""
    mean, std = (torch.tensor(values, device=light.device).view(3, 1, 1, 1) for values in (MEAN, STD))
    return (light - mean) / std


def shown(frames: Tensor, noise: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Two frames (B, 3, H, W) of stored key frames (B, 3, 5, H, W), normalised: by default onset and apex.

    Args:
        noise: `first` and `second` (B,) say which frames, see `draw_frames`; for the rest see `draw_changes`.
    """
    clip = torch.arange(len(frames), device=frames.device)
    first = frames[clip, :, noise["first"]] if "first" in noise else frames[:, :, ONSET]
    second = frames[clip, :, noise["second"]] if "second" in noise else frames[:, :, APEX]
    return two(torch.stack([first, second], dim=2), noise)


def two(pair: Tensor, noise: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Both frames (B, 3, H, W) of stored pairs (B, 3, 2, H, W), changed alike as drawn, normalised."""
    first, second = normalised(changed(pair.float() / 255, noise)).unbind(dim=2)
    return first, second


def changed(light: Tensor, noise: Mapping[str, Tensor]) -> Tensor:
    """Frames (B, 3, T, H, W) mirrored, turned, moved and lit as drawn, all of a clip alike; black comes in."""
    n, _, frames, height, width = light.shape
    if "angle" in noise:
        cos, sin = torch.cos(noise["angle"]), torch.sin(noise["angle"])
        side = 1 - 2 * noise["flip"]
        across, down = 2 * noise["shift"].unbind(dim=1)[0], 2 * noise["shift"].unbind(dim=1)[1]
        row = [torch.stack([side * cos, -sin, across], dim=1), torch.stack([side * sin, cos, down], dim=1)]
        grid = F.affine_grid(torch.stack(row, dim=1), [n, 1, height, width], align_corners=False)
        flat = light.reshape(n, 3 * frames, height, width)
        light = F.grid_sample(flat, grid, align_corners=False).reshape(light.shape)
    if "light" in noise:
        light = (light * noise["light"].view(-1, 1, 1, 1, 1)).clamp(0, 1)
    return light


def draw_changes(
    n: int,
    *,
    flip: float,
    rotation_deg: float,
    shift: float,
    brightness: float,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """What happens to the frames of `n` clips: `flip` (n,) 0 or 1, `angle` (n,) radians, `shift` (n, 2) as a share of
    the side, and `light` (n,) around 1; nothing where all settings are 0."""
    device = generator.device

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=device)

    drawn: dict[str, Tensor] = {}
    if max(flip, rotation_deg, shift) > 0:
        drawn["flip"] = (uniform(n) < flip).float()
        drawn["angle"] = np.deg2rad(rotation_deg) * (2 * uniform(n) - 1)
        drawn["shift"] = shift * (2 * uniform(n, 2) - 1)
    if brightness > 0:
        drawn["light"] = 1 + brightness * (2 * uniform(n) - 1)
    return drawn


def draw_frames(n: int, *, jitter: bool, from_offset: float, generator: torch.Generator) -> dict[str, Tensor]:
    """Which stored frames stand for the onset (`first`) and the apex (`second`) of `n` clips.

    Args:
        jitter: as often as not, the frame shortly after the onset and the one shortly before the apex.
        from_offset: how often the offset stands for the onset: the same motion, seen backwards.
    """
    draws = torch.rand((n, 3), generator=generator, device=generator.device)
    moved = (draws[:, :2] < 0.5 * jitter).long()
    first = ONSET + (AFTER_ONSET - ONSET) * moved[:, 0]
    first = torch.where(draws[:, 2] < from_offset, OFFSET, first)
    return {"first": first, "second": APEX + (BEFORE_APEX - APEX) * moved[:, 1]}
