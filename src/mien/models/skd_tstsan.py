"""SKD-TSTSAN: three shallow streams on onset, apex and offset, with self-distillation from the end to the middle.

Zhu et al.: "Three-Stream Temporal-Shift Attention Network Based on Self-Knowledge Distillation for
Micro-Expression Recognition", arXiv 2406.17538. Shapes, losses and training are those of the authors' program; what
differs is said in the card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from mien.clips.tasks import Task
from mien.errors import InputError
from mien.models.base import Batch, Needs, Network, Terms, dropout_mask, masked_mean
from mien.models.options import Plan, Schedule
from mien.models.registry import ModelCard, register
from mien.models.skd_streams import Design, Stream, branch, enlarged, pooled
from mien.protocols.view import Inputs

GREY, HALVES = "onset_apex_grey", "two_part_flow"
GREY_PX, SIDE_PX, GRID = 128, 48, 4
DROPOUT = 0.2
TEMPERATURE, FOCUS = 3.0, 2.0
CHANNELS = {"local": GRID**2, "global": 1, "temporal": 2}
DEPTHS = ("early", "late")

Outputs = dict[str, Tensor]


class SkdOptions(Plan):
    epochs: int = Field(
        250,
        ge=1,
        description="passes over the training clips; the last one is used. 250 of CASME II: 4,000 steps",
    )
    batch_size: int = Field(16, ge=2, description="clips per step")
    learning_rate: float = Field(1e-3, gt=0, description="peak learning rate")
    beta2: float = Field(0.99, gt=0, lt=1, description="how long Adam remembers squared gradients")
    weight_decay: float = Field(5e-4, ge=0, description="L2 penalty")
    schedule: Schedule = Field("cosine", description="the published program: constant")
    balance: float = Field(
        1.0, ge=0, le=1, description="class weights: training clips per class to the power of minus this"
    )
    width: int = Field(
        64, ge=16, le=128, multiple_of=16, description="filters of each stream's first layer; published: 64"
    )
    flow_form: Literal["min-max", "fixed"] = Field(
        "min-max",
        description="flow from least to greatest of each image (published), or on one scale for all",
    )
    flow_limit_px: float = Field(
        1.125,
        gt=0,
        description="fixed: flow is cut off at this (of 48 px a face; 3 px of 128) and still is 0.5",
    )
    flip: float = Field(0.5, ge=0, le=1, description="share of clips mirrored in training; published: 0")
    shift_px: float = Field(
        4.0, ge=0, le=16, description="largest move of a clip in training, in px of 128; published: 0"
    )
    distil: float = Field(
        0.1, ge=0, le=1, description="share of the middle heads' loss that comes from the last head"
    )
    hint: float = Field(
        1.6e-5, ge=0, description="weight of the middle features' squared distance from the last, summed"
    )
    streams: Literal["all", "local", "global", "temporal"] = Field(
        "all", description="which streams there are"
    )
    alpha: float = Field(2.0, gt=0, description="factor of the magnifiers, which their weights can absorb")
    magnify: bool = Field(True, description="magnify motion between the features of onset and apex")
    temporal_shift: bool = Field(True, description="shift channels between both halves of the clip")
    attention: bool = Field(True, description="weigh the channels of the local stream")

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(CHANNELS) if self.streams == "all" else (self.streams,)

    @property
    def design(self) -> Design:
        return Design(self.width, self.alpha, self.magnify, self.temporal_shift, self.attention)


def from_0_to_1(images: Tensor) -> Tensor:
    """Images (..., H, W) scaled so that each runs from 0 to 1; a constant one is all 0."""
    low, high = images.amin(dim=(-2, -1), keepdim=True), images.amax(dim=(-2, -1), keepdim=True)
    extent = high - low
    return (images - low) / torch.where(extent > 0, extent, 1.0)


def channels(grey: Tensor, flow: Tensor) -> Tensor:
    """The 38 channels (B, 38, 48, 48) of the published network.

    Apex, onset, the 4x4 blocks of the apex row by row, those of the onset, and u1, v1, u2, v2.

    Args:
        grey: (B, 2, 128, 128), onset and apex.
        flow: (B, 4, 48, 48).
    """
    side = grey.shape[-1] // GRID
    cut = grey.reshape(-1, 2, GRID, side, GRID, side).transpose(3, 4).flatten(2, 3)
    blocks, whole = enlarged(cut, SIDE_PX), enlarged(grey, SIDE_PX).flip(1)
    return torch.cat([whole, blocks[:, 1], blocks[:, 0], flow], dim=1)


def moved(grey: Tensor, flow: Tensor, noise: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Grey images and flow (B, C, H, W) of clips moved and mirrored as drawn; edges are repeated.

    Args:
        noise: `flip` (B,), 0 or 1, and `shift` (B, 2), columns and rows in pixels of the grey images.
    """
    sign, same = 1 - 2 * noise["flip"], torch.ones_like(noise["flip"])
    theta = torch.zeros(len(grey), 2, 3, device=grey.device)
    theta[:, 0, 0], theta[:, 1, 1] = sign, same
    theta[:, :, 2] = noise["shift"] * 2 / grey.shape[-1]

    def sampled(images: Tensor) -> Tensor:
        grid = F.affine_grid(theta, list(images.shape), align_corners=False)
        return F.grid_sample(images, grid, padding_mode="border", align_corners=False)

    turned = torch.stack([sign, same, sign, same], dim=1)[:, :, None, None]
    return sampled(grey), sampled(flow) * turned


