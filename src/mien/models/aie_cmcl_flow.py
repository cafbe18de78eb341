"""AIE-CMCL on the onset-apex flow image: the flagship's idea on one stream of small images, with a 2D encoder.

Paper and what of it is confirmed: see `mien.models.aie_cmcl`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from mien.clips.tasks import Task
from mien.errors import UsageError
from mien.models.aie_cmcl import AieCmcl, AieCmclModule, AieCmclOptions, AieOutputs
from mien.models.attribute_text import derangement
from mien.models.base import FLOW, Batch, Needs, Targets, Terms, dropout_mask
from mien.models.flow_images import AUGMENTATION, augment, centred, draw_augmentation, mirror
from mien.models.images import Images
from mien.models.options import Plan
from mien.models.region_masking import REGIONS, masked, relevance, relevance_loss
from mien.models.registry import ModelCard, register
from mien.models.stem import FlowStem
from mien.prepare.synthetic import DATASET, sample_flow
from mien.protocols.view import Inputs, TrainView

PRETRAINING_SEED = 1_000_000_007
"""Keeps the people of the pre-training apart from those of any `synthetic-flow` set, whose seeds are small."""
Masking = Literal["none", "au", "shuffled"]


class AieFlowOptions(AieCmclOptions):
    epochs: int = Field(20, ge=1, description="passes over the training clips; the last one is used")
    batch_size: int = Field(64, ge=2, description="clips per step")
    weight_decay: float = Field(0.01, ge=0, description="decoupled weight decay")
    shift_px: int = Field(1, ge=0, le=4, description="largest shift of a training image in pixels, each axis")
    filters: int = Field(16, ge=4, le=256, description="filters of the flow encoder's convolution")
    synthetic_clips: int = Field(
        4000,
        ge=0,
        le=100_000,
        description="synthetic clips to pre-train on; 0 = none (needs a task with 'synthetic')",
    )
    masking: Masking = Field(
        "none",
        description="fade the face regions that the AUs of a clip do not need, as a part of the network guesses from "
        "the image; shuffled = taught by another clip's AUs (control)",
    )
    masking_weight: float = Field(1.0, gt=0, description="weight of the loss that teaches where AUs show")
    synthetic_epochs: int = Field(20, ge=1, description="epochs of the pre-training")


class FlowEncoder(nn.Module):
    """Features (B, 25 * C) of centred flow images (B, 3, 28, 28)."""

    def __init__(self, n_filters: int, dropout: float) -> None:
        super().__init__()
        self.stem = FlowStem(n_filters)
        self.n_features = 25 * n_filters

    def forward(self, x: Tensor, keep: Tensor | None, valid: Tensor | None) -> Tensor:
        h = F.avg_pool2d(self.stem(x, valid), 2).flatten(1)
        return h if keep is None else h * keep


class FlowModule(AieCmclModule):
    """The flow encoder under the common heads."""

    def encode(self, x: Tensor, noise: dict[str, Tensor], valid: Tensor | None) -> list[Tensor]:
        return [self.streams["flow"](augment(x, noise), noise.get("keep_encoded"), valid)]


class MaskedFlowModule(FlowModule):
    """The same behind a guide of its own, which guesses from the image where the AUs show and fades the rest."""

    def __init__(
        self, streams: dict[str, nn.Module], n_classes: int, text_size: int, options: AieFlowOptions
    ) -> None:
        super().__init__(streams, n_classes, text_size, options)
        self.guide = FlowEncoder(options.filters, 0.0)
        self.scores = nn.Linear(self.guide.n_features, len(REGIONS))

    def forward(
        self, x: Images, noise: dict[str, Tensor] | None = None, valid: Tensor | None = None
    ) -> AieOutputs:
        assert isinstance(x, Tensor)
        noise = noise or {}
        seen = augment(x, noise)
        scores = self.scores(self.guide(seen, None, valid)).float()
        rest = {name: drawn for name, drawn in noise.items() if name not in AUGMENTATION}
        return replace(super().forward(masked(seen, scores), rest, valid), relevance=scores)


@register(
    ModelCard(
        name="aie-cmcl-flow",
        title="AIE-CMCL (flow image)",
        paper="Song et al., IJCNN 2022, arXiv 2205.14643",
        summary="flow encoder tied to BERT embeddings of AU sentences in training; video alone at test",
        confirmed="3D CNN features of RGB and flow fused; BERT on FACS text; cross-modal contrastive loss (abstract)",
        assumed="encoder, sizes, sentences, bank of AU sets, multi-positive form, weights, schedule, augmentation; "
        "here one stream, the onset-apex flow image, and a 2D encoder",
    ),
    AieFlowOptions,
)
class AieCmclFlow(AieCmcl):
    """AIE-CMCL with the onset-apex flow image as its one stream."""

    needs = Needs({FLOW: "(N, 3, 28, 28): u, v, strain"}, action_units="training", sizes={FLOW: (3, 28, 28)})
    plan: AieFlowOptions

    def tensors(self, inputs: Inputs) -> Tensor:
        return centred(inputs[FLOW])

    def build(self, task: Task) -> FlowModule:
        encoder = FlowEncoder(self.plan.filters, self.plan.dropout)
        kind = FlowModule if self.plan.masking == "none" else MaskedFlowModule
        return kind({"flow": encoder}, len(task.classes), self.plan.text_size(task), self.plan)

    def targets(self, view: TrainView) -> Targets:
        base = super().targets(view)
        if self.plan.masking == "none":
            return base
        needed, told = relevance(view.annotations)
        if self.plan.masking == "shuffled":
            tellers = np.flatnonzero(told)
            needed[tellers] = needed[tellers[derangement(len(tellers), view.fold)]]
        return Targets(
            {**base.per_clip, "needed": torch.tensor(needed), "told": torch.tensor(told)}, base.fixed
        )

    def loss(self, outputs: AieOutputs, batch: Batch) -> Terms:
        terms = super().loss(outputs, batch)
        if outputs.relevance is not None:
            needed, told = batch.targets["needed"], batch.targets["told"]
            loss = relevance_loss(outputs.relevance, needed, told, batch.valid)
            terms["relevance"] = self.plan.masking_weight * loss
        return terms

    def check(self, task: Task) -> None:
        if self.plan.synthetic_clips > 0 and DATASET not in task.classes_of:
            raise UsageError(
                f"synthetic pre-training is not possible for task '{task.name}'",
                found=f"it has no classes for the database '{DATASET}'",
                do="set synthetic_clips=0, or use megc-3",
            )

    def pretraining(self, task: Task, seed: int) -> tuple[TrainView, Plan] | None:
        """Synthetic clips with exact flow and AUs, drawn for this seed."""
        if self.plan.synthetic_clips == 0:
            return None
        sample = sample_flow(self.plan.synthetic_clips, seed=PRETRAINING_SEED + seed)
        class_of = task.classes_of[DATASET]
        view = TrainView(
            arrays={FLOW: sample.flow},
            labels=np.array([task.classes.index(class_of[str(e)]) for e in sample.emotion]),
            groups=sample.subject,
            datasets=np.full(len(sample.subject), DATASET),
            annotations=tuple(sample.annotations),
            task=task,
            fold="synthetic pre-training",
        )
        return view, self.plan.model_copy(update={"epochs": self.plan.synthetic_epochs})

    def draw(self, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        drawn = draw_augmentation(n, self.plan.flip, self.plan.shift_px, generator)
        if self.plan.dropout > 0:
            drawn["keep_encoded"] = dropout_mask((n, 25 * self.plan.filters), self.plan.dropout, generator)
        return drawn | super().draw(n, generator)

    def mirrored(self, x: Tensor) -> Tensor:
        return mirror(x)
