"""MMNet: the motion from onset to apex, and where on the face it is, told by a small transformer.

Li, Sui, Zhu, Zhao: "MMNet: Muscle motion-guided network for micro-expression recognition", IJCAI 2022,
arXiv 2201.05297; code github.com/muse1998/MMNet.
"""

from __future__ import annotations

from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from mien.clips.tasks import Task
from mien.models.base import Needs
from mien.models.key_frames import KEY_FRAMES, N_FRAMES
from mien.models.motion_encoder import MotionEncoder
from mien.models.options import Schedule
from mien.models.registry import ModelCard, register
from mien.models.two_branch import Encoders, TwoBranch, TwoBranchModule, TwoBranchPlan

CHANNELS = 512
STEM, WIDTHS = (180, 128), (128, 128, 256, CHANNELS)
HEADS = 4
#: Side of the maps over the side of the pictures.
STRIDE = 16


class MmnetPlan(TwoBranchPlan):
    epochs: int = Field(74, ge=1, description="passes over the training clips; the last one is used")
    batch_size: int = Field(32, ge=2, description="clips per step")
    learning_rate: float = Field(8e-4, gt=0, description="learning rate of the first epoch")
    weight_decay: float = Field(0.6, ge=0, description="decoupled weight decay")
    schedule: Schedule = Field("exponential", description="learning rate over the epochs")
    shift: float = Field(15 / 224, ge=0, le=0.5, description="largest move in training, share of the side")
    side_px: int = Field(224, ge=32, le=512, multiple_of=STRIDE, description="side of the pictures it reads")
    depth: int = Field(2, ge=1, le=12, description="blocks of the transformer; 3 for three classes")
    mlp_ratio: int = Field(4, ge=1, le=8, description="its inner layers over 512; 2 for three classes")
    drop_path: float = Field(
        0.0, ge=0, lt=1, description="how often a block is left out in training; 0.3 for three classes"
    )


class PositionTransformer(nn.Module):
    """Maps (B, 512, m, m) of onset frames (B, 3, 16 m, 16 m): a thumbnail of m x m, a token for each of its pixels.

    A block that is left out in training is left out whole, attention and inner layers together.
    """

    def __init__(self, side: int, depth: int, mlp_ratio: int, drop_path: float) -> None:
        super().__init__()
        self.side, self.drop_path = side, drop_path
        self.token = nn.Linear(3, CHANNELS)
        self.place = nn.Parameter(torch.empty(1, side * side, CHANNELS))
        nn.init.trunc_normal_(self.place, std=0.02)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                CHANNELS, HEADS, mlp_ratio * CHANNELS, 0.0, "gelu", batch_first=True, norm_first=True
            )
            for _ in range(depth)
        )
        self.norm = nn.LayerNorm(CHANNELS)

    def forward(self, x: Tensor, path: Tensor | None = None) -> Tensor:
        """`path` (B, depth): uniform numbers that decide which blocks a clip passes by."""
        thumbnail = F.adaptive_avg_pool2d(x, self.side)
        h = self.token(thumbnail.flatten(2).transpose(1, 2)) + self.place
        for i, block in enumerate(self.blocks):
            change = block(h) - h
            if path is not None:
                kept = (path[:, i] >= self.drop_path).float() / (1 - self.drop_path)
                change = change * kept[:, None, None]
            h = h + change
        return torch.as_tensor(self.norm(h).transpose(1, 2).unflatten(2, (self.side, self.side)))


@register(
    ModelCard(
        name="mmnet",
        title="MMNet",
        paper="Li et al., IJCAI 2022, arXiv 2201.05297",
        summary="onset-apex difference through attending convolutions, position from a thumbnail; 9.44 M parameters",
        confirmed="both branches, sum, classifier, sizes, optimiser, decay, epochs, augmentation of the 5-class script "
        "(published code)",
        assumed="black comes in where pictures are moved or turned, and frames are jittered half the time by their "
        "full 3.75 %; the last epoch (the authors take the best epoch of each test subject)",
        published={
            "casme2-5": "accuracy .8835, F1 .8676; the best epoch of each test subject, accuracy and F1 each their own"
        },
    ),
    MmnetPlan,
)
class Mmnet(TwoBranch):
    """MMNet as its authors' 5-class script has it, without its unused parts."""

    plan: MmnetPlan
    # Its batch normalisation keeps running statistics, which vmap cannot update.
    stackable = False

    def __init__(self, plan: MmnetPlan) -> None:
        super().__init__(plan)
        size = (3, N_FRAMES, plan.side_px, plan.side_px)
        self.needs = Needs(self.needs.arrays, sizes={KEY_FRAMES: size})

    @property
    def encoder_options(self) -> dict[str, Any]:
        return self.plan.model_dump(include={"side_px", "depth", "mlp_ratio"})

    def encoders(self) -> Encoders:
        plan = self.plan
        action = MotionEncoder(STEM, WIDTHS, attends=True)
        side = plan.side_px // STRIDE
        position = PositionTransformer(side, plan.depth, plan.mlp_ratio, plan.drop_path)
        return Encoders(action, position, CHANNELS)

    def build(self, task: Task) -> TwoBranchModule:
        places = (self.plan.side_px // STRIDE) ** 2
        head = nn.Linear(CHANNELS * places, len(task.classes))
        return TwoBranchModule(self.encoders(), head, pooled=False, branches=self.plan.branches)

    def draw(self, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        drawn = super().draw(n, generator)
        if self.plan.drop_path > 0:
            shape = (n, self.plan.depth)
            drawn["path"] = torch.rand(shape, generator=generator, device=generator.device)
        return drawn
