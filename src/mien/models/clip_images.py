"""How clips of RGB and flow enter a 3D network: frames and crop that it sees, augmentation, fixed scales."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

RGB = "rgb"
FLOW_CLIP = "flow"

TIME_JITTER = 0.25
"""Largest move of a frame in training, as a share of the step between frames."""


def side(stored: int, crop: float) -> int:
    """The length of the crop of a stored side; both have the same parity, so the centre crop is symmetric."""
    return stored - 2 * round(stored * (1 - crop) / 2)


def seen(x: Tensor, frames: int, crop: float, noise: Mapping[str, Tensor]) -> Tensor:
    """What the network sees of stored clips (B, C, T, H, W): (B, C, frames, h, w), same type.

    Without noise: frames spread evenly over the clip, and its centre. `frames` 0 takes all.

    Args:
        crop: share of each side that is kept.
        noise: by name, as `draw_augmentation` gives it: `time`, `crop` and `flip`.
    """
    n, _, length, height, width = x.shape
    corner = noise.get("crop")
    time = _moments(length, frames or length, noise.get("time"), x.device)
    rows = _span(height, side(height, crop), None if corner is None else corner[:, 0], x.device)
    columns = _span(width, side(width, crop), None if corner is None else corner[:, 1], x.device)
    if "flip" in noise:
        columns = torch.where(noise["flip"][:, None] > 0, width - 1 - columns, columns)
    clip = torch.arange(n, device=x.device)[:, None, None, None]
    last = x.permute(0, 2, 3, 4, 1)
    found = last[clip, time[:, :, None, None], rows[:, None, :, None], columns[:, None, None, :]]
    return found.permute(0, 4, 1, 2, 3)


def _moments(length: int, frames: int, jitter: Tensor | None, device: torch.device) -> Tensor:
    """The frame numbers (1 or B, frames) that are seen of `length` stored frames."""
    even = torch.linspace(0, length - 1, frames, device=device)[None]
    if jitter is not None:
        step = (length - 1) / max(frames - 1, 1)
        even = even + TIME_JITTER * step * jitter
    return even.round().long().clamp(0, length - 1)


def _span(stored: int, kept: int, where: Tensor | None, device: torch.device) -> Tensor:
    """The row or column numbers (1 or B, kept); `where` (B,) in [0, 1) places them, None is the centre."""
    free = stored - kept
    centre = torch.full((1,), free // 2, device=device)
    first = centre if where is None else (where * (free + 1)).long().clamp_max(free)
    return first[:, None] + torch.arange(kept, device=device)


def rgb_values(
    x: Tensor,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    noise: Mapping[str, Tensor],
    difference: bool = False,
) -> Tensor:
    """Normalised colours, float32, of uint8 clips (B, 3, T, H, W); `brightness` (B,) scales a clip's light.

    With `difference`, each frame is given minus the first, on the same scale.
    """
    light = x.float() / 255
    if "brightness" in noise:
        light = (light * noise["brightness"][:, None, None, None, None]).clamp_max(1)
    centre = light[:, :, :1] if difference else torch.tensor(mean, device=x.device)[:, None, None, None]
    return (light - centre) / torch.tensor(std, device=x.device)[:, None, None, None]


def flow_values(x: Tensor, scale_px: float, noise: Mapping[str, Tensor]) -> Tensor:
    """Flow (B, 2, T, H, W) in pixels, cut off at the scale and divided by it; u negated in flipped clips.

    The scale is one for all clips, so that still stays zero and magnitudes can be compared.
    """
    scaled = x.clamp(-scale_px, scale_px) / scale_px
    if "flip" not in noise:
        return scaled
    sign = 1 - 2 * noise["flip"][:, None, None, None, None]
    return torch.cat([scaled[:, :1] * sign, scaled[:, 1:]], dim=1)


def rotated(x: Tensor, degrees: Tensor, *, vectors: bool = False) -> Tensor:
    """Clips (B, C, T, H, W) turned clockwise about their centre, all frames of a clip by its own angle (B,), zero
    where nothing is known; with `vectors` the two channels are u and v, which are turned as well."""
    angle = torch.deg2rad(degrees)
    cos, sin = torch.cos(angle), torch.sin(angle)
    height, width = x.shape[-2:]
    zero = torch.zeros_like(cos)
    # What is seen at a place of the turned image, in coordinates from -1 to 1 along each side.
    rows = [
        torch.stack([cos, sin * height / width, zero], 1),
        torch.stack([-sin * width / height, cos, zero], 1),
    ]
    flat = x.flatten(1, 2)
    grid = F.affine_grid(torch.stack(rows, 1), list(flat.shape), align_corners=False)
    turned = F.grid_sample(flat, grid, align_corners=False).reshape(x.shape)
    if not vectors:
        return turned
    u, v = turned.unbind(1)
    cos, sin = cos[:, None, None, None], sin[:, None, None, None]
    return torch.stack([cos * u - sin * v, sin * u + cos * v], dim=1)


def mirror(x: dict[str, Tensor]) -> dict[str, Tensor]:
    """The left-right mirror image of stored clips: columns reversed, u of the flow negated."""
    found = {name: clips.flip(-1) for name, clips in x.items()}
    if FLOW_CLIP in found:
        flow = found[FLOW_CLIP]
        found[FLOW_CLIP] = torch.cat([-flow[:, :1], flow[:, 1:]], dim=1)
    return found


def draw_augmentation(
    n: int, *, flip: float, crop: float, frames: int, brightness: float, generator: torch.Generator
) -> dict[str, Tensor]:
    """The random numbers of `n` clips: `flip` (n,) 0 or 1, `crop` (n, 2) in [0, 1), `time` (n, frames) in
    [-1, 1) and 0 for the first frame, `brightness` (n,) around 1; only what the settings use."""
    device = generator.device

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=device)

    drawn: dict[str, Tensor] = {}
    if flip > 0:
        drawn["flip"] = (uniform(n) < flip).float()
    if crop < 1:
        drawn["crop"] = uniform(n, 2)
    if frames > 0:
        drawn["time"] = 2 * uniform(n, frames) - 1
        # the first frame is what motion is told against: it stays the onset
        drawn["time"][:, 0] = 0
    if brightness > 0:
        drawn["brightness"] = 1 + brightness * (2 * uniform(n) - 1)
    return drawn
