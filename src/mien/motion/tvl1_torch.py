"""TV-L1 flow of many pairs at once in PyTorch, after the steps of OpenCV's DualTVL1OpticalFlow."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from mien.errors import InputError
from mien.motion.settings import Tvl1

# OpenCV adds no scale with a side below this.
_SMALLEST_PX = 16
# OpenCV samples at multiples of 1/32 px. Without that, rounding errors at the border, where the picture ends in
# zeros, grow from warp to warp until two equal images have a flow.
_STEPS_PER_PX = 32


@torch.no_grad()
def tvl1_flow(first: Tensor, second: Tensor, settings: Tvl1 | None = None) -> Tensor:
    """Flow (B, 2, H, W) in pixels, u right and v down, float32, on the device of the images.

    Zach, Pock and Bischof (2007) in the form of Sánchez et al. (IPOL 2013/26), with OpenCV's pyramid, median filter,
    cubic warp (in steps of 1/32 px) and stopping rule. Each pair stops by its own error, as in OpenCV: its flow does
    not depend on the others of the batch. What differs is rounding, which decides at which iteration a pair stops.

    Args:
        first: (B, H, W) grey images, 0..255.
        second: likewise.

    Raises:
        InputError: the shapes differ or are not (B, H, W), or an image is smaller than 16 x 16.
    """
    if first.shape != second.shape or first.ndim != 3 or min(first.shape[1:]) < _SMALLEST_PX:
        raise InputError(
            f"flow needs images of one shape (B, H, W), at least {_SMALLEST_PX} x {_SMALLEST_PX}",
            found=f"{tuple(first.shape)} and {tuple(second.shape)}",
        )
    settings = settings or Tvl1(engine="torch")
    pyramid = _pyramid(torch.stack([first, second], dim=1).float(), settings)
    flow = torch.zeros_like(pyramid[-1])
    for pair in reversed(pyramid):
        size = (pair.shape[-2], pair.shape[-1])
        # At the coarsest scale this enlarges zeros to their own size.
        flow = _resize(flow, size, (flow.shape[-2] / size[0], flow.shape[-1] / size[1])) / settings.scale_step
        flow = _one_scale(pair[:, :1], pair[:, 1:], flow, settings)
    return flow


def _pyramid(pairs: Tensor, settings: Tvl1) -> list[Tensor]:
    levels = [pairs]
    while len(levels) < settings.scales:
        height, width = (round(side * settings.scale_step) for side in levels[-1].shape[-2:])
        if min(height, width) < _SMALLEST_PX:
            break
        step = 1 / settings.scale_step
        levels.append(_resize(levels[-1], (height, width), (step, step)))
    return levels


def _resize(images: Tensor, size: tuple[int, int], step: tuple[float, float]) -> Tensor:
    """Linear interpolation at every `step` pixels, without a filter against aliasing, as OpenCV does it."""
    rows, columns = (
        _tent(images, images.shape[axis], count, by)
        for axis, count, by in zip((-2, -1), size, step, strict=True)
    )
    return rows @ images @ columns.T


def _tent(like: Tensor, size: int, count: int, step: float) -> Tensor:
    """Weights (count, size) of linear interpolation; places outside take the border's value."""
    place = (torch.arange(count, device=like.device, dtype=torch.float64) + 0.5) * step - 0.5
    pixel = torch.arange(size, device=like.device, dtype=torch.float64)
    weights = (1 - (place.clamp(0, size - 1)[:, None] - pixel).abs()).clamp(min=0)
    return weights.to(like.dtype)


def _one_scale(first: Tensor, second: Tensor, flow: Tensor, settings: Tvl1) -> Tensor:
    """The flow (B, 2, H, W) at one scale; the images are (B, 1, H, W)."""
    image_and_slope = torch.cat([second, _central_differences(second)], dim=1)
    dual = flow.new_zeros(len(flow), 2, 2, *flow.shape[-2:])
    for _ in range(settings.warps):
        warped = _sample(image_and_slope, flow)
        slope = warped[:, 1:]
        rest = warped[:, :1] - (slope * flow).sum(1, keepdim=True) - first
        flow, dual = _descend(rest, slope, flow, dual, settings)
    return flow


def _descend(
    rest: Tensor, slope: Tensor, flow: Tensor, dual: Tensor, settings: Tvl1
) -> tuple[Tensor, Tensor]:
    """Flow and dual variable (B, 2, 2, H, W: of u and v, along x and y) after the iterations of one warp."""
    reach, pace = settings.attachment * settings.theta, settings.tau / settings.theta
    enough = settings.epsilon**2 * flow.shape[-1] * flow.shape[-2]
    steepness = slope.square().sum(1, keepdim=True).clamp(min=torch.finfo(slope.dtype).eps)
    active = torch.ones(len(flow), 1, 1, 1, dtype=torch.bool, device=flow.device)
    for _ in range(settings.outer_iterations):
        flow = torch.where(active, _median(flow, settings.median_px), flow)
        for _ in range(settings.inner_iterations):
            mismatch = rest + (slope * flow).sum(1, keepdim=True)
            moved = flow + (-mismatch / steepness).clamp(-reach, reach) * slope
            moved += settings.theta * _divergence(dual)
            change = (moved - flow).square().sum((1, 2, 3), keepdim=True)
            gradient = _forward_differences(moved)
            length = gradient.square().sum(2, keepdim=True).sqrt()
            flow = torch.where(active, moved, flow)
            dual = torch.where(active[:, None], (dual + pace * gradient) / (1 + pace * length), dual)
            active = active & (change > enough)
            if not active.any():
                return flow, dual
    return flow, dual


def _central_differences(image: Tensor) -> Tensor:
    """(B, 2, H, W): along x and y, half of a one-sided difference at the border."""
    padded = F.pad(image, (1, 1, 1, 1), mode="replicate")
    along_x = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
    along_y = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
    return torch.cat([along_x, along_y], dim=1) / 2


def _forward_differences(flow: Tensor) -> Tensor:
    """(B, 2, 2, H, W): of u and v, along x and y, zero at the far border."""
    return torch.stack([F.pad(flow.diff(dim=-1), (0, 1)), F.pad(flow.diff(dim=-2), (0, 0, 0, 1))], dim=2)


def _divergence(dual: Tensor) -> Tensor:
    """(B, 2, H, W): backward differences, the adjoint of `_forward_differences` with its sign turned."""
    along_x = F.pad(dual[:, :, 0], (1, 0)).diff(dim=-1)
    along_y = F.pad(dual[:, :, 1], (0, 0, 1, 0)).diff(dim=-2)
    return along_x + along_y


def _sample(images: Tensor, flow: Tensor) -> Tensor:
    """The images (B, C, H, W) at x + flow(x), cubic, zero outside."""
    height, width = flow.shape[-2:]
    steps = (flow * _STEPS_PER_PX).round() / _STEPS_PER_PX
    y = torch.arange(height, device=flow.device, dtype=flow.dtype)[:, None] + steps[:, 1]
    x = torch.arange(width, device=flow.device, dtype=flow.dtype) + steps[:, 0]
    grid = torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], dim=-1)
    return F.grid_sample(images, grid, mode="bicubic", padding_mode="zeros", align_corners=True)


def _median(flow: Tensor, size_px: int) -> Tensor:
    if size_px <= 1:
        return flow
    padded = F.pad(flow, (size_px // 2,) * 4, mode="replicate")
    windows = padded.unfold(2, size_px, 1).unfold(3, size_px, 1)
    return windows.flatten(-2).median(dim=-1).values
