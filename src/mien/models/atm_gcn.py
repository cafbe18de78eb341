"""ATM-GCN: motion of every frame against the onset, as nodes of a graph whose edges are learnt per clip.

Zhang, Huang, Zhang, Jin: "Adaptive Temporal Motion Guided Graph Convolution Network for Micro-expression
Recognition", arXiv 2406.08997, 2024.
"""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from mien.clips.tasks import Task
from mien.errors import InputError
from mien.models.atm_graph import HEADS, AtmGraph, Memory, positions
from mien.models.base import Batch, Needs, Network, Terms, dropout_mask, weighted_cross_entropy
from mien.models.clip_images import (
    FLOW_CLIP,
    RGB,
    draw_augmentation,
    flow_values,
    mirror,
    rgb_values,
    rotated,
    seen,
)
from mien.models.continuous_attention import MotionEncoder
from mien.models.options import Optimiser, Plan, Schedule
from mien.models.registry import ModelCard, register
from mien.models.vit import MEAN, STD
from mien.protocols.view import Inputs

SMALLEST_PX = 32
NEEDS = {
    RGB: Needs(
        {RGB: "(N, 3, T, H, W) uint8, the onset first"}, at_least={RGB: (3, 2, SMALLEST_PX, SMALLEST_PX)}
    ),
    FLOW_CLIP: Needs(
        {FLOW_CLIP: "(N, 2, T, H, W): u, v in pixels, from the onset, which comes first"},
        at_least={FLOW_CLIP: (2, 2, SMALLEST_PX, SMALLEST_PX)},
    ),
}


class AtmGcnOptions(Plan):
    epochs: int = Field(60, ge=1, description="passes over the training clips; the last one is used")
    batch_size: int = Field(16, ge=2, description="clips per step")
    learning_rate: float = Field(5e-4, gt=0, description="peak learning rate")
    optimiser: Optimiser = Field("adamw", description=Plan.model_fields["optimiser"].description)
    weight_decay: float = Field(0.05, ge=0, description=Plan.model_fields["weight_decay"].description)
    schedule: Schedule = Field("cosine", description=Plan.model_fields["schedule"].description)
    warmup_epochs: int = Field(5, ge=0, description="epochs of linear warm-up")
    clip_norm: float = Field(1.0, ge=0, description="largest gradient norm of a step; 0 = no limit")
    balance: float = Field(1.0, ge=0, le=1, description=Plan.model_fields["balance"].description)
    motion: Literal["rgb", "flow"] = Field(
        "rgb", description="a frame's motion: its colours minus the onset's, or the flow from the onset"
    )
    flow_scale_px: float = Field(
        1.0, gt=0, description="flow is cut off at this many pixels and divided by it"
    )
    subtract_median: bool = Field(
        False, description="take each frame's median difference away, channel by channel: drifting light"
    )
    frames: int = Field(16, ge=2, le=128, description="frames seen of each clip, the onset among them")
    width: int = Field(
        64, ge=4, le=256, description="filters of the encoder's stem; its last block has 8 times it"
    )
    features: int = Field(256, ge=HEADS, le=1024, multiple_of=HEADS, description="size of a node")
    layers: int = Field(2, ge=1, le=8, description="graph layers")
    memory: Memory = Field(
        "learned",
        description="the share of the old edges that a layer keeps: learned, all (a fixed chain), or none",
    )
    position: bool = Field(True, description="add a code of the distance to the onset to each node")
    dropout: float = Field(
        0.3, ge=0, lt=1, description="dropout in the graph layers and before the classifier"
    )
    flip: float = Field(0.5, ge=0, le=1, description="chance of a left-right flip in training")
    test_flip: bool = Field(True, description="average the probabilities of the clip and its mirror image")
    crop: float = Field(
        0.93,
        ge=0.5,
        le=1,
        description="share of each side seen: a random place in training, the centre at test",
    )
    rotation_deg: float = Field(4.0, ge=0, le=45, description="largest turn of a clip in training")
    frame_drop: float = Field(
        0.2, ge=0, lt=1, description="largest share of the frames that is left out of a clip in training"
    )


