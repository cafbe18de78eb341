"""What all forms of AIE-CMCL share: heads, AU texts, the contrast between clips and texts, embeddings.

Song, Wang, Wu, Huang, Xiao: "Micro-Expression Recognition Based on Attribute Information Embedding and
Cross-modal Contrastive Learning", IJCNN 2022, arXiv 2205.14643. The abstract is all that could be read:
RGB and flow through 3D CNNs, fused, and tied to BERT embeddings of FACS text by a cross-modal contrastive
loss are confirmed, everything else here is our choice. `aie_cmcl_flow` looks at one flow image,
`aie_cmcl_clips` at sequences.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from mien.models.attribute_text import AttributeBank, TextOptions
from mien.models.base import Batch, Network, Targets, Terms, TextSpace, dropout_mask, weighted_cross_entropy
from mien.models.contrastive import cross_modal_kl, info_nce
from mien.models.images import Images, moved, pieces
from mien.models.options import Optimiser, Plan, Schedule
from mien.models.text_structure import Structure, structure_loss, text_structure
from mien.protocols.view import Inputs, TrainView

LARGEST_SCALE = 100.0

Fusion = Literal["concat", "sum", "late"]


class AieCmclOptions(TextOptions):
    optimiser: Optimiser = Field("adamw", description=Plan.model_fields["optimiser"].description)
    schedule: Schedule = Field("cosine", description=Plan.model_fields["schedule"].description)
    balance: float = Field(
        0.25, ge=0, le=1, description="class weights: clips per class to the power of minus this"
    )
    flip: float = Field(0.5, ge=0, le=1, description="chance of a left-right flip in training (u negated)")
    test_flip: bool = Field(True, description="average the probabilities of the clip and its mirror image")
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
    structure: Structure = Field(
        "none",
        description="make clips lie close whose AU sets overlap (attributes), or also emotions agree (emotion), or "
        "whose texts are in one of five clusters; or rebuild each clip as its text from the others (linear)",
    )
    structure_weight: float = Field(0.5, ge=0, description="weight of that loss")
    structure_temperature: float = Field(0.5, gt=0, description="temperature of that loss")


@dataclass(frozen=True)
class AieOutputs:
    """What the module returns: class scores, the unit embedding (B, d), and what the text side needs.

    `relevance` holds the scores of face regions (B, R) of a module that masks them.

    Attributes:
        logits: (B, K), what the prediction is made of.
        scores: the class scores that are trained: `logits`, or with late fusion those of each stream.
    """

    logits: Tensor
    scores: tuple[Tensor, ...]
    visual: Tensor
    text_weight: Tensor
    scale: Tensor
    phrasing: Tensor | None
    spared: Tensor | None = None
    relevance: Tensor | None = None


class AieCmclModule(nn.Module, ABC):
    """Stream encoders, their fusion, the classifier, and the two projections into the shared space.

    `streams` maps a stream's name to its encoder (with `n_features`). The fused feature is a layer over the
    streams' concatenation or sum; with late fusion every stream has its own layer and classifier, and their
    probabilities are averaged. The text projection is used in training alone.
    """

    def __init__(
        self,
        streams: Mapping[str, nn.Module],
        n_classes: int,
        text_size: int,
        options: AieCmclOptions,
        fusion: Fusion = "concat",
    ) -> None:
        super().__init__()
        self.streams = nn.ModuleDict(dict(streams))
        self.joined = fusion
        sizes = [int(encoder.n_features) for encoder in streams.values()]  # type: ignore[arg-type]
        wide, classes = options.features, n_classes
        if fusion == "late":
            self.fusion: nn.Module = nn.ModuleList(nn.Linear(size, wide) for size in sizes)
            self.classifier: nn.Module = nn.ModuleList(nn.Linear(wide, classes) for _ in sizes)
        else:
            self.fusion = nn.Linear(sum(sizes) if fusion == "concat" else sizes[0], wide)
            self.classifier = nn.Linear(wide, classes)
        self.visual_projection = nn.Linear(wide, options.shared, bias=False)
        self.text_projection = nn.Linear(text_size, options.shared, bias=False)
        log_scale = torch.tensor(1 / options.temperature).log()
        self.log_scale = nn.Parameter(log_scale, requires_grad=options.learn_temperature)

    @abstractmethod
    def encode(self, x: Any, noise: dict[str, Tensor], valid: Tensor | None) -> list[Tensor]:
        """The features (B, D) of every stream, in their order."""

    def forward(
        self, x: Images, noise: dict[str, Tensor] | None = None, valid: Tensor | None = None
    ) -> AieOutputs:
        noise = noise or {}
        joined = self._join(self.encode(x, noise, valid))
        fused = [torch.relu(layer(h)) for layer, h in zip(_layers(self.fusion), joined, strict=True)]
        kept = [h * noise["keep_fused"] for h in fused] if "keep_fused" in noise else fused
        scores = [layer(h).float() for layer, h in zip(_layers(self.classifier), kept, strict=True)]
        visual = self.visual_projection(_mean(kept)).float()
        return AieOutputs(
            logits=scores[0] if len(scores) == 1 else _mean([torch.softmax(s, dim=1) for s in scores]).log(),
            scores=tuple(scores),
            visual=F.normalize(visual, dim=1),
            text_weight=self.text_projection.weight,
            scale=self.log_scale.exp().clamp_max(LARGEST_SCALE),
            phrasing=noise.get("phrasing"),
            spared=noise.get("spared"),
        )

    def _join(self, encoded: list[Tensor]) -> list[Tensor]:
        if self.joined == "late" or len(encoded) == 1:
            return encoded
        return [torch.cat(encoded, dim=1) if self.joined == "concat" else torch.stack(encoded).sum(dim=0)]


def _layers(layer: nn.Module) -> list[nn.Module]:
    return list(layer) if isinstance(layer, nn.ModuleList) else [layer]


def _mean(tensors: list[Tensor]) -> Tensor:
    return tensors[0] if len(tensors) == 1 else torch.stack(tensors).mean(dim=0)


class AieCmcl(Network):
    """A visual network tied, in training, to BERT embeddings of AU sentences; `build` makes its module."""

    plan: AieCmclOptions

    @abstractmethod
    def mirrored(self, x: Any) -> Images:
        """The left-right mirror images of the module's inputs."""

    def targets(self, view: TrainView) -> Targets:
        base = super().targets(view)
        if not (self.uses_text() or self.uses_structure()):
            return base
        bank = AttributeBank.of(view, self.plan)
        per_clip = {
            **base.per_clip,
            "set": torch.tensor(bank.of_clip).clamp_min(0),
            "coded": torch.tensor(bank.coded),
        }
        fixed = _bank_tensors(bank) if self.uses_text() else {}
        if self.uses_structure():
            per_clip["subject"] = torch.tensor(np.unique(view.groups, return_inverse=True)[1])
            fixed["structure"] = torch.tensor(text_structure(bank, self.plan.structure))
        return Targets(per_clip, fixed)

    def draw(self, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Dropout of the fused feature, the phrasing of the step's texts, and who is compared with whom."""
        drawn = {}
        if self.plan.dropout > 0:
            drawn["keep_fused"] = dropout_mask((n, self.plan.features), self.plan.dropout, generator)
        if self.uses_text():
            drawn["phrasing"] = torch.rand(n, generator=generator, device=generator.device)
        if self.uses_structure():
            drawn["spared"] = (torch.rand(n, generator=generator, device=generator.device) < 0.5).float()
        return drawn

    def views(self, x: Any) -> list[Any]:
        return [x, self.mirrored(x)] if self.plan.test_flip else [x]

    def logits(self, outputs: AieOutputs) -> Tensor:
        return outputs.logits

    def loss(self, outputs: AieOutputs, batch: Batch) -> Terms:
        each = [weighted_cross_entropy(scores, batch, self.plan.smoothing) for scores in outputs.scores]
        terms = {"classification": torch.stack(each).mean()}
        if self.uses_text():
            terms["contrastive"] = self.plan.weight * self._contrast(outputs, batch)
        if self.uses_structure():
            assert outputs.spared is not None
            kind, temperature = self.plan.structure, self.plan.structure_temperature
            loss = structure_loss(outputs.visual, outputs.spared, batch, kind, temperature)
            terms["structure"] = self.plan.structure_weight * loss
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

    def texts(self, module: nn.Module, view: TrainView) -> TextSpace | None:
        """The bank of the training clips; each entry is the mean of its phrasings."""
        if not self.uses_text():
            return None
        bank = AttributeBank.of(view, self.plan)
        if not bank.sentences:
            return None
        weight = module.get_parameter("text_projection.weight")
        with torch.inference_mode():
            phrased = F.linear(torch.tensor(bank.vectors).to(weight.device), weight)
            vectors = F.normalize(F.normalize(phrased, dim=2).mean(dim=1), dim=1)
        return TextSpace(bank.sentences, vectors.cpu().numpy())

    def visual(self, module: nn.Module, inputs: Inputs) -> NDArray[np.float32]:
        device = next(module.parameters()).device
        with torch.inference_mode():
            parts = [module.eval()(moved(x, device)) for x in pieces(self.tensors(inputs), self.at_once)]
            found: NDArray[np.float32] = torch.cat([outputs.visual for outputs in parts]).cpu().numpy()
        return found

    def uses_text(self) -> bool:
        """Whether the contrastive loss is part of the training."""
        return self.plan.weight > 0 and self.plan.text != "none"

    def uses_structure(self) -> bool:
        """Whether the embedding takes the structure of the texts."""
        return self.plan.structure_weight > 0 and self.plan.structure != "none"


def _bank_tensors(bank: AttributeBank) -> dict[str, Tensor]:
    """The texts that clips are contrasted with, as tensors of the fold."""
    vectors, alike = bank.vectors, bank.alike
    if not bank.sentences:
        # No training clip has AU coding: one empty entry that nothing belongs to makes the contrast zero.
        vectors, alike = np.zeros((1, *vectors.shape[1:]), np.float32), np.zeros((1, 1), np.float32)
    return {
        "bank": torch.tensor(vectors),
        "bank_valid": torch.full((len(vectors),), float(bool(bank.sentences))),
        "alike": torch.tensor(alike),
    }