class Auxiliary(nn.Module):
    """A classifier at some depth, used in training alone: from the maps of each stream to one feature."""

    def __init__(self, kinds: Sequence[str], design: Design, n_classes: int) -> None:
        super().__init__()
        self.branches = nn.ModuleDict({kind: branch(kind, design) for kind in kinds})
        self.classifier = nn.Linear(2 * design.width * len(kinds), n_classes)

    def forward(self, maps: Mapping[str, Tensor]) -> Tensor:
        return torch.cat([pooled(kind, self.branches[kind](x)) for kind, x in maps.items()], dim=1)


class SkdModule(nn.Module):
    """Logits (B, K) of stored clips; in training also those and the features of the auxiliary classifiers.

    2,946,214 parameters for five classes, of which 1,610,632 are used once trained.
    """

    def __init__(self, n_classes: int, options: SkdOptions) -> None:
        super().__init__()
        self.options = options
        design, kinds = options.design, options.kinds
        self.streams = nn.ModuleDict({kind: Stream(kind, CHANNELS[kind], design) for kind in kinds})
        self.classifier = nn.Linear(2 * design.width * len(kinds), n_classes)
        self.auxiliary = nn.ModuleDict({depth: Auxiliary(kinds, design, n_classes) for depth in DEPTHS})

    def images(self, x: Mapping[str, Tensor], noise: Mapping[str, Tensor] | None) -> Tensor:
        """The 38 channels of stored clips, moved and mirrored as drawn."""
        grey, flow = x[GREY].float(), x[HALVES].float()
        if noise and "flip" in noise:
            grey, flow = moved(grey, flow, noise)
        if self.options.flow_form == "min-max":
            scaled = from_0_to_1(flow)
        else:
            limit = self.options.flow_limit_px
            scaled = flow.clamp(-limit, limit) / (2 * limit) + 0.5
        return channels(from_0_to_1(grey), scaled)

    def forward(
        self,
        x: dict[str, Tensor],
        noise: dict[str, Tensor] | None = None,
        valid: Tensor | None = None,
    ) -> Outputs:
        image = self.images(x, noise)
        pairs: dict[str, tuple[Tensor | None, Tensor]] = {
            "local": (image[:, 18:34], image[:, 2:18]),
            "global": (image[:, 1:2], image[:, :1]),
            "temporal": (None, image[:, 34:].reshape(-1, 2, SIDE_PX, SIDE_PX)),
        }
        found = {kind: stream(*pairs[kind]) for kind, stream in self.streams.items()}
        features = {"final": torch.cat([maps[2] for maps in found.values()], dim=1)}
        heads: dict[str, nn.Module] = {"final": self.classifier}
        if self.training:
            for i, (depth, head) in enumerate(self.auxiliary.items()):
                assert isinstance(head, Auxiliary)
                features[depth] = head({kind: maps[i] for kind, maps in found.items()})
                heads[depth] = head.classifier
        outputs: Outputs = {}
        for name, feature in features.items():
            kept = feature * noise[f"keep_{name}"] if noise else feature
            outputs |= {f"{name} feature": feature, name: heads[name](kept)}
        return outputs


