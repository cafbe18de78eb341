"""SLSTT at a size that a CPU can train from nothing. The paper, and what the two sizes share: `mien.models.slstt`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from torch import nn

from mien.clips.tasks import Task
from mien.errors import UsageError
from mien.models.flow_drawing import Drawing, draw
from mien.models.options import Optimiser, Plan, Schedule
from mien.models.registry import ModelCard, register
from mien.models.slstt import Aggregator, SlsttModule, SlsttNetwork, SlsttPlan
from mien.models.vit import VisionTransformer


class SlsttSmallOptions(SlsttPlan):
    batch_size: int = Field(16, ge=2, description="clips per step")
    learning_rate: float = Field(1e-3, gt=0, description="peak learning rate")
    optimiser: Optimiser = Field("adamw", description=Plan.model_fields["optimiser"].description)
    weight_decay: float = Field(0.05, ge=0, description=Plan.model_fields["weight_decay"].description)
    schedule: Schedule = Field("cosine", description=Plan.model_fields["schedule"].description)
    warmup_epochs: int = Field(4, ge=0, description="epochs of linear warm-up")
    clip_norm: float = Field(1.0, ge=0, description="largest gradient norm of a step; 0 = no limit")
    balance: float = Field(
        0.25, ge=0, le=1, description="class weights: clips per class to the power of minus this"
    )
    drawing: Drawing = Field("fixed", description=SlsttPlan.model_fields["drawing"].description)
    limit: float = Field(1 / 64, gt=0, description=SlsttPlan.model_fields["limit"].description)
    layers: int = Field(1, ge=1, le=4, description="layers of the LSTM or GRU")
    hidden: int = Field(64, ge=4, le=2048, description="size of the LSTM's or GRU's state")
    dropout: float = Field(0.3, ge=0, lt=1, description="dropout on the feature that is classified")
    flip: float = Field(0.5, ge=0, le=1, description=SlsttPlan.model_fields["flip"].description)
    size_px: int = Field(48, ge=16, le=384, description="edge of the images it sees")
    patch_px: int = Field(8, ge=4, le=64, description="edge of a patch; divides the image's")
    width: int = Field(64, ge=8, le=512, description="size of a token")
    depth: int = Field(2, ge=1, le=12, description="blocks of the transformer")
    heads: int = Field(4, ge=1, le=16, description="attention heads; divide the width")


@register(
    ModelCard(
        name="slstt-small",
        title="SLSTT (small ViT, trained from nothing)",
        paper="after Zhang et al., IEEE TAFFC 13(4) 2022, arXiv 2112.05851",
        summary="a small ViT on images of long-term flow, then an LSTM, trained together; on a CPU",
        confirmed="the way of a clip: long-term flow, image by image through a ViT, class tokens through an LSTM",
        assumed="all sizes, the fixed scale of flow, training of the whole network from random weights, flips, AdamW",
    ),
    SlsttSmallOptions,
)
class SlsttSmall(SlsttNetwork):
    """SLSTT with a transformer small enough to learn all of it on a CPU."""

    plan: SlsttSmallOptions

    def __init__(self, plan: SlsttSmallOptions) -> None:
        super().__init__(plan)
        self.width = plan.width
        self.at_once = plan.batch_size

    def check(self, task: Task) -> None:
        plan = self.plan
        if plan.size_px % plan.patch_px or plan.width % plan.heads:
            raise UsageError(
                "patches do not fill the image, or heads do not divide the width",
                found=f"{plan.patch_px} of {plan.size_px} px, {plan.heads} heads of {plan.width}",
            )

    def look(self, flow: NDArray[Any]) -> NDArray[np.uint8]:
        return draw(flow, self.plan.size_px, self.plan.drawing, self.plan.limit)

    def build(self, task: Task) -> SlsttModule:
        plan = self.plan
        encoder = VisionTransformer(plan.size_px, plan.patch_px, plan.width, plan.depth, plan.heads)
        encoder.norm = nn.Identity()  # the aggregator has it
        return SlsttModule(Aggregator(plan.width, len(task.classes), plan), encoder)
