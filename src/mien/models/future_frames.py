"""The pretext of MA2MI: from a frame and the motion to one shortly after, rebuild that later frame's latent map.

Paper: see `mien.models.ma2mi`. Confirmed: future frames are rebuilt, in latent space, so that the action branch
learns small movements. Ours: that the predictor adds a change to the map of the present frame, the loss, the sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from mien.clips.tasks import Task
from mien.models.base import Batch, Network, Targets, Terms
from mien.models.key_frames import draw_changes, stored, two
from mien.models.motion_encoder import AttentionBlock
from mien.models.options import Plan, Schedule
from mien.models.two_branch import Encoders, TwoBranch
from mien.protocols.view import Inputs, TrainView

RGB, PAIRS, N_PAIRS = "rgb", "pairs", "n_pairs"


class FuturePlan(Plan):
    epochs: int = Field(60, ge=1, description="passes over the clips")
    batch_size: int = Field(16, ge=2, description="clips per step")
    pairs: int = Field(4, ge=1, le=64, description="pairs of frames drawn of each clip of a step")
    learning_rate: float = Field(1e-3, gt=0, description="peak learning rate")
    optimiser: Literal["adam", "adamw"] = Field("adamw", description="adam or adamw")
    weight_decay: float = Field(0.05, ge=0, description="decoupled weight decay")
    schedule: Schedule = Field("cosine", description="learning rate over the epochs")
    warmup_epochs: int = Field(5, ge=0, description="epochs of linear warm-up")
    clip_norm: float = Field(1.0, ge=0, description="largest gradient norm of a step; 0 = no limit")
    gap_s: float = Field(0.2, gt=0, le=2, description="longest time between the two frames of a pair")
    most_motion_px: float = Field(
        3.0,
        gt=0,
        description="pairs whose median motion is more are left out (pixels of a 224 px face): the head moves",
    )
    least_change: float = Field(
        0.5,
        ge=0,
        description="pairs whose mean absolute difference is less are left out (of 255): noise alone",
    )
    momentum: float = Field(
        0.996, ge=0, le=1, description="how slowly the target follows the position branch; 1 = never"
    )
    bottleneck: int = Field(
        32, ge=1, description="channels that the motion passes on its way to the predictor"
    )
    static: float = Field(0.1, ge=0, description="weight of the penalty on features of no motion")
    flip: float = Field(0.5, ge=0, le=1, description="how often a pair is mirrored")
    rotation_deg: float = Field(5.0, ge=0, le=45, description="largest turn of a pair")
    shift: float = Field(0.036, ge=0, le=0.5, description="largest move, share of the side")
    brightness: float = Field(0.2, ge=0, lt=1, description="largest change of a pair's light")
    aside: float = Field(
        0.1, ge=0, lt=1, description="share of the people left aside, on whom it is told how well it does"
    )


@dataclass(frozen=True)
class Foreseen:
    """Latent maps (B, C, h, w): of the future frame as predicted and as it is, and of the present; features of the
    motion (B, C, h, w), and of no motion (C, h, w)."""

    predicted: Tensor
    target: Tensor
    present: Tensor
    moving: Tensor
    still: Tensor


class FutureModule(nn.Module):
    """Both encoders, a slow copy of the position branch that gives the targets, and the predictor."""

    def __init__(self, encoders: Encoders, plan: FuturePlan) -> None:
        super().__init__()
        self.action, self.position = encoders.action, encoders.position
        self.target = deepcopy(encoders.position).requires_grad_(False)
        self.momentum, self.n_pairs = plan.momentum, plan.pairs
        channels = encoders.channels
        self.narrow = nn.Sequential(
            nn.Conv2d(channels, plan.bottleneck, 1),
            nn.BatchNorm2d(plan.bottleneck),
            nn.Conv2d(plan.bottleneck, channels, 1),
        )
        self.mix = nn.Conv2d(2 * channels, channels, 1)
        self.blocks = nn.ModuleList(AttentionBlock(channels, channels, 1, attends=False) for _ in range(2))
        # At first nothing is added: the prediction is the present frame, the copy that is to be beaten.
        self.change = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.change.weight)
        nn.init.zeros_(self.change.bias)  # type: ignore[arg-type]

    def forward(
        self,
        x: Mapping[str, Tensor],
        noise: Mapping[str, Tensor] | None = None,
        valid: Tensor | None = None,
        *,
        blind: bool = False,
    ) -> Foreseen:
        """Pairs of clips, `pairs` of each: as drawn (`which` (B, pairs) uniform), or spread evenly.

        Args:
            x: `rgb` (B, 3, T, H, W) uint8, `pairs` (B, P, 2) frame numbers, of which the first `n_pairs` (B,) count.
            blind: the predictor is told of no motion.
        """
        if self.training:
            self._follow()
        drawn = dict(noise or {})
        even = (torch.arange(self.n_pairs, device=x[RGB].device) + 0.5) / self.n_pairs
        which = drawn.pop("which", even.expand(len(x[RGB]), -1))
        now, later = two(_pairs(x, which), {name: values.flatten(0, 1) for name, values in drawn.items()})
        # One more clip, without any motion, through the same normalisation as the others.
        action = self.action(torch.cat([later - now, torch.zeros_like(now[:1])]))
        moving, still = action[:-1], action[-1]
        with torch.no_grad():
            present, target = self.target(torch.cat([now, later])).chunk(2)
        told = still.expand_as(moving) if blind else moving
        h = self.mix(torch.cat([self.position(now), self.narrow(told)], dim=1))
        for block in self.blocks:
            h, _ = block(h, None)
        return Foreseen(present + self.change(h), target, present, moving, still)

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the target a little towards the position branch."""
        for weight, towards in zip(self.target.parameters(), self.position.parameters(), strict=True):
            weight.lerp_(towards, 1 - self.momentum)


