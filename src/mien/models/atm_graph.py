"""The graph of ATM-GCN: frames as nodes beside one global node, edges learnt per clip and forgotten in part.

Zhang, Huang, Zhang, Jin, arXiv 2406.08997. That edges adapt, that they are updated with a forgetting rate, that there
is a global node and a self-attention classifier is confirmed; every formula here is our choice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mien.models.vit import Block

KEYS = 64
HEADS = 4

Memory = Literal["learned", "all", "none"]


def positions(n: int, width: int, device: torch.device) -> Tensor:
    """Sinusoidal codes (n, width) of the distances 1 to n from the onset."""
    distance = torch.arange(1, n + 1, device=device)[:, None]
    rate = torch.exp(torch.arange(0, width, 2, device=device) * (-math.log(10_000.0) / width))
    code = torch.stack([torch.sin(distance * rate), torch.cos(distance * rate)], dim=2)
    return code.flatten(1)[:, :width]


def chain(valid: Tensor) -> Tensor:
    """The first adjacency (B, n + 1, n + 1) of n local nodes in a row and the global node, the last one.

    Neighbours in the row, the global node and every local one, and each node with itself are joined. No edge leads to
    a node whose `valid` (B, n) is 0. Rows sum to 1.
    """
    n = valid.shape[1]
    at = torch.arange(n + 1, device=valid.device)
    joined = ((at[:, None] - at[None]).abs() <= 1) | (at == n) | (at == n)[:, None]
    weights = joined.float() * _with_global(valid)[:, None, :]
    return weights / weights.sum(dim=2, keepdim=True)


def _with_global(valid: Tensor) -> Tensor:
    """The validity (B, n + 1) of the local nodes and, always 1, the global node."""
    return torch.cat([valid.float(), valid.new_ones(len(valid), 1).float()], dim=1)


class AtmLayer(nn.Module):
    """Nodes (B, N, D) and adjacency (B, N, N) after one step: edges are learnt, mixed with the old, and followed.

    Attributes:
        memory: the share of the old adjacency that stays is learnt, or fixed to all or none of it.
    """

    def __init__(self, width: int, memory: Memory) -> None:
        super().__init__()
        self.memory = memory
        self.query = nn.Linear(width, KEYS)
        # A bias here would add the same to a whole row of scores: softmax knows nothing of it.
        self.key = nn.Linear(width, KEYS, bias=False)
        # From and to: local or global.
        self.type_bias = nn.Parameter(torch.zeros(2, 2))
        self.forgetting = nn.Parameter(torch.zeros(()))
        self.mix = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        if memory != "learned":
            self.forgetting.requires_grad_(False)
        if memory == "all":
            for part in (self.query, self.key):
                part.requires_grad_(False)
            self.type_bias.requires_grad_(False)

    def kept(self) -> Tensor:
        """The share of the old adjacency that stays (phi)."""
        if self.memory == "learned":
            return torch.sigmoid(self.forgetting)
        return torch.full_like(self.forgetting, float(self.memory == "all"))

    def edges(self, h: Tensor, valid: Tensor) -> Tensor:
        """The learnt adjacency R (B, N, N) of nodes whose `valid` (B, N) is 1; the last node is the global one."""
        kind = torch.zeros(h.shape[1], dtype=torch.long, device=h.device)
        kind[-1] = 1
        scores = self.query(h) @ self.key(h).transpose(1, 2) / KEYS**0.5 + self.type_bias[kind][:, kind]
        return torch.softmax(scores.masked_fill(valid[:, None, :] == 0, -torch.inf), dim=2)

    def forward(
        self, h: Tensor, adjacency: Tensor, valid: Tensor, keep: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        phi = self.kept()
        adjacency = phi * adjacency + (1 - phi) * self.edges(h, valid)
        step = F.gelu(self.mix(adjacency @ h))
        return self.norm(h + (step if keep is None else step * keep)), adjacency


class AtmGraph(nn.Module):
    """Logits (B, K) of the motion vectors (B, n, width) of a clip's frames, of which those with `valid` (B, n) count.

    The global node starts as the mean of the local ones; after the layers and one block of self-attention over all
    nodes, it and the attention-pooled local nodes are classified.
    """

    def __init__(self, width: int, layers: int, n_classes: int, memory: Memory) -> None:
        super().__init__()
        self.layers = nn.ModuleList(AtmLayer(width, memory) for _ in range(layers))
        self.attention = Block(width, HEADS, mlp_ratio=2)
        self.pool = nn.Linear(width, 1, bias=False)
        self.classifier = nn.Linear(2 * width, n_classes)

    def forward(
        self,
        local: Tensor,
        valid: Tensor,
        noise: Mapping[str, Tensor] | None = None,
        adjacency: Tensor | None = None,
    ) -> Tensor:
        noise = noise or {}
        counted = valid.float()[:, :, None]
        whole = (local * counted).sum(dim=1, keepdim=True) / counted.sum(dim=1, keepdim=True).clamp_min(1)
        h, all_valid = torch.cat([local, whole], dim=1), _with_global(valid)
        edges = chain(valid) if adjacency is None else adjacency
        for number, layer in enumerate(self.layers):
            h, edges = layer(h, edges, all_valid, noise.get(f"keep_{number}"))
        h = self.attention(h, all_valid)
        nodes, whole = h[:, :-1], h[:, -1]
        scores = self.pool(nodes)[:, :, 0].masked_fill(valid == 0, -torch.inf)
        pooled = (torch.softmax(scores, dim=1)[:, :, None] * nodes).sum(dim=1)
        found = torch.cat([whole, pooled], dim=1)
        logits: Tensor = self.classifier(found * noise["keep_last"] if "keep_last" in noise else found)
        return logits
