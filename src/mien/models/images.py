"""What a module is given: one tensor of clips, or several under names; handled alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

Images = Tensor | dict[str, Tensor]
"""Clips along the first axis: (N, ...), or a mapping of such tensors with the same N."""


def n_clips(x: Images) -> int:
    """The number of clips."""
    return len(x) if isinstance(x, Tensor) else len(next(iter(x.values())))


def each(x: Images, change: Callable[[Tensor], Tensor]) -> Images:
    """The same structure with every tensor changed."""
    return change(x) if isinstance(x, Tensor) else {name: change(tensor) for name, tensor in x.items()}


def picked(x: Images, at: Tensor) -> Images:
    """The clips `at` (row numbers)."""
    return each(x, lambda tensor: tensor[at])


def moved(x: Images, device: torch.device) -> Images:
    """The clips on a device."""
    return each(x, lambda tensor: tensor.to(device))


def pieces(x: Images, size: int | None) -> Iterator[Images]:
    """The clips in their order, at most `size` at a time; all together without a size."""
    n = n_clips(x)
    if size is None or n <= size:
        yield x
        return
    for start in range(0, n, size):
        yield each(x, lambda tensor, start=start: tensor[start : start + size])  # type: ignore[misc]


def stack(rows: list[Images]) -> Images:
    """The same structure with a new leading axis over the rows."""
    first = rows[0]
    if isinstance(first, Tensor):
        return torch.stack([row for row in rows if isinstance(row, Tensor)])
    return {name: torch.stack([row[name] for row in rows]) for name in first}  # type: ignore[index]
