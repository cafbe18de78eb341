"""Losses that tie clip embeddings to text embeddings, with masks for padding and for clips without text."""

from __future__ import annotations

import torch
from torch import Tensor

_NEVER = -1e4
"""Stands for minus infinity: its exponential is 0 in float32, and 0 * it stays finite."""


def cross_modal_kl(similarity: Tensor, target: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Mean of the row-wise and the column-wise KL(target || softmax(similarity)), a scalar.

    Each direction normalises `target` anew over the valid entries, so a clip with several right texts (or a
    text with several right clips) has no false negatives, and the minimum is 0. A row or column without any
    target counts in neither mean.

    Args:
        similarity: (B, S) scaled similarities of clips and texts.
        target: (B, S) non-negative weights, 0 where clip and text do not belong together.
        rows: (B,) 1 for clips that take part. columns: (S,) 1 for texts that take part.
    """
    valid = rows[:, None] * columns[None, :]
    similarity = similarity * valid + _NEVER * (1 - valid)
    target = target * valid
    return 0.5 * (_kl(similarity, target) + _kl(similarity.T, target.T))


def _kl(similarity: Tensor, target: Tensor) -> Tensor:
    """Mean over the rows that have a target of KL(normalised target || softmax(similarity))."""
    total = target.sum(dim=1, keepdim=True)
    wanted = target / total.clamp_min(1e-12)
    log_wanted = torch.where(wanted > 0, wanted, torch.ones_like(wanted)).log()
    divergence = (wanted * (log_wanted - torch.log_softmax(similarity, dim=1))).sum(dim=1)
    has = (total[:, 0] > 0).to(similarity.dtype)
    return (divergence * has).sum() / has.sum().clamp_min(1.0)


def info_nce(similarity: Tensor, rows: Tensor) -> Tensor:
    """The symmetric InfoNCE of CLIP: clip i and text i belong together, all others apart; a scalar.

    Args:
        similarity: (B, B). rows: (B,) 1 for the pairs that take part.
    """
    return cross_modal_kl(similarity, torch.diag_embed(rows), rows, rows)


def contrast_within(similarity: Tensor, target: Tensor, pairs: Tensor) -> Tensor:
    """Mean over the clips of KL(target || softmax(similarity)) among the other clips of a step, a scalar.

    The soft form of the supervised contrastive loss (Khosla et al. 2020): `target` says how much each other clip is
    a positive. A clip without any counts for nothing; no clip is its own.

    Args:
        similarity: (B, B), divided by the temperature. target: (B, B) non-negative weights.
        pairs: (B, B) 1 where the clip of the column takes part for that of the row.
    """
    pairs = pairs * (1 - torch.eye(len(pairs), device=pairs.device))
    return _kl(similarity * pairs + _NEVER * (1 - pairs), target * pairs)
