"""One network trained by several processes: each takes its part of every step, and the gradients are added.

Every process holds the same module, clips and random numbers (they follow from seed and fold), so nothing but
gradients has to travel. The processes are those of torch's default process group (`torchrun`, or
`torch.distributed.init_process_group`); without one, everything here is the plain step of one process.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor, distributed, nn


def place() -> tuple[int, int]:
    """The number of this process, and how many there are: (0, 1) without a process group."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def own_parts(n: int, accumulate: int) -> list[slice]:
    """The rows of a step of `n` clips that this process computes, in `accumulate` parts of nearly one size.

    A part without clips is left out, so a step shorter than its number of parts is still whole.
    """
    rank, size = place()
    count = accumulate * size
    edges = [n * i // count for i in range(count + 1)]
    parts = [slice(first, end) for first, end in pairwise(edges)]
    return [part for part in parts[rank * accumulate : (rank + 1) * accumulate] if part.stop > part.start]


def add_gradients(module: nn.Module) -> None:
    """Replace every gradient by its sum over the processes, in one message.

    A weight that no process has a gradient for keeps none: optimisers pass it over, as they would alone.
    """
    if place()[1] == 1:
        return
    learned = [p for p in module.parameters() if p.requires_grad]
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in learned]
    has = torch.tensor([float(p.grad is not None) for p in learned], device=gradients[0].device)
    *summed, n_with = _summed([*gradients, has])
    for parameter, gradient, n in zip(learned, summed, n_with.tolist(), strict=True):
        parameter.grad = gradient if n > 0 else None


def average_buffers(module: nn.Module) -> None:
    """Replace running statistics, which each process gathered on its own part, by their mean."""
    size = place()[1]
    buffers = [b for b in module.buffers() if b.is_floating_point()]
    if size == 1 or not buffers:
        return
    with torch.no_grad():
        for buffer, summed in zip(buffers, _summed(buffers), strict=True):
            buffer.copy_(summed / size)


def add_up(sums: Mapping[str, Tensor]) -> dict[str, float]:
    """Sums of the loss terms over the processes, as numbers."""
    if place()[1] == 1:
        return {name: float(value) for name, value in sums.items()}
    return dict(zip(sums, (float(value) for value in _summed(list(sums.values()))), strict=True))


def _summed(tensors: list[Tensor]) -> list[Tensor]:
    """The sums over the processes; all tensors travel as one."""
    flat = torch.cat([tensor.detach().reshape(-1) for tensor in tensors])
    distributed.all_reduce(flat)
    parts = torch.split(flat, [tensor.numel() for tensor in tensors])
    return [part.view_as(tensor) for part, tensor in zip(parts, tensors, strict=True)]
