"""Spatio-temporal bilinear networks: each layer learns one matrix on the nodes of a graph and one on the channels.

Heidari and Iosifidis, arXiv 2106.04332; both forms as in the authors' code (negarhdr/FER_PSTBLN_MCD): `fixed`
(ST-BLN), whose residual paths always have weights, and the one that is grown (PST-BLN), whose residual paths are
identities wherever the sizes allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mien.models.face_graph import Nodes, mirror, node_values

BRANCHES = 3
KERNEL = 9
#: 0-based layers of the grown form whose temporal convolution has stride 2.
STRIDED = (4, 7)
SMALL = 1e-6


@dataclass(frozen=True)
class Shape:
    """The sizes of a network.

    Attributes:
        widths: channels of each layer.
        fixed: the form of ST-BLN, else that of PST-BLN.
        channels: of the input.
    """

    widths: tuple[int, ...]
    n_nodes: int
    fixed: bool
    channels: int = 2

    @property
    def strides(self) -> tuple[int, ...]:
        """Temporal stride of each layer."""
        return tuple(2 if not self.fixed and i in STRIDED else 1 for i in range(len(self.widths)))

    @property
    def inputs(self) -> tuple[int, ...]:
        """Channels that each layer gets."""
        return (self.channels, *self.widths[:-1])

    def masks(self, n: int, frames: int) -> list[tuple[int, int, int, int]]:
        """The size of each layer's input for `n` clips, which dropout masks must have."""
        found = []
        for channels, stride in zip(self.inputs, self.strides, strict=True):
            found.append((n, channels, frames, self.n_nodes))
            frames = -(-frames // stride)
        return found


class Bilinear(nn.Module):
    """ReLU(norm(sum over k of conv_k(X W_k)) + R(X)): (B, C_in, T, V) to (B, C_out, T, V).

    W_k (V, V) is free: no graph is given. R is a convolution with norm, or (grown form, C_in = C_out) X itself.
    """

    def __init__(self, c_in: int, c_out: int, shape: Shape) -> None:
        super().__init__()
        self.nodes = nn.Parameter(torch.full((BRANCHES, shape.n_nodes, shape.n_nodes), SMALL))
        if shape.fixed:
            nn.init.uniform_(self.nodes)
        self.channels = nn.Parameter(torch.empty(BRANCHES, c_out, c_in))
        for matrix in self.channels:
            nn.init.kaiming_normal_(matrix, mode="fan_out")
        self.bias = nn.Parameter(torch.zeros(BRANCHES, c_out))
        self.norm = nn.BatchNorm2d(c_out)
        nn.init.constant_(self.norm.weight, SMALL)
        self.residual = nn.Identity() if c_in == c_out and not shape.fixed else _convolution(c_in, c_out)

    def forward(self, x: Tensor) -> Tensor:
        # W_k of all branches side by side: one product over the nodes, then one over branches and channels.
        mixed = (x @ self.nodes.transpose(0, 1).flatten(1)).view(*x.shape[:3], BRANCHES, -1)
        found = torch.einsum("bctkv,koc->botv", mixed, self.channels)
        found = found + self.bias.sum(dim=0)[:, None, None]
        return torch.relu(self.norm(found) + self.residual(x))


class Block(nn.Module):
    """ReLU(temporal(bilinear(X)) + residual(X)): (B, C_in, T, V) to (B, C_out, T / stride, V)."""

    def __init__(self, c_in: int, c_out: int, stride: int, shape: Shape, *, first: bool) -> None:
        super().__init__()
        self.bilinear = Bilinear(c_in, c_out, shape)
        self.temporal = _convolution(c_out, c_out, KERNEL, stride)
        self.residual: nn.Module | None = None
        if not first:
            same = c_in == c_out and stride == 1
            kernel = KERNEL if shape.fixed else 1
            keep = same and not shape.fixed
            self.residual = nn.Identity() if keep else _convolution(c_in, c_out, kernel, stride)

    def forward(self, x: Tensor) -> Tensor:
        found = self.temporal(self.bilinear(x))
        return torch.relu(found if self.residual is None else found + self.residual(x))


def _convolution(c_in: int, c_out: int, kernel: int = 1, stride: int = 1) -> nn.Sequential:
    """A convolution over time, with norm."""
    conv = nn.Conv2d(c_in, c_out, (kernel, 1), (stride, 1), (kernel // 2, 0))
    nn.init.kaiming_normal_(conv.weight, mode="fan_out")
    assert conv.bias is not None
    nn.init.zeros_(conv.bias)
    return nn.Sequential(conv, nn.BatchNorm2d(c_out))


class BilinearModule(nn.Module):
    """Logits (B, K) of inner face points (B, 2, T, 51).

    Dropout before every layer is as `noise` says: `mask0`, `mask1`, ... (B or 1, C, T, V); `flip` (B,) is 1 for clips
    to be mirrored.
    """

    def __init__(self, shape: Shape, nodes: Nodes, n_classes: int) -> None:
        super().__init__()
        self.shape, self.graph = shape, nodes
        self.norm = nn.BatchNorm1d(shape.channels * shape.n_nodes)
        self.layers = nn.ModuleList(
            Block(c_in, c_out, stride, shape, first=i == 0)
            for i, (c_in, c_out, stride) in enumerate(
                zip(shape.inputs, shape.widths, shape.strides, strict=True)
            )
        )
        self.classifier = nn.Linear(shape.widths[-1], n_classes)
        nn.init.normal_(self.classifier.weight, std=(2 / n_classes) ** 0.5)

    def forward(self, x: Tensor, noise: Mapping[str, Tensor] | None = None) -> Tensor:
        noise = noise or {}
        if "flip" in noise:
            flip = noise["flip"][:, None, None, None]
            x = flip * mirror(x) + (1 - flip) * x
        x = node_values(x, self.graph)
        # Every channel of every node is normalised over clips and frames.
        h = self.norm(x.transpose(2, 3).flatten(1, 2)).unflatten(1, x.shape[1:4:2]).transpose(2, 3)
        for i, layer in enumerate(self.layers):
            h = layer(h * noise[f"mask{i}"] if f"mask{i}" in noise else h)
        return torch.as_tensor(self.classifier(h.mean(dim=(2, 3))))


def carry_over(module: nn.Module, accepted: Mapping[str, Tensor], *, same_depth: bool) -> None:
    """Write the weights of a smaller network into the first places of every tensor of `module`.

    New places keep their fresh values. A tensor that has no counterpart, or a smaller one, is left as it is; so is the
    classifier of a deeper network, which reads other features. Norms and biases are carried over too (the authors' code
    loses them).
    """
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            old = accepted.get(name)
            if old is None or (name.startswith("classifier.") and not same_depth):
                continue
            if all(before <= now for before, now in zip(old.shape, tensor.shape, strict=True)):
                tensor[tuple(slice(n) for n in old.shape)] = old
