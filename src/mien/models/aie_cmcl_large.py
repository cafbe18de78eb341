"""AIE-CMCL on sequences with the encoders of published video networks: R3D-18, and I3D, which the paper's group
most likely used. They start from a local file of Kinetics weights, or at random, and say which.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field
from torch import nn

from mien.clips.tasks import Task
from mien.models.aie_cmcl_clips import ASSUMED, CHANNELS, CONFIRMED, PUBLISHED, AieClipsOptions, AieCmclClips
from mien.models.clip_images import FLOW_CLIP
from mien.models.inception3d import Inception3d
from mien.models.kinetics import Report, check_file, load_published
from mien.models.registry import ModelCard, register
from mien.models.resnet3d import Resnet3d18


class LargeOptions(AieClipsOptions):
    epochs: int = Field(40, ge=1, description="passes over the training clips; the last one is used")
    learning_rate: float = Field(1e-4, gt=0, description="peak learning rate")
    weight_decay: float = Field(1e-3, ge=0, description="decoupled weight decay")
    warmup_epochs: int = Field(5, ge=0, description="epochs of linear warm-up")
    frames: int = Field(16, ge=0, le=256, description=AieClipsOptions.model_fields["frames"].description)
    features: int = Field(512, ge=8, le=1024, description="size of the fused visual feature")
    shared: int = Field(256, ge=8, le=512, description="size of the space that clips and texts share")
    weights: Path | None = Field(
        None, description="safetensors file of the published network; without, both streams start at random"
    )
    flow_weights: Path | None = Field(
        None, description="the same for the flow stream; without, from `weights`"
    )
    accumulate: int = Field(
        1, ge=1, description="parts of a step, one after another: less memory, one update"
    )
    mixed: bool = Field(True, description="train in bfloat16 on a GPU; no effect on a CPU")


class AieCmclLarge(AieCmclClips):
    """What the two published encoders share: a start from a file, steps in parts, bfloat16 on a GPU."""

    plan: LargeOptions
    # Their batch normalisation keeps running statistics, which vmap cannot update.
    stackable = False

    def __init__(self, plan: LargeOptions) -> None:
        super().__init__(plan)
        self.accumulate, self.mixed = plan.accumulate, plan.mixed

    def check(self, task: Task) -> None:
        for path in filter(None, (self.plan.weights, self.plan.flow_weights)):
            check_file(path)

    def start(self, module: Any) -> None:
        for name in self.streams:
            self._load(name, module.streams[name])

    def notes(self) -> list[str]:
        found = []
        for name in self.streams:
            report = self._load(name, self.encoder(CHANNELS[name]))
            found.append(
                f"the {name} stream starts from {'random weights' if report is None else report.words}"
            )
        return found

    def _load(self, name: str, encoder: nn.Module) -> Report | None:
        path = self.plan.flow_weights or self.plan.weights if name == FLOW_CLIP else self.plan.weights
        return None if path is None else load_published(encoder, path, stem=str(encoder.stem_weight))


@register(
    ModelCard(
        name="aie-cmcl-r3d18",
        title="AIE-CMCL (RGB and flow, R3D-18)",
        paper="Song et al., IJCNN 2022, arXiv 2205.14643; Tran et al., CVPR 2018, arXiv 1711.11248",
        summary="two R3D-18 on RGB and flow, tied to BERT embeddings of AU sentences; for a GPU",
        confirmed=CONFIRMED,
        published=PUBLISHED,
        assumed=f"{ASSUMED}; the 3D CNN; its weights are random unless a file is given",
    ),
    LargeOptions,
)
class AieCmclR3d18(AieCmclLarge):
    """AIE-CMCL with R3D-18 encoders, in the colours of torchvision's Kinetics weights."""

    least = (8, 16, 16)
    colours = ((0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989))

    def encoder(self, n_channels: int) -> nn.Module:
        return Resnet3d18(n_channels)


@register(
    ModelCard(
        name="aie-cmcl-i3d",
        title="AIE-CMCL (RGB and flow, I3D)",
        paper="Song et al., IJCNN 2022, arXiv 2205.14643; Carreira and Zisserman, CVPR 2017, arXiv 1705.07750",
        summary="two I3D on RGB and flow, tied to BERT embeddings of AU sentences; for a GPU",
        confirmed=CONFIRMED,
        published=PUBLISHED,
        assumed=f"{ASSUMED}; the 3D CNN, the likeliest by the authors' other papers; its weights are random unless "
        "a file is given",
    ),
    LargeOptions,
)
class AieCmclI3d(AieCmclLarge):
    """AIE-CMCL with I3D encoders, on colours from -1 to 1."""

    least = (8, 32, 32)

    def encoder(self, n_channels: int) -> nn.Module:
        return Inception3d(n_channels)