@register(
    ModelCard(
        name="skd-tstsan",
        title="SKD-TSTSAN",
        paper="Zhu et al., arXiv 2406.17538",
        summary="three streams on onset, apex and both halves' flow, self-distillation; 2.9 M parameters",
        confirmed="layers, shift, channel attention, losses, Adam 1e-3 (betas .9 and .99), decay 5e-4, batch 16, class "
        "weights, min-max scaling (published program)",
        assumed="4,000 steps for CASME II in place of 20,000, falling learning rate, mirrored and moved clips, class "
        "weights of the training fold, random start (theirs: macro-expression weights), MediaPipe's crop, "
        "registered frames, head motion removed, hint averaged over the batch",
        published={
            "casme2-5": "UF1 above .90; epoch chosen on each held-out subject. Users of its program: at most .83"
        },
    ),
    SkdOptions,
)
class SkdTstsan(Network):
    """SKD-TSTSAN; batch norm keeps running statistics, so its folds are not stacked."""

    plan: SkdOptions
    stackable = False
    needs = Needs(
        {
            GREY: "(N, 2, 128, 128) uint8: onset and apex",
            HALVES: "(N, 4, 48, 48): u, v from onset to apex, then from apex to offset",
        },
        sizes={GREY: (2, GREY_PX, GREY_PX), HALVES: (4, SIDE_PX, SIDE_PX)},
    )

    def __init__(self, plan: SkdOptions) -> None:
        super().__init__(plan)
        self.at_once = 4 * plan.batch_size

    def tensors(self, inputs: Inputs) -> dict[str, Tensor]:
        """The arrays as they are stored; the module makes the 38 channels of the clips of a step.

        Raises:
            InputError: values that are not finite, or flow without pixels for a fixed scale.
        """
        grey, flow = torch.tensor(inputs[GREY]), torch.tensor(inputs[HALVES])
        if not (torch.isfinite(grey).all() and torch.isfinite(flow).all()):
            raise InputError("the clips hold NaN or infinity", do="prepare the set again")
        if self.plan.flow_form == "fixed" and not flow.is_floating_point():
            raise InputError(
                f"a fixed scale needs flow in pixels: '{HALVES}' was scaled when it was prepared",
                found=flow.dtype,
                do="prepare it with scaling = 'px', or set flow_form=min-max",
            )
        return {GREY: grey, HALVES: flow}

    def build(self, task: Task) -> SkdModule:
        return SkdModule(len(task.classes), self.plan)

    def draw(self, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        size = 2 * self.plan.width * len(self.plan.kinds)
        drawn = {f"keep_{name}": dropout_mask((n, size), DROPOUT, generator) for name in ("final", *DEPTHS)}
        if self.plan.flip > 0 or self.plan.shift_px > 0:
            device = generator.device
            uniform = torch.rand(n, 3, generator=generator, device=device)
            drawn["flip"] = (uniform[:, 0] < self.plan.flip).float()
            drawn["shift"] = (2 * uniform[:, 1:] - 1) * self.plan.shift_px
        return drawn

    def logits(self, outputs: Outputs) -> Tensor:
        return outputs["final"]

    def loss(self, outputs: Outputs, batch: Batch) -> Terms:
        share = self.plan.distil
        terms = {"classification": focal(outputs["final"], batch)}
        for depth in DEPTHS:
            own, soft = focal(outputs[depth], batch), distillation(outputs[depth], outputs["final"], batch)
            hint = hint_distance(outputs[f"{depth} feature"], outputs["final feature"], batch)
            terms[depth] = (1 - share) * own + share * soft + self.plan.hint * hint
        return terms


def focal(logits: Tensor, batch: Batch) -> Tensor:
    """Mean focal loss (Lin et al., ICCV 2017; focus 2), clips weighted by class.

    Weights are divided by their sum over the batch, so a batch of one class is as loud as a mixed one.
    """
    log_prob = torch.log_softmax(logits, dim=1).gather(1, batch.targets["label"][:, None])[:, 0]
    weight = batch.targets["weight"]
    weight = weight if batch.valid is None else weight * batch.valid
    loss = -((1 - log_prob.exp()) ** FOCUS) * log_prob
    return (weight * loss).sum() / weight.sum().clamp_min(1e-12)


def distillation(logits: Tensor, teacher: Tensor, batch: Batch) -> Tensor:
    """Mean divergence of softened probabilities from the teacher's, times the squared temperature; the teacher
    gets no gradient (Hinton et al., arXiv 1503.02531)."""
    target = torch.softmax(teacher.detach() / TEMPERATURE, dim=1)
    own = torch.log_softmax(logits / TEMPERATURE, dim=1)
    each = F.kl_div(own, target, reduction="none").sum(dim=1)
    return TEMPERATURE**2 * masked_mean(each, batch.valid)


def hint_distance(feature: Tensor, teacher: Tensor, batch: Batch) -> Tensor:
    """Mean over the clips of the squared distance from the teacher's feature, where either is positive; the
    teacher gets no gradient."""
    goal = teacher.detach()
    counted = (feature > 0) | (goal > 0)
    return masked_mean(((feature - goal).square() * counted).sum(dim=1), batch.valid)
