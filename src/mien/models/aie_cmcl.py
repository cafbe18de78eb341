"""AIE-CMCL on the onset-apex flow image: a visual network tied, in training, to BERT embeddings of AU
sentences.

Song, Wang, Wu, Huang, Xiao: "Micro-Expression Recognition Based on Attribute Information Embedding and
Cross-modal Contrastive Learning", IJCNN 2022, arXiv 2205.14643. The abstract is all that could be read:
visual features tied to BERT embeddings of FACS text by a cross-modal contrastive loss are confirmed,
everything else here is our choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from mien.clips.tasks import Task
from mien.errors import UsageError
from mien.models.attribute_text import AttributeBank, TextOptions
from mien.models.base import (
    FLOW,
    Batch,
    Embedding,
    Needs,
    Network,
    Targets,
    Terms,
    dropout_mask,
    weighted_cross_entropy,
)
from mien.models.contrastive import cross_modal_kl, info_nce
from mien.models.flow_images import augment, centred, draw_augmentation, mirror
from mien.models.options import Plan
from mien.models.registry import ModelCard, register
from mien.models.stem import FlowStem
from mien.prepare.synthetic import DATASET, sample_flow
from mien.protocols.view import Inputs, TrainView

LARGEST_SCALE = 100.0
PRETRAINING_SEED = 1_000_000_007
"""Keeps the people of the pre-training apart from those of any `synthetic-flow` set, whose seeds are small."""


class AieCmclOptions(TextOptions):
    epochs: int = Field(20, ge=1, description="passes over the training clips; the last one is used")
    batch_size: int = Field(64, ge=2, description="clips per step")
    optimiser: Literal["adam", "adamw"] = Field("adamw", description="adam or adamw")
    weight_decay: float = Field(0.01, ge=0, description="decoupled weight decay")
    schedule: Literal["constant", "cosine"] = Field("cosine", description="learning rate over the epochs")
    balance: float = Field(
        0.25, ge=0, le=1, description="class weights: clips per class to the power of minus this"
    )
    flip: float = Field(0.5, ge=0, le=1, description="chance of a left-right flip in training (u negated)")
    shift_px: int = Field(1, ge=0, le=4, description="largest shift of a training image in pixels, each axis")
    test_flip: bool = Field(True, description="average the probabilities of the clip and its mirror image")
    filters: int = Field(16, ge=4, le=256, description="filters of the flow encoder's convolution")
    features: int = Field(128, ge=8, le=1024, description="size of the fused visual feature")
    shared: int = Field(64, ge=8, le=512, description="size of the space that clips and texts share")
    dropout: float = Field(0.5, ge=0, lt=1, description="dropout before the fusion layer and the heads")
    smoothing: float = Field(0.1, ge=0, lt=1, description="label smoothing of the classification loss")
    weight: float = Field(0.5, ge=0, description="lambda, the weight of the contrastive loss; 0 = no text")
    temperature: float = Field(0.07, gt=0, description="tau at the start")
    learn_temperature: bool = Field(True, description="tau is learned (its inverse is held below 100)")
    positives: Literal["multi", "soft", "diagonal"] = Field(
        "multi",
        description="right texts of a clip: all with its AU set, those with similar sets, or only its own",
    )
    columns: Literal["bank", "batch"] = Field(
        "bank", description="texts to tell apart: all AU sets of the training subjects, or those of the batch"
    )
    synthetic_clips: int = Field(
        4000,
        ge=0,
        le=100_000,
        description="synthetic clips to pre-train on; 0 = none (needs a task with 'synthetic')",
    )
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


@dataclass(frozen=True)
class AieOutputs:
    """What the module returns: class scores (B, K), the unit embedding (B, d), and what the text side
    needs."""

    logits: Tensor
    visual: Tensor
    text_weight: Tensor
    scale: Tensor
    phrasing: Tensor | None


class AieCmclModule(nn.Module):
    """Stream encoders, their fusion, the classifier, and the two projections into the shared space.

    `streams` maps a stream's name to its encoder; the fused feature is a layer over their concatenation, so a
    second stream (RGB) joins here. The text projection is used in training alone.
    """

    def __init__(
        self, streams: dict[str, FlowEncoder], n_classes: int, text_size: int, options: AieCmclOptions
    ) -> None:
        super().__init__()
        self.streams = nn.ModuleDict(streams)
        n_features = sum(encoder.n_features for encoder in streams.values())
        self.fusion = nn.Linear(n_features, options.features)
        self.classifier = nn.Linear(options.features, n_classes)
        self.visual_projection = nn.Linear(options.features, options.shared, bias=False)
        self.text_projection = nn.Linear(text_size, options.shared, bias=False)
        log_scale = torch.tensor(1 / options.temperature).log()
        self.log_scale = nn.Parameter(log_scale, requires_grad=options.learn_temperature)

    def forward(
        self, x: Tensor, noise: dict[str, Tensor] | None = None, valid: Tensor | None = None
    ) -> AieOutputs:
        noise = noise or {}
        x = augment(x, noise)
        h = self.streams["flow"](x, noise.get("keep_encoded"), valid)
        fused = torch.relu(self.fusion(h))
        kept = fused * noise["keep_fused"] if "keep_fused" in noise else fused
        return AieOutputs(
            logits=self.classifier(kept),
            visual=F.normalize(self.visual_projection(kept), dim=1),
            text_weight=self.text_projection.weight,
            scale=self.log_scale.exp().clamp_max(LARGEST_SCALE),
            phrasing=noise.get("phrasing"),
        )


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
    AieCmclOptions,
)
class AieCmclFlow(Network):
    """AIE-CMCL with the onset-apex flow image as its one stream."""

    needs = Needs({FLOW: "(N, 3, 28, 28): u, v, strain"}, action_units="training", sizes={FLOW: (3, 28, 28)})
    plan: AieCmclOptions

    def tensors(self, inputs: Inputs) -> Tensor:
        return centred(inputs[FLOW])

    def build(self, task: Task) -> AieCmclModule:
        encoder = FlowEncoder(self.plan.filters, self.plan.dropout)
        return AieCmclModule({"flow": encoder}, len(task.classes), self.plan.text_size(task), self.plan)

    def targets(self, view: TrainView) -> Targets:
        base = super().targets(view)
        if not self._uses_text():
            return base
        bank = AttributeBank.of(view, self.plan)
        vectors, alike = bank.vectors, bank.alike
        if not bank.sentences:
            # No training clip has AU coding: one empty entry that nothing belongs to makes the contrast zero.
            vectors, alike = np.zeros((1, *vectors.shape[1:]), np.float32), np.zeros((1, 1), np.float32)
        return Targets(
            {
                **base.per_clip,
                "set": torch.tensor(bank.of_clip).clamp_min(0),
                "coded": torch.tensor(bank.coded),
            },
            {
                "bank": torch.tensor(vectors),
                "bank_valid": torch.full((len(vectors),), float(bool(bank.sentences))),
                "alike": torch.tensor(alike),
            },
        )

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
            for name, size in (("keep_encoded", 25 * self.plan.filters), ("keep_fused", self.plan.features)):
                drawn[name] = dropout_mask((n, size), self.plan.dropout, generator)
        if self._uses_text():
            drawn["phrasing"] = torch.rand(n, generator=generator, device=generator.device)
        return drawn

    def views(self, x: Tensor) -> list[Tensor]:
        return [x, mirror(x)] if self.plan.test_flip else [x]

    def logits(self, outputs: AieOutputs) -> Tensor:
        return outputs.logits

    def loss(self, outputs: AieOutputs, batch: Batch) -> Terms:
        terms = {"classification": weighted_cross_entropy(outputs.logits, batch, self.plan.smoothing)}
        if self._uses_text():
            terms["contrastive"] = self.plan.weight * self._contrast(outputs, batch)
        return terms

    def _contrast(self, outputs: AieOutputs, batch: Batch) -> Tensor:
        """The contrastive loss of one step, with one phrasing drawn for all its texts."""
        bank, entry = batch.fixed["bank"], batch.targets["set"]
        rows = batch.targets["coded"] if batch.valid is None else batch.targets["coded"] * batch.valid
        assert outputs.phrasing is not None
        chosen = (outputs.phrasing[:1] * bank.shape[1]).long()
        texts = F.normalize(F.linear(bank.index_select(1, chosen)[:, 0], outputs.text_weight), dim=1)
        alike = (
            batch.fixed["alike"]
            if self.plan.positives == "soft"
            else torch.eye(len(bank), device=bank.device)
        )
        target = alike[entry]
        if self.plan.columns == "bank" and self.plan.positives != "diagonal":
            similarity = outputs.scale * outputs.visual @ texts.T
            return cross_modal_kl(similarity, target, rows, batch.fixed["bank_valid"])
        similarity = outputs.scale * outputs.visual @ texts[entry].T
        if self.plan.positives == "diagonal":
            return info_nce(similarity, rows)
        return cross_modal_kl(similarity, target[:, entry], rows, rows)

    def embed(self, module: nn.Module, view: TrainView, inputs: Inputs) -> Embedding | None:
        """The held-out clips in the shared space, and the nearest text of the training bank for each."""
        if not self._uses_text():
            return None
        bank = AttributeBank.of(view, self.plan)
        if not bank.sentences:
            return None
        with torch.inference_mode():
            outputs = module.eval()(self.tensors(inputs).to(next(module.parameters()).device))
            texts = F.linear(torch.tensor(bank.vectors).to(outputs.visual.device), outputs.text_weight)
            texts = F.normalize(F.normalize(texts, dim=2).mean(dim=1), dim=1)
            cosine, nearest = (outputs.visual @ texts.T).max(dim=1)
        return Embedding(
            visual=outputs.visual.cpu().numpy(),
            nearest=tuple(bank.sentences[i] for i in nearest.tolist()),
            similarity=cosine.cpu().numpy(),
        )

    def _uses_text(self) -> bool:
        return self.plan.weight > 0 and self.plan.text != "none"
