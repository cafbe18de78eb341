"""AIE-CMCL on sequences: RGB and flow from the onset through a 3D CNN each, fused, and tied to AU texts.

Paper and what of it is confirmed: see `mien.models.aie_cmcl`. Three sizes of encoder share what stands here: a
small one for CPUs, and those of `aie_cmcl_large`.
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Mapping
from math import ceil
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.clips.tasks import Task
from mien.errors import InputError
from mien.models.aie_cmcl import AieCmcl, AieCmclModule, AieCmclOptions, Fusion
from mien.models.base import Needs
from mien.models.clip_images import (
    FLOW_CLIP,
    RGB,
    draw_augmentation,
    flow_values,
    mirror,
    rgb_values,
    seen,
    side,
)
from mien.models.registry import ModelCard, register
from mien.models.small3d import GROUPS, Small3d
from mien.protocols.view import Inputs

CHANNELS = {RGB: 3, FLOW_CLIP: 2}
STORED = {RGB: "uint8", FLOW_CLIP: "float32"}
WORDS = {RGB: "(N, 3, T, H, W) uint8", FLOW_CLIP: "(N, 2, T, H, W): u, v in pixels, from the onset"}


class AieClipsOptions(AieCmclOptions):
    epochs: int = Field(25, ge=1, description="passes over the training clips; the last one is used")
    batch_size: int = Field(16, ge=2, description="clips per step")
    weight_decay: float = Field(0.01, ge=0, description="decoupled weight decay")
    warmup_epochs: int = Field(2, ge=0, description="epochs of linear warm-up")
    clip_norm: float = Field(1.0, ge=0, description="largest gradient norm of a step; 0 = no limit")
    dropout: float = Field(0.5, ge=0, lt=1, description="dropout before the heads")
    streams: Literal["rgb", "flow", "both"] = Field("both", description="what is looked at")
    fusion: Fusion = Field(
        "concat", description="a layer over both features or over their sum, or probabilities averaged"
    )
    frames: int = Field(
        8,
        ge=0,
        le=256,
        description="frames seen of each clip, spread evenly; from longer clips they are jittered by a quarter "
        "step in training; 0 = all, as they are",
    )
    crop: float = Field(
        0.875,
        ge=0.5,
        le=1,
        description="share of each side seen: a random place in training, the centre at test",
    )
    rgb_form: Literal["frames", "difference"] = Field(
        "frames",
        description="colours as they are, or minus those of the first frame: the face's looks drop out",
    )
    brightness: float = Field(0.2, ge=0, lt=1, description="largest change of a clip's light, RGB only")
    flow_scale_px: float = Field(
        3.0, gt=0, description="flow is cut off at this many pixels and divided by it"
    )


class SmallOptions(AieClipsOptions):
    epochs: int = Field(40, ge=1, description="passes over the training clips; the last one is used")
    batch_size: int = Field(8, ge=2, description="clips per step")
    rgb_form: Literal["frames", "difference"] = Field(
        "difference",
        description="minus the colours of the first frame: the face's looks drop out; or as they are",
    )
    flow_scale_px: float = Field(
        1.0, gt=0, description="flow is cut off at this many pixels (of a 64 px face) and divided by it"
    )
    width: int = Field(
        16, ge=GROUPS, le=64, multiple_of=GROUPS, description="filters of the first convolution"
    )


class ClipModule(AieCmclModule):
    """One encoder per stream under the common heads; takes stored clips by array name."""

    def __init__(
        self,
        encoders: Mapping[str, nn.Module],
        n_classes: int,
        text_size: int,
        options: AieClipsOptions,
        colours: tuple[tuple[float, ...], tuple[float, ...]],
    ) -> None:
        super().__init__(encoders, n_classes, text_size, options, options.fusion)
        self.options, self.colours = options, colours

    def encode(self, x: dict[str, Tensor], noise: dict[str, Tensor], valid: Tensor | None) -> list[Tensor]:
        return [encoder(self._values(name, x[name], noise)) for name, encoder in self.streams.items()]

    def _values(self, name: str, stored: Tensor, noise: dict[str, Tensor]) -> Tensor:
        clips = seen(stored, self.options.frames, self.options.crop, noise)
        if name == RGB:
            return rgb_values(clips, *self.colours, noise, self.options.rgb_form == "difference")
        return flow_values(clips, self.options.flow_scale_px, noise)


class AieCmclClips(AieCmcl):
    """What the three sizes share.

    Attributes:
        least: the smallest (T, H, W) the encoder can see.
        colours: mean and standard deviation of RGB that its published weights expect.
    """

    plan: AieClipsOptions
    least: ClassVar[tuple[int, int, int]]
    colours: ClassVar[tuple[tuple[float, ...], tuple[float, ...]]] = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))

    def __init__(self, plan: AieClipsOptions) -> None:
        super().__init__(plan)
        self.at_once = plan.batch_size
        self.streams = (RGB, FLOW_CLIP) if plan.streams == "both" else (plan.streams,)
        frames, *sides = self.least
        smallest = (max(frames, plan.frames), *(_stored(s, plan.crop) for s in sides))
        self.needs = Needs(
            {name: WORDS[name] for name in self.streams},
            action_units="training",
            at_least={name: (CHANNELS[name], *smallest) for name in self.streams},
        )

    @abstractmethod
    def encoder(self, n_channels: int) -> nn.Module:
        """A fresh stream encoder, with `n_features`."""

    def tensors(self, inputs: Inputs) -> dict[str, Tensor]:
        """The arrays as they are stored, without a copy: the module converts the clips of a step.

        Raises:
            InputError: colours that are no bytes, or flow that is not in float32 pixels.
        """
        for name in self.streams:
            if inputs[name].dtype != STORED[name]:
                raise InputError(
                    f"the array '{name}' has values of another type",
                    found=inputs[name].dtype,
                    do=f"prepare it as {STORED[name]}: {WORDS[name]}",
                )
        with warnings.catch_warnings():
            # The arrays of a view are read-only; nothing here writes to them.
            warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
            return {name: torch.from_numpy(inputs[name]) for name in self.streams}

    def build(self, task: Task) -> ClipModule:
        encoders = {name: self.encoder(CHANNELS[name]) for name in self.streams}
        return ClipModule(encoders, len(task.classes), self.plan.text_size(task), self.plan, self.colours)

    def draw(self, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        plan = self.plan
        drawn = draw_augmentation(
            n,
            flip=plan.flip,
            crop=plan.crop,
            frames=plan.frames,
            brightness=plan.brightness if RGB in self.streams else 0.0,
            generator=generator,
        )
        return drawn | super().draw(n, generator)

    def mirrored(self, x: dict[str, Tensor]) -> dict[str, Tensor]:
        return mirror(x)


def _stored(seen_px: int, crop: float) -> int:
    """The smallest stored side whose crop has `seen_px`."""
    return next(s for s in range(seen_px, 2 * ceil(seen_px / crop) + 2) if side(s, crop) >= seen_px)


CONFIRMED = (
    "3D CNN features of RGB and flow fused; BERT on FACS text; cross-modal contrastive loss (abstract)"
)
PUBLISHED = {"casme2-5": "accuracy .7782 (classes and choice of the epoch are not in the abstract)"}
ASSUMED = (
    "sizes, fusion, sentences, bank of AU sets, multi-positive form, weights, schedule, augmentation, flow from the "
    "onset at a fixed scale"
)


@register(
    ModelCard(
        name="aie-cmcl",
        title="AIE-CMCL (RGB and flow, small)",
        paper="Song et al., IJCNN 2022, arXiv 2205.14643",
        summary="two small 3D CNNs on RGB and flow, tied to BERT embeddings of AU sentences; trains on a CPU",
        confirmed=CONFIRMED,
        assumed=f"{ASSUMED}; a 3D CNN far smaller than any the paper can have used, without pre-training",
        published=PUBLISHED,
    ),
    SmallOptions,
)
class AieCmclSmall(AieCmclClips):
    """AIE-CMCL with small encoders."""

    plan: SmallOptions
    least = (4, 16, 16)

    def encoder(self, n_channels: int) -> nn.Module:
        return Small3d(n_channels, self.plan.width)
