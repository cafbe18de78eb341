"""The first stage of the small flow networks: 3x3 convolution, ReLU, batch normalisation, 3x3 max pooling."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

PADDING = 2
EPSILON = 1e-5
MOMENTUM = 0.1


class FlowStem(nn.Module):
    """Maps flow images (B, 3, H, W) to pooled features (B, C, h, w); 28x28 becomes 10x10.

    Padding 2 before the convolution, pooling with window 3, stride 3, padding 1, as in STSTNet's published
    code. Parallel branches that share this form (STSTNet's 3 + 5 + 8 filters) are one stem of as many
    filters: the same function, the same parameters.

    Attributes:
        compiled: use the compiled CPU kernels in training; same result within float tolerance.
    """

    def __init__(self, n_filters: int, n_channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(n_channels, n_filters, 3, padding=PADDING)
        self.scale = nn.Parameter(torch.ones(n_filters))
        self.shift = nn.Parameter(torch.zeros(n_filters))
        self.running_mean: Tensor
        self.running_var: Tensor
        self.register_buffer("running_mean", torch.zeros(n_filters))
        self.register_buffer("running_var", torch.ones(n_filters))
        self.compiled = False

    def forward(self, x: Tensor, valid: Tensor | None = None) -> Tensor:
        """Pooled features; `valid` (B,) leaves padding clips out of the batch statistics."""
        if self.compiled and self.training and valid is None and x.device.type == "cpu":
            pooled, mean, var = _CompiledStem.apply(  # type: ignore[no-untyped-call]
                x, self.conv.weight, self.conv.bias, self.scale, self.shift
            )
            self._track(mean, var, x.new_tensor(float(x.shape[0]) * _positions(x)))
            return torch.as_tensor(pooled)
        rectified = torch.relu(self.conv(x))
        if self.training and valid is not None:
            normed = self._masked_norm(rectified, valid)
        else:
            normed = F.batch_norm(
                rectified,
                self.running_mean,
                self.running_var,
                self.scale,
                self.shift,
                self.training,
                MOMENTUM,
                EPSILON,
            )
        return F.max_pool2d(normed, 3, 3, 1)

    def _masked_norm(self, rectified: Tensor, valid: Tensor) -> Tensor:
        """Batch normalisation by the valid clips alone."""
        count = valid.sum() * float(rectified.shape[2] * rectified.shape[3])
        weight = valid[:, None, None, None]
        mean = (rectified * weight).sum(dim=(0, 2, 3)) / count
        var = ((rectified - mean[:, None, None]).square() * weight).sum(dim=(0, 2, 3)) / count
        self._track(mean.detach(), var.detach(), count)
        gain = self.scale * torch.rsqrt(var + EPSILON)
        offset = self.shift - mean * gain
        return rectified * gain[:, None, None] + offset[:, None, None]

    def _track(self, mean: Tensor, var: Tensor, count: Tensor) -> None:
        """Exponential running statistics with the unbiased variance, as torch's batch normalisation keeps
        them."""
        unbiased = var * (count / (count - 1))
        self.running_mean.mul_(1 - MOMENTUM).add_(MOMENTUM * mean)
        self.running_var.mul_(1 - MOMENTUM).add_(MOMENTUM * unbiased)


def _positions(x: Tensor) -> int:
    return int((x.shape[2] + 2 * PADDING - 2) * (x.shape[3] + 2 * PADDING - 2))


class _Workspace:
    """Large buffers that are used again: fresh memory for every step costs more than the arithmetic on it."""

    def __init__(self) -> None:
        self._free: dict[tuple[int, ...], list[NDArray[np.float32]]] = {}

    def take(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        free = self._free.get(shape)
        return free.pop() if free else np.empty(shape, np.float32)

    def give_back(self, buffer: NDArray[np.float32]) -> None:
        self._free.setdefault(buffer.shape, []).append(buffer)


_WORKSPACE = _Workspace()


class _CompiledStem(torch.autograd.Function):
    """The stem in training mode through the compiled kernels; the input gets no gradient (it is data)."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, scale: Tensor, shift: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        from mien.models import stem_kernels

        images = x.detach().contiguous().numpy()
        n, n_filters = x.shape[0], weight.shape[0]
        height, stride = x.shape[2] + 2 * PADDING - 2, x.shape[3] + 2 * PADDING
        rows, columns = (height - 1) // 3 + 1, (stride - 3) // 3 + 1
        rectified = _WORKSPACE.take((n, n_filters, height, stride))
        pooled = np.empty((n, n_filters, rows, columns), np.float32)
        where = np.empty(pooled.shape, np.uint8)
        total, square = np.zeros(n_filters), np.zeros(n_filters)
        sign = np.where(scale.detach().numpy() < 0, np.float32(-1), np.float32(1))
        stem_kernels.forward(
            images,
            weight.detach().numpy(),
            bias.detach().numpy(),
            sign,
            rectified,
            pooled,
            where,
            total,
            square,
        )
        count = n * height * (stride - 2)
        mean, var = total / count, np.maximum(square / count - (total / count) ** 2, 0.0)
        mean_t, var_t = torch.from_numpy(mean).float(), torch.from_numpy(var).float()
        inverse = torch.rsqrt(var_t + EPSILON)
        normed = torch.from_numpy(pooled).sub_(mean_t[:, None, None]).mul_(inverse[:, None, None])
        ctx.save_for_backward(scale, mean_t, inverse, normed)
        ctx.kernel_state = (images, rectified, where, count)
        ctx.mark_non_differentiable(mean_t, var_t)
        return torch.addcmul(shift[:, None, None], normed, scale[:, None, None]), mean_t, var_t

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        from mien.models import stem_kernels

        scale, mean, inverse, normed = ctx.saved_tensors
        images, rectified, where, count = ctx.kernel_state
        gradient = gradients[0].contiguous()
        shift_gradient = gradient.sum(dim=(0, 2, 3))
        scale_gradient = (gradient * normed).sum(dim=(0, 2, 3))
        gain = scale * inverse
        slope = -gain * inverse * scale_gradient / count
        constant = -gain * shift_gradient / count - slope * mean
        pooled_gradient = gradient * gain[:, None, None]
        weight_gradient = torch.zeros(rectified.shape[1], 3, 3, 3)
        bias_gradient = torch.zeros(rectified.shape[1])
        stem_kernels.weight_gradient(
            images,
            rectified,
            where,
            pooled_gradient.contiguous().numpy(),
            constant.numpy(),
            slope.numpy(),
            weight_gradient.numpy(),
            bias_gradient.numpy(),
        )
        _WORKSPACE.give_back(rectified)
        return None, weight_gradient, bias_gradient, scale_gradient, shift_gradient
