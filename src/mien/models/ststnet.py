"""STSTNet: a shallow triple-stream network on the onset-apex flow image.

Liong, Gan, See, Khor, Huang: "Shallow Triple Stream Three-dimensional CNN (STSTNet) for Micro-expression
Recognition", FG 2019, arXiv 1902.03634.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.clips.tasks import Task
from mien.models.base import FLOW, Batch, Network, Terms, dropout_mask, weighted_cross_entropy
from mien.models.flow_images import legacy_pixels
from mien.models.options import Plan
from mien.models.registry import ModelCard, register
from mien.models.stem import FlowStem
from mien.protocols.view import Inputs

STREAMS = (3, 5, 8)
DROPOUT = 0.5


class StstnetOptions(Plan):
    epochs: int = Field(800, ge=1, description="passes over the training clips; the last one is used")
    batch_size: int = Field(256, ge=2, description="clips per step")
    learning_rate: float = Field(5e-5, gt=0, description="learning rate")


class StstnetModule(nn.Module):
    """Logits (B, K) of flow images (B, 3, 28, 28); 1,683 parameters for three classes."""

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.stem = FlowStem(sum(STREAMS))
        self.classifier = nn.Linear(sum(STREAMS) * 5 * 5, n_classes)

    def forward(
        self, x: Tensor, noise: dict[str, Tensor] | None = None, valid: Tensor | None = None
    ) -> Tensor:
        h = self.stem(x, valid)
        if noise:
            h = h * noise["keep"]
        # Average pooling and the linear layer are one linear map: its weights, spread over the 2x2 windows,
        # give the
        # same scores without two passes over the activations.
        weight = self.classifier.weight.reshape(-1, sum(STREAMS), 5, 5)
        weight = weight.repeat_interleave(2, 2).repeat_interleave(2, 3)
        return nn.functional.linear(h.flatten(1), weight.flatten(1) / 4, self.classifier.bias)


@register(
    ModelCard(
        name="ststnet",
        title="STSTNet",
        paper="Liong et al., FG 2019, arXiv 1902.03634",
        summary="shallow triple-stream CNN on u, v and strain; 1,683 parameters",
        confirmed="layers, padding, dropout, Adam 5e-5, batch 256, 800 epochs, last epoch (published PyTorch code)",
        assumed="clips are shuffled every epoch (the published code keeps them sorted by class)",
        published={"megc-3": "UF1 .7353, UAR .7605 (last epoch)"},
    ),
    StstnetOptions,
)
class Ststnet(Network):
    """STSTNet as its authors' PyTorch code has it; the three streams are computed as one convolution."""

    def tensors(self, inputs: Inputs) -> Tensor:
        return legacy_pixels(inputs[FLOW])

    def build(self, task: Task) -> StstnetModule:
        return StstnetModule(len(task.classes))

    def draw(self, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        return {"keep": dropout_mask((n, sum(STREAMS), 10, 10), DROPOUT, generator)}

    def loss(self, outputs: Tensor, batch: Batch) -> Terms:
        return {"classification": weighted_cross_entropy(outputs, batch)}
