"""OFF-ApexNet: two small convolutional streams on the flow from onset to apex, one for u and one for v.

Gan, Liong, Yau, Huang, Tan: "OFF-ApexNet on micro-expression recognition system", Signal Processing: Image
Communication 74, 2019, arXiv 1805.08699.
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
from mien.protocols.view import Inputs

HIDDEN = 1024
DROPOUT = 0.5


class OffapexnetOptions(Plan):
    epochs: int = Field(60, ge=1, description="passes over the training clips; the last one is used")
    batch_size: int = Field(128, ge=2, description="clips per step")
    learning_rate: float = Field(1e-4, gt=0, description="learning rate")


class OffapexnetModule(nn.Module):
    """Logits (B, K) of u and v images (B, 2, 28, 28); 2.66 M parameters."""

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.streams = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(1, 6, 5, padding=2),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Conv2d(6, 16, 5, padding=2),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Flatten(),
            )
            for _ in range(2)
        )
        self.first = nn.Linear(2 * 16 * 7 * 7, HIDDEN)
        self.second = nn.Linear(HIDDEN, HIDDEN)
        self.classifier = nn.Linear(HIDDEN, n_classes)

    def forward(
        self, x: Tensor, noise: dict[str, Tensor] | None = None, valid: Tensor | None = None
    ) -> Tensor:
        h = torch.cat([stream(x[:, i : i + 1]) for i, stream in enumerate(self.streams)], dim=1)
        h = torch.relu(self.first(h))
        h = h * noise["keep"] if noise else h
        return torch.as_tensor(self.classifier(torch.relu(self.second(h))))


@register(
    ModelCard(
        name="offapexnet",
        title="OFF-ApexNet",
        paper="Gan et al., Signal Processing: Image Communication 2019, arXiv 1805.08699",
        summary="two-stream CNN on u and v of the onset-apex flow; 2.66 million parameters",
        confirmed="two streams on u and v at 28x28, about 2.7 million parameters",
        assumed="filters 6 and 16 of 5x5, two layers of 1024, dropout, Adam 1e-4, 60 epochs, inputs scaled to -1..1",
        published={"megc-3": "UF1 .7196, UAR .7096 (recalled; how the epoch was chosen is unknown)"},
    ),
    OffapexnetOptions,
)
class Offapexnet(Network):
    """OFF-ApexNet with a fixed number of epochs."""

    def tensors(self, inputs: Inputs) -> Tensor:
        return legacy_pixels(inputs[FLOW])[:, :2] / 127.5 - 1

    def build(self, task: Task) -> OffapexnetModule:
        return OffapexnetModule(len(task.classes))

    def draw(self, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        return {"keep": dropout_mask((n, HIDDEN), DROPOUT, generator)}

    def loss(self, outputs: Tensor, batch: Batch) -> Terms:
        return {"classification": weighted_cross_entropy(outputs, batch)}
