"""SlowFast, a residual network of two speeds, to tell people; it names no expression, so it is no recogniser.

Feichtenhofer, Fan, Malik, He: "SlowFast Networks for Video Recognition", ICCV 2019, arXiv 1812.03982; used on
micro-expression clips to name people by Kay, Ringel, Cohen, Azulay, Mendlovic, arXiv 2306.13907.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.clips.tasks import Task
from mien.errors import InputError
from mien.models.base import Batch, Needs, Network, Terms, dropout_mask, weighted_cross_entropy
from mien.models.clip_images import RGB
from mien.models.options import Optimiser, Plan, Schedule
from mien.models.registry import ModelCard, register
from mien.models.steady_norm import SteadyBatchNorm3d
from mien.protocols.view import Inputs

CLIPS = "clips"
DROPOUT = 0.5
FUSION_RATIO, FUSION_KERNEL = 2, 7
BLOCKS = {"resnet50": (3, 4, 6, 3), "small": (1, 1, 1, 1)}
# Temporal kernel of the first convolution of the blocks of res2..res5.
SLOW_KERNELS, FAST_KERNELS = (1, 1, 3, 3), (3, 3, 3, 3)


class SlowFastOptions(Plan):
    """Sizes for a CPU; the published ones are depth=resnet50, width=64, beta=8, 239 epochs on 64 frames of 224 px."""

    depth: Literal["small", "resnet50"] = Field("small", description="one block per stage, or 3, 4, 6 and 3")
    width: int = Field(16, ge=8, description="filters of the slow path's first convolution")
    alpha: int = Field(4, ge=1, description="the slow path reads every alpha-th frame")
    beta: int = Field(4, ge=1, description="the fast path has this many times fewer filters")
    epochs: int = Field(30, ge=1, description="passes over the training clips; the last one is used")
    batch_size: int = Field(16, ge=2, description="clips per step")
    learning_rate: float = Field(1e-3, gt=0, description="peak learning rate")
    optimiser: Optimiser = Field("adam", description="adam, adamw, or sgd with momentum 0.9")
    schedule: Schedule = Field(
        "cosine", description="learning rate over the epochs; step: a tenth of it in the last quarter"
    )
    weight_decay: float = Field(1e-4, ge=0, description="L2 penalty (adam, sgd) or decoupled decay (adamw)")


class Bottleneck(nn.Module):
    """(B, 4 * inner, T, H, W): t x 1 x 1, 1 x 3 x 3 (which strides in space) and 1 x 1 x 1, with a shortcut."""

    def __init__(self, n_in: int, inner: int, kernel_t: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_normed(n_in, inner, (kernel_t, 1, 1)),
            nn.ReLU(),
            *_normed(inner, inner, (1, 3, 3), (1, stride, stride)),
            nn.ReLU(),
            *_normed(inner, 4 * inner, (1, 1, 1)),
        )
        self.shortcut: nn.Module = nn.Identity()
        if n_in != 4 * inner or stride != 1:
            self.shortcut = nn.Sequential(*_normed(n_in, 4 * inner, (1, 1, 1), (1, stride, stride)))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))


class SlowFast(nn.Module):
    """Scores (B, K) of clips (B, 3, T, H, W), T a multiple of alpha; nothing strides in time.

    33.70 million parameters for 26 people at the published size (alpha 4, beta 8).
    """

    def __init__(self, n_classes: int, depth: str, width: int, alpha: int, beta: int) -> None:
        super().__init__()
        self.alpha = alpha
        narrow = max(width // beta, 1)
        self.slow_stem, self.fast_stem = _stem(width, 1), _stem(narrow, 5)
        self.laterals = nn.ModuleList()
        self.slow, self.fast = nn.ModuleList(), nn.ModuleList()
        slow_in, fast_in = width, narrow
        for stage, n_blocks in enumerate(BLOCKS[depth]):
            self.laterals.append(_lateral(fast_in, alpha))
            slow_in += FUSION_RATIO * fast_in
            inner, thin, stride = width << stage, narrow << stage, 1 if stage == 0 else 2
            self.slow.append(_stage(slow_in, inner, n_blocks, SLOW_KERNELS[stage], stride))
            self.fast.append(_stage(fast_in, thin, n_blocks, FAST_KERNELS[stage], stride))
            slow_in, fast_in = 4 * inner, 4 * thin
        self.n_features = slow_in + fast_in
        self.classifier = nn.Linear(self.n_features, n_classes)
        _initialise(self)

    def forward(
        self, x: Tensor, noise: dict[str, Tensor] | None = None, valid: Tensor | None = None
    ) -> Tensor:
        features = self.features(x)
        scores: Tensor = self.classifier(features * noise["keep"] if noise else features)
        return scores

    def features(self, x: Tensor) -> Tensor:
        """Means over space and time of both paths, (B, n_features)."""
        n_frames = x.shape[2]
        if n_frames % self.alpha:
            raise InputError(
                "the frames cannot be shared out between the two speeds",
                found=f"{n_frames} frames, alpha {self.alpha}",
                do="set alpha to a divisor of the number of frames",
            )
        seen = torch.linspace(0, n_frames - 1, n_frames // self.alpha).long().to(x.device)
        slow, fast = self.slow_stem(x[:, :, seen]), self.fast_stem(x)
        for lateral, slow_stage, fast_stage in zip(self.laterals, self.slow, self.fast, strict=True):
            slow = slow_stage(torch.cat([slow, lateral(fast)], dim=1))
            fast = fast_stage(fast)
        return torch.cat([slow.mean(dim=(2, 3, 4)), fast.mean(dim=(2, 3, 4))], dim=1)


@register(
    ModelCard(
        name="identity-slowfast",
        title="SlowFast, naming people",
        paper="Kay et al., arXiv 2306.13907; SlowFast: Feichtenhofer et al., ICCV 2019",
        summary="who it is, told from clips, first frames, or what changes after them; published: 34.6 M parameters",
        kind="probe",
        confirmed="ResNet-50 of two speeds, lateral convolutions, ratio 2, both paths on plain RGB, dropout, "
        "cross-entropy (published code)",
        assumed="one block per stage, 16 filters, all prepared frames, Adam with a half cosine, 30 epochs, no "
        "augmentation",
    ),
    SlowFastOptions,
)
class PeopleSlowFast(Network):
    """SlowFast on the array `clips`, (N, 3, T, H, W) floats around 0 to 1; the classes of its task are people."""

    needs = Needs({RGB: "(N, 3, T, H, W) uint8, T a multiple of alpha"})
    stackable = False  # the running statistics of the batch norms
    at_once = 64

    def __init__(self, plan: SlowFastOptions) -> None:
        super().__init__(plan)
        self.sizes = plan

    def tensors(self, inputs: Inputs) -> Tensor:
        return torch.tensor(inputs[CLIPS], dtype=torch.float32)

    def build(self, task: Task) -> SlowFast:
        sizes = self.sizes
        return SlowFast(len(task.classes), sizes.depth, sizes.width, sizes.alpha, sizes.beta)

    def draw(self, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        n_features = 32 * (self.sizes.width + max(self.sizes.width // self.sizes.beta, 1))
        return {"keep": dropout_mask((n, n_features), DROPOUT, generator)}

    def loss(self, outputs: Any, batch: Batch) -> Terms:
        return {"people": weighted_cross_entropy(outputs, batch)}


def _normed(
    n_in: int, n_out: int, kernel: tuple[int, int, int], stride: tuple[int, int, int] = (1, 1, 1)
) -> tuple[nn.Module, nn.Module]:
    padding = (kernel[0] // 2, kernel[1] // 2, kernel[2] // 2)
    return nn.Conv3d(n_in, n_out, kernel, stride, padding, bias=False), SteadyBatchNorm3d(n_out)


def _stem(width: int, kernel_t: int) -> nn.Sequential:
    first = _normed(3, width, (kernel_t, 7, 7), (1, 2, 2))
    return nn.Sequential(*first, nn.ReLU(), nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)))


def _lateral(n_fast: int, alpha: int) -> nn.Sequential:
    made = _normed(n_fast, FUSION_RATIO * n_fast, (FUSION_KERNEL, 1, 1), (alpha, 1, 1))
    return nn.Sequential(*made, nn.ReLU())


def _stage(n_in: int, inner: int, n_blocks: int, kernel_t: int, stride: int) -> nn.Sequential:
    first = Bottleneck(n_in, inner, kernel_t, stride)
    return nn.Sequential(first, *(Bottleneck(4 * inner, inner, kernel_t, 1) for _ in range(n_blocks - 1)))


def _initialise(module: nn.Module) -> None:
    """He's start for convolutions; a small one for the classifier."""
    for part in module.modules():
        if isinstance(part, nn.Conv3d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(part, nn.Linear):
            nn.init.normal_(part.weight, std=0.01)
            nn.init.zeros_(part.bias)
