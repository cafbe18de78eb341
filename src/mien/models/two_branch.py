"""Networks of two branches: where the face is (position) and what it does (action); they share input and training.

The position branch sees one frame, the action branch the difference of two: neither can do the other's work.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.clips.tasks import Task
from mien.models import pretrained
from mien.models.base import Batch, Needs, Network, Terms, weighted_cross_entropy
from mien.models.key_frames import KEY_FRAMES, N_FRAMES, draw_changes, draw_frames, shown, stored
from mien.models.options import Plan
from mien.prepare.prepared import PreparedSet
from mien.protocols.view import Inputs

SMALLEST_PX = 32


class TwoBranchPlan(Plan):
    optimiser: Literal["adam", "adamw"] = Field("adamw", description="adam or adamw")
    flip: float = Field(0.5, ge=0, le=1, description="how often a clip is mirrored in training")
    rotation_deg: float = Field(4.0, ge=0, le=45, description="largest turn of a clip's frames in training")
    shift: float = Field(0.036, ge=0, le=0.5, description="largest move in training, share of the side")
    brightness: float = Field(0.0, ge=0, lt=1, description="largest change of a clip's light in training")
    jitter: bool = Field(
        True, description="in training, half the time frames 3.75 % behind the onset and before the apex"
    )
    from_offset: float = Field(
        0.0, ge=0, le=1, description="how often the offset stands for the onset in training"
    )
    branches: Literal["both", "action", "position"] = Field(
        "both", description="what is classified; position alone sees no motion and can only remember people"
    )
    encoder_rate: float = Field(
        1.0, gt=0, le=1, description="learning rate of the encoders, share of that of the classifier"
    )
    weights: Path | None = Field(
        None, description="encoders that `mien pretrain` wrote; without, they start at random"
    )


@dataclass(frozen=True)
class Encoders:
    """The two branches, each giving maps (B, `channels`, H', W') of one size."""

    action: nn.Module
    position: nn.Module
    channels: int

    @property
    def named(self) -> dict[str, nn.Module]:
        return {"action": self.action, "position": self.position}


class TwoBranchModule(nn.Module):
    """Logits (B, K) of stored key frames (B, 3, 5, H, W): both maps added, then `head`.

    Args:
        head: from the features of a clip to logits.
        pooled: the mean of a map over its places is taken first.
    """

    def __init__(self, encoders: Encoders, head: nn.Module, *, pooled: bool, branches: str) -> None:
        super().__init__()
        self.action, self.position, self.head = encoders.action, encoders.position, head
        self.pooled, self.branches = pooled, branches

    def forward(
        self, x: Tensor, noise: Mapping[str, Tensor] | None = None, valid: Tensor | None = None
    ) -> Tensor:
        drawn = noise or {}
        first, second = shown(x, drawn)
        parts = []
        if self.branches != "position":
            parts.append(self.action(second - first))
        if self.branches != "action":
            parts.append(self.position(first, drawn["path"]) if "path" in drawn else self.position(first))
        maps = torch.stack(parts).sum(dim=0)
        h = maps.mean(dim=(2, 3)) if self.pooled else maps.flatten(1)
        return torch.as_tensor(self.head(h * drawn["keep"] if "keep" in drawn else h))


class TwoBranch(Network):
    """What the networks of two branches share: input, augmentation, loss, and encoders from a file."""

    plan: TwoBranchPlan

    def __init__(self, plan: TwoBranchPlan) -> None:
        super().__init__(plan)
        self.at_once = plan.batch_size
        words = "(N, 3, 5, H, W) uint8: onset, shortly after, shortly before the apex, apex, offset"
        self.needs = Needs(
            {KEY_FRAMES: words}, at_least={KEY_FRAMES: (3, N_FRAMES, SMALLEST_PX, SMALLEST_PX)}
        )

    @property
    def encoder_options(self) -> dict[str, Any]:
        """The options that the size of the encoders follows from."""
        return {}

    @abstractmethod
    def encoders(self) -> Encoders:
        """Fresh encoders; `mien pretrain` trains them, and `build` puts them under a classifier."""

    def tensors(self, inputs: Inputs) -> Tensor:
        return stored(KEY_FRAMES, inputs[KEY_FRAMES])

    def draw(self, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        plan = self.plan
        drawn = draw_frames(n, jitter=plan.jitter, from_offset=plan.from_offset, generator=generator)
        drawn |= draw_changes(
            n,
            flip=plan.flip,
            rotation_deg=plan.rotation_deg,
            shift=plan.shift,
            brightness=plan.brightness,
            generator=generator,
        )
        return drawn

    def loss(self, outputs: Tensor, batch: Batch) -> Terms:
        return {"classification": weighted_cross_entropy(outputs, batch)}

    def rate(self, parameter: str) -> float:
        return 1.0 if parameter.startswith("head.") else self.plan.encoder_rate

    def start(self, module: Any) -> None:
        if self.plan.weights is not None:
            pretrained.load_into(self.plan.weights, {"action": module.action, "position": module.position})

    def notes(self) -> list[str]:
        if self.plan.weights is None:
            return ["the encoders start from random weights"]
        return [
            f"the encoders start from {self.plan.weights.name}: {pretrained.read_card(self.plan.weights).words}"
        ]

    def check(self, task: Task) -> None:
        if self.plan.weights is not None:
            pretrained.load_into(self.plan.weights, self.encoders().named)

    def admit(self, sources: Sequence[PreparedSet], held_out: Collection[str]) -> None:
        if self.plan.weights is not None:
            pretrained.admit(self.plan.weights, KEY_FRAMES, sources, held_out)