def _pairs(x: Mapping[str, Tensor], which: Tensor) -> Tensor:
    """The chosen pairs (B * pairs, 3, 2, H, W) of the clips, bytes."""
    chosen = (which * x[N_PAIRS][:, None]).long().clamp_max(x[N_PAIRS][:, None] - 1)
    clip = torch.arange(len(which), device=which.device)[:, None]
    numbers = x[PAIRS][clip, chosen]
    found = x[RGB].transpose(1, 2)[clip[:, :, None], numbers]
    return found.flatten(0, 1).transpose(1, 2)


def latent_error(one: Tensor, other: Tensor) -> Tensor:
    """2 - 2 cos between the vectors of two maps (B, C, h, w), mean over the places: (B,)."""
    return (F.normalize(one, dim=1) - F.normalize(other, dim=1)).square().sum(dim=1).mean(dim=(1, 2))


class FutureFrames(Network):
    """Pre-training of the encoders of a network; its module is thrown away afterwards but for them."""

    stackable = False
    plan: FuturePlan

    def __init__(self, plan: FuturePlan, network: TwoBranch) -> None:
        super().__init__(plan)
        self.network = network

    def tensors(self, inputs: Inputs) -> dict[str, Tensor]:
        numbers = {name: torch.from_numpy(inputs[name].copy()) for name in (PAIRS, N_PAIRS)}
        return {RGB: stored(RGB, inputs[RGB]), **numbers}

    def build(self, task: Task) -> FutureModule:
        return FutureModule(self.network.encoders(), self.plan)

    def targets(self, view: TrainView) -> Targets:
        return Targets({})

    def draw(self, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        plan = self.plan
        changes = draw_changes(
            n * plan.pairs,
            flip=plan.flip,
            rotation_deg=plan.rotation_deg,
            shift=plan.shift,
            brightness=plan.brightness,
            generator=generator,
        )
        shaped = {name: values.view(n, plan.pairs, *values.shape[1:]) for name, values in changes.items()}
        which = torch.rand((n, plan.pairs), generator=generator, device=generator.device)
        return {"which": which, **shaped}

    def loss(self, outputs: Foreseen, batch: Batch) -> Terms:
        """`copying`: the error over that of copying the present, 1 at first; `static`: features of no
        motion, as a share of those of motion."""
        error = latent_error(outputs.predicted, outputs.target).mean()
        copying = latent_error(outputs.present, outputs.target).mean().clamp_min(1e-12)
        static = outputs.still.abs().mean() / outputs.moving.abs().mean().clamp_min(1e-6)
        return {"of copying": error / copying, "static": self.plan.static * static}