class AtmGcnModule(nn.Module):
    """Logits (B, K) of stored clips by array name: (B, 3, T, H, W) uint8, or flow (B, 2, T, H, W) in pixels."""

    def __init__(self, n_classes: int, options: AtmGcnOptions) -> None:
        super().__init__()
        self.options = options
        self.encoder = MotionEncoder(3 if options.motion == RGB else 2, options.width, options.features)
        # Four attentions, each about a half, leave motion vectors so small that the code of the position would drown
        # them (measured on real-sized clips: 0.02 of it).
        self.norm = nn.LayerNorm(options.features)
        self.graph = AtmGraph(options.features, options.layers, n_classes, options.memory)

    def forward(
        self, x: dict[str, Tensor], noise: dict[str, Tensor] | None = None, valid: Tensor | None = None
    ) -> Tensor:
        noise = noise or {}
        clips = seen(x[self.options.motion], self.options.frames, self.options.crop, noise)
        counted = distinct(clips)
        if "drop" in noise:
            counted = counted & ~noise["drop"].bool()
        # The nearest frame to the onset always counts, so that no clip is without any.
        counted = torch.cat([torch.ones_like(counted[:, :1]), counted[:, 1:]], dim=1)
        motion = self.motions(clips, noise)
        vectors = self.norm(self.encoder(motion.transpose(1, 2).flatten(0, 1))).unflatten(0, counted.shape)
        if self.options.position:
            vectors = vectors + positions(vectors.shape[1], vectors.shape[2], vectors.device)
        logits: Tensor = self.graph(vectors, counted, noise)
        return logits

    def motions(self, clips: Tensor, noise: dict[str, Tensor]) -> Tensor:
        """The motion (B, C, L - 1, h, w) of each frame against the onset, the first."""
        flow = self.options.motion == FLOW_CLIP
        if flow:
            found = flow_values(clips, self.options.flow_scale_px, noise)[:, :, 1:]
        else:
            found = rgb_values(clips, MEAN, STD, noise, difference=True)[:, :, 1:]
        if self.options.subtract_median:
            found = found - found.flatten(3).median(dim=3).values[..., None, None]
        return rotated(found, noise["turn"], vectors=flow) if "turn" in noise else found


def distinct(clips: Tensor) -> Tensor:
    """Which frames (B, L - 1) of clips (B, C, L, H, W) differ from the one before: a repeated one would weigh twice."""
    return (clips[:, :, 1:] != clips[:, :, :-1]).flatten(3).any(dim=3).any(dim=1)


@register(
    ModelCard(
        name="atm-gcn",
        title="ATM-GCN",
        paper="Zhang et al., arXiv 2406.08997",
        summary="frames' motion against the onset as nodes of a graph with learnt edges; 2.97 M parameters, for a GPU",
        confirmed="pairs with the onset, continuous attention as motion encoder, position code, local nodes and a "
        "global one, adaptive edges with a forgetting rate, self-attention classifier (abstract and a review)",
        assumed="every size and formula, loss, optimiser, epochs, augmentation; no figure of the paper could be read",
    ),
    AtmGcnOptions,
)
class AtmGcn(Network):
    """ATM-GCN built from what is known of it."""

    plan: AtmGcnOptions
    # Its batch normalisation keeps running statistics, which vmap cannot update.
    stackable = False

    def __init__(self, plan: AtmGcnOptions) -> None:
        super().__init__(plan)
        self.needs = NEEDS[plan.motion]
        self.at_once = plan.batch_size

    def tensors(self, inputs: Inputs) -> dict[str, Tensor]:
        """The clips as they are stored, without a copy.

        Raises:
            InputError: colours that are no bytes, or flow that is not finite.
        """
        name = self.plan.motion
        clips = inputs[name]
        if name == RGB and clips.dtype != np.uint8:
            raise InputError(
                "the array 'rgb' has values of another type", found=clips.dtype, do="prepare it as uint8"
            )
        if name == FLOW_CLIP and not np.isfinite(clips).all():
            raise InputError("the flow of some clips holds NaN or infinity", do="prepare the clips again")
        with warnings.catch_warnings():
            # The arrays of a view are read-only; nothing here writes to them.
            warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
            return {name: torch.from_numpy(clips)}

    def build(self, task: Task) -> AtmGcnModule:
        return AtmGcnModule(len(task.classes), self.plan)

    def draw(self, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        plan, device = self.plan, generator.device
        drawn = draw_augmentation(
            n, flip=plan.flip, crop=plan.crop, frames=plan.frames, brightness=0.0, generator=generator
        )
        if plan.rotation_deg > 0:
            drawn["turn"] = plan.rotation_deg * (2 * torch.rand(n, generator=generator, device=device) - 1)
        if plan.frame_drop > 0:
            share = plan.frame_drop * torch.rand(n, 1, generator=generator, device=device)
            drawn["drop"] = torch.rand(n, plan.frames - 1, generator=generator, device=device) < share
        if plan.dropout > 0:
            nodes = (n, plan.frames, plan.features)
            for number in range(plan.layers):
                drawn[f"keep_{number}"] = dropout_mask(nodes, plan.dropout, generator)
            drawn["keep_last"] = dropout_mask((n, 2 * plan.features), plan.dropout, generator)
        return drawn

    def views(self, x: dict[str, Tensor]) -> list[dict[str, Tensor]]:
        return [x, mirror(x)] if self.plan.test_flip else [x]

    def loss(self, outputs: Tensor, batch: Batch) -> Terms:
        return {"classification": weighted_cross_entropy(outputs, batch)}
