"""MIACNet under MA2MI: encoders that first learn, on macro-expressions, to foresee the face, then classify micro ones.

Li, Niu, Zhao: "From Macro to Micro: Boosting micro-expression recognition via pre-training on macro-expression
videos", arXiv 2405.16451 (2024). No code was found and the paper's details could not be read: the two branches and
what they are for are confirmed, their layers are our choice after the same first author's MMNet. The pre-training is
`mien.models.future_frames`.
"""

from __future__ import annotations

from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.clips.tasks import Task
from mien.models import mmnet
from mien.models.base import dropout_mask
from mien.models.motion_encoder import MotionEncoder
from mien.models.options import Schedule
from mien.models.registry import ModelCard, register
from mien.models.two_branch import Encoders, TwoBranch, TwoBranchModule, TwoBranchPlan


class MiacPlan(TwoBranchPlan):
    epochs: int = Field(60, ge=1, description="passes over the training clips; the last one is used")
    batch_size: int = Field(32, ge=2, description="clips per step")
    learning_rate: float = Field(2e-4, gt=0, description="peak learning rate of the classifier")
    encoder_rate: float = Field(
        0.25, gt=0, le=1, description="learning rate of the encoders, share of that of the classifier"
    )
    weight_decay: float = Field(0.05, ge=0, description="decoupled weight decay")
    schedule: Schedule = Field("cosine", description="learning rate over the epochs")
    from_offset: float = Field(
        0.25, ge=0, le=1, description="how often the offset stands for the onset in training"
    )
    dropout: float = Field(0.5, ge=0, lt=1, description="dropout before the classifier")


class SmallPlan(MiacPlan):
    epochs: int = Field(40, ge=1, description="passes over the training clips; the last one is used")
    batch_size: int = Field(16, ge=2, description="clips per step")
    learning_rate: float = Field(2e-3, gt=0, description="peak learning rate of the classifier")
    warmup_epochs: int = Field(2, ge=0, description="epochs of linear warm-up")
    width: int = Field(
        16,
        ge=4,
        le=64,
        description="filters of the first block; the last has eight times",
    )


class _Miac(TwoBranch):
    """What both sizes share: the maps' mean, dropout, a linear classifier."""

    plan: MiacPlan
    # Batch normalisation keeps running statistics, which vmap cannot update.
    stackable = False

    def build(self, task: Task) -> TwoBranchModule:
        encoders = self.encoders()
        head = nn.Linear(encoders.channels, len(task.classes))
        return TwoBranchModule(encoders, head, pooled=True, branches=self.plan.branches)

    def draw(self, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        drawn = super().draw(n, generator)
        if self.plan.dropout > 0:
            drawn["keep"] = dropout_mask((n, self.channels), self.plan.dropout, generator)
        return drawn

    @property
    def channels(self) -> int:
        """Channels of the encoders' maps."""
        return mmnet.CHANNELS


CONFIRMED = (
    "pre-training by rebuilding near-future frames in latent space on macro-expression videos; a position and an "
    "action branch; fine-tuning on micro-expressions (abstract)"
)
ASSUMED = (
    "all layers (after MMNet), the frames' distance, the predictor, loss, schedules, augmentation; faces 1.6 "
    "eye-corner distances wide"
)


@register(
    ModelCard(
        name="ma2mi",
        title="MA2MI (MIACNet)",
        paper="Li, Niu, Zhao 2024, arXiv 2405.16451",
        summary="position and action branches, pre-trained on macro-expressions to foresee the face; for a GPU",
        confirmed=CONFIRMED,
        assumed=ASSUMED,
    ),
    MiacPlan,
)
class Ma2mi(_Miac):
    """MIACNet with MMNet's action branch, and a plain one of the same kind for the position."""

    def encoders(self) -> Encoders:
        action = MotionEncoder(mmnet.STEM, mmnet.WIDTHS, attends=True, levelled=True)
        position = MotionEncoder((64,), (64, 128, 256, mmnet.CHANNELS), attends=False, levelled=True)
        return Encoders(action, position, mmnet.CHANNELS)


@register(
    ModelCard(
        name="ma2mi-small",
        title="MA2MI (MIACNet, small)",
        paper="Li, Niu, Zhao 2024, arXiv 2405.16451",
        summary="the same on 64 px with a quarter of the filters or fewer: pre-trains and trains on a CPU",
        confirmed=CONFIRMED,
        assumed=ASSUMED,
    ),
    SmallPlan,
)
class Ma2miSmall(_Miac):
    """MIACNet with narrow branches."""

    plan: SmallPlan

    @property
    def encoder_options(self) -> dict[str, Any]:
        return {"width": self.plan.width}

    @property
    def channels(self) -> int:
        return 8 * self.plan.width

    def encoders(self) -> Encoders:
        width = self.plan.width
        widths = (width, 2 * width, 4 * width, self.channels)
        action, position = (
            MotionEncoder((2 * width,), widths, attends=attends, levelled=True) for attends in (True, False)
        )
        return Encoders(action, position, self.channels)
