"""SLSTT: a Vision Transformer looks at images of long-term flow, an LSTM or a mean joins them over time.

Zhang, Hong, Arandjelovic, Zhao: "Short and Long Range Relation Based Spatio-Temporal Transformer for
Micro-Expression Recognition", IEEE TAFFC 13(4), 2022, arXiv 2112.05851.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from mien.clips.tasks import Task
from mien.models.base import Batch, Needs, Network, Terms, dropout_mask, weighted_cross_entropy
from mien.models.clip_images import FLOW_CLIP
from mien.models.feature_cache import cached, fingerprint
from mien.models.flow_drawing import Drawing, draw
from mien.models.kinetics import Report, check_file, load_published
from mien.models.options import Optimiser, Plan, Schedule
from mien.models.registry import ModelCard, register
from mien.models.vit import SIZES, VisionTransformer, colours, published_layout
from mien.protocols.view import Inputs

SMALLEST_PX = 16
# Weights that no file gives are those of this seed, whatever the run's: so frozen features can be kept.
SEED = 2112_05851
# To be raised whenever drawing or transformer come to give other features: those kept before are then made anew.
LOOK_VERSION = 1
SEEN, MIRRORED = "seen", "mirrored"

Aggregation = Literal["lstm", "gru", "mean", "max"]


class SlsttPlan(Plan):
    epochs: int = Field(40, ge=1, description="passes over the training clips; the last one is used")
    drawing: Drawing = Field(
        "hsv",
        description="flow as hue and per-frame stretched value; or u, v and magnitude on one fixed scale",
    )
    limit: float = Field(
        3 / 128,
        gt=0,
        description="largest motion told apart by the fixed drawing, share of the image's width",
    )
    aggregation: Aggregation = Field("lstm", description="what joins the frames")
    layers: int = Field(3, ge=1, le=4, description="layers of the LSTM or GRU")
    hidden: int = Field(512, ge=4, le=2048, description="size of the LSTM's or GRU's state")
    dropout: float = Field(0.0, ge=0, lt=1, description="dropout on the feature that is classified")
    flip: float = Field(
        0.0,
        ge=0,
        le=1,
        description="chance of a mirrored clip in training; with any, the probabilities of both are averaged at test",
    )


class Aggregator(nn.Module):
    """Logits (B, K) of the class tokens (B, T, width) of a clip's frames; the part of SLSTT that learns.

    Mean: a linear layer per frame, zero at the start, its logits averaged. Max: the same layer on the largest values.
    """

    def __init__(self, width: int, n_classes: int, plan: SlsttPlan) -> None:
        super().__init__()
        self.aggregation = plan.aggregation
        self.norm = nn.LayerNorm(width, eps=1e-6)
        if plan.aggregation in ("mean", "max"):
            self.head: nn.Module = nn.Linear(width, n_classes)
            nn.init.zeros_(self.head.weight)
            nn.init.zeros_(self.head.bias)
            return
        kind = nn.LSTM if plan.aggregation == "lstm" else nn.GRU
        self.recurrent = kind(width, plan.hidden, plan.layers, batch_first=True)
        middle = max(plan.hidden // 2, 1)
        self.head = nn.Sequential(nn.Linear(plan.hidden, middle), nn.ReLU(), nn.Linear(middle, n_classes))

    def forward(self, tokens: Tensor, keep: Tensor | None = None) -> Tensor:
        h = self.norm(tokens)
        if self.aggregation in ("lstm", "gru"):
            h = self.recurrent(h)[0][:, -1]
        else:
            h = h.mean(dim=1) if self.aggregation == "mean" else h.amax(dim=1)
        logits: Tensor = self.head(h if keep is None else h * keep)
        return logits


class SlsttModule(nn.Module):
    """Logits (B, K) of clips by name, as seen and mirrored: features (B, T, width) of a frozen encoder, or with an
    encoder of its own images (B, T, 3, S, S) uint8."""

    def __init__(self, aggregator: Aggregator, encoder: VisionTransformer | None) -> None:
        super().__init__()
        self.encoder = encoder
        self.aggregator = aggregator

    def forward(
        self, x: dict[str, Tensor], noise: dict[str, Tensor] | None = None, valid: Tensor | None = None
    ) -> Tensor:
        noise = noise or {}
        clips = x[SEEN]
        if "flip" in noise:
            chosen = noise["flip"].view(-1, *[1] * (clips.dim() - 1)) > 0
            clips = torch.where(chosen, x[MIRRORED], clips)
        if self.encoder is not None:
            clips = self.encoder(colours(clips.flatten(0, 1))).unflatten(0, clips.shape[:2])
        logits: Tensor = self.aggregator(clips, noise.get("keep"))
        return logits


class SlsttNetwork(Network):
    """What the two sizes share: drawn clips and their mirror images, random numbers, loss."""

    plan: SlsttPlan
    needs = Needs(
        {FLOW_CLIP: "(N, 2, T, H, W): u, v in pixels, from the onset"},
        at_least={FLOW_CLIP: (2, 1, SMALLEST_PX, SMALLEST_PX)},
    )
    # An LSTM cannot be trained under vmap.
    stackable = False
    width: int

    @abstractmethod
    def look(self, flow: NDArray[Any]) -> NDArray[Any]:
        """What the module reads of the flow (2, T, H, W) of one clip."""

    def tensors(self, inputs: Inputs) -> dict[str, Tensor]:
        flow = inputs[FLOW_CLIP]
        found = {SEEN: torch.from_numpy(np.stack([self.look(clip) for clip in flow]))}
        if self.plan.flip > 0:
            sign = np.array([-1, 1], np.float32)[:, None, None, None]
            found[MIRRORED] = torch.from_numpy(np.stack([self.look(clip[..., ::-1] * sign) for clip in flow]))
        return found

    def draw(self, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        drawn: dict[str, Tensor] = {}
        if self.plan.flip > 0:
            drawn["flip"] = (
                torch.rand(n, generator=generator, device=generator.device) < self.plan.flip
            ).float()
        if self.plan.dropout > 0:
            size = self.plan.hidden if self.plan.aggregation in ("lstm", "gru") else self.width
            drawn["keep"] = dropout_mask((n, size), self.plan.dropout, generator)
        return drawn

    def views(self, x: dict[str, Tensor]) -> list[dict[str, Tensor]]:
        return [x, {SEEN: x[MIRRORED]}] if self.plan.flip > 0 else [x]

    def loss(self, outputs: Tensor, batch: Batch) -> Terms:
        return {"classification": weighted_cross_entropy(outputs, batch)}


class SlsttOptions(SlsttPlan):
    batch_size: int = Field(2, ge=2, description="clips per step")
    learning_rate: float = Field(0.01, gt=0, description="peak learning rate")
    optimiser: Optimiser = Field("sgd", description=Plan.model_fields["optimiser"].description)
    weight_decay: float = Field(1e-4, ge=0, description=Plan.model_fields["weight_decay"].description)
    schedule: Schedule = Field("step", description=Plan.model_fields["schedule"].description)
    vit: Literal["b16", "s16", "ti16"] = Field(
        "b16", description="the frozen Vision Transformer: Base, Small or Tiny, patches of 16 px"
    )
    size_px: int = Field(384, ge=32, le=1024, multiple_of=16, description="edge of the images it sees")
    weights: Path | None = Field(
        None,
        description="safetensors file of its published weights (timm's or Google's names); without: random",
    )
    vit_device: Literal["cpu", "cuda"] = Field("cpu", description="where the frozen features are computed")


@lru_cache(maxsize=1)
def frozen_encoder(
    size: str, size_px: int, weights: Path | None
) -> tuple[VisionTransformer, str, Report | None]:
    """The frozen transformer, the fingerprint of its weights, and what was loaded from the file, if there is one.

    Raises:
        UsageError, InputError: as `mien.models.kinetics.load_published`.
    """
    width, depth, heads = SIZES[size]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        encoder = VisionTransformer(size_px, 16, width, depth, heads)
    report = None
    if weights is not None:
        report = load_published(encoder, weights, stem=encoder.stem_weight, adapt=published_layout)
    encoder.requires_grad_(False).eval()
    return encoder, fingerprint(encoder), report


@register(
    ModelCard(
        name="slstt",
        title="SLSTT (frozen ViT-B/16, LSTM)",
        paper="Zhang et al., IEEE TAFFC 13(4) 2022, arXiv 2112.05851",
        summary="frozen ViT-B/16 on images of long-term flow, then an LSTM; wants ImageNet weights from a file",
        confirmed="layers, what learns (last norm, LSTM, head), drawing, sizes, SGD 0.01 with a step at epoch 30 "
        "of 40, batch 2 (published code)",
        assumed="no dropout in the frozen blocks, so features are computed once; crops are aligned and the head's "
        "motion is removed; blends of flow instead of RIFE; no JPEG",
        published={
            "megc-3": "UF1 .816, UAR .790 (LSTM); the epoch was chosen on the held-out subject",
            "casme2-5": "accuracy .758, UF1 .753, from memory; the epoch was chosen on the held-out subject",
            "samm-5": "accuracy .724, UF1 .640, from memory; the epoch was chosen on the held-out subject",
        },
    ),
    SlsttOptions,
)
class Slstt(SlsttNetwork):
    """SLSTT as the released code trains it. The transformer is no part of the module: it never changes, and what it
    sees in a clip is kept in the cache."""

    plan: SlsttOptions

    def __init__(self, plan: SlsttOptions) -> None:
        super().__init__(plan)
        self.width = SIZES[plan.vit][0]

    def frozen(self) -> tuple[VisionTransformer, str, Report | None]:
        """The transformer of the options: see `frozen_encoder`."""
        return frozen_encoder(self.plan.vit, self.plan.size_px, self.plan.weights)

    def look(self, flow: NDArray[Any]) -> NDArray[np.float32]:
        plan = self.plan
        encoder, weights, _ = self.frozen()
        flow = np.ascontiguousarray(flow, np.float32)

        def features() -> NDArray[np.float32]:
            images = torch.from_numpy(draw(flow, plan.size_px, plan.drawing, plan.limit))
            with torch.inference_mode():
                tokens = encoder.to(plan.vit_device)(colours(images.to(plan.vit_device)))
            return np.asarray(tokens.cpu().numpy())

        made_by = (
            f"slstt {LOOK_VERSION} {weights} {plan.size_px} {plan.drawing} {plan.limit} {plan.vit_device}"
        )
        return cached(f"{made_by} {flow.shape}", flow.tobytes(), features)

    def build(self, task: Task) -> SlsttModule:
        return SlsttModule(Aggregator(self.width, len(task.classes), self.plan), None)

    def start(self, module: SlsttModule) -> None:  # type: ignore[override]
        module.aggregator.norm.load_state_dict(self.frozen()[0].norm.state_dict())

    def check(self, task: Task) -> None:
        if self.plan.weights is not None:
            check_file(self.plan.weights)

    def notes(self) -> list[str]:
        report = self.frozen()[2]
        if report is None:
            return [
                "the frozen Vision Transformer has random weights: its features are those of no trained network"
            ]
        return [f"the frozen Vision Transformer has {report.words}"]
