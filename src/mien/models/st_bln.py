"""`st-bln`: a spatio-temporal bilinear network of fixed layers on a face graph, with Monte-Carlo dropout at test."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor, nn

from mien.clips.tasks import Task
from mien.models.base import Batch, Needs, Network, Terms, dropout_mask, weighted_cross_entropy
from mien.models.bilinear import BilinearModule, Shape
from mien.models.face_graph import LANDMARKS, N_IBUG, Nodes, Values, inner_points, n_nodes
from mien.models.options import Plan, Schedule
from mien.models.registry import ModelCard, register
from mien.protocols.view import Inputs

WIDTHS = (8, 16, 16, 32, 32, 64, 64)
PAPER = "Heidari and Iosifidis 2021, arXiv 2106.04332"


class BlnOptions(Plan):
    epochs: int = Field(40, ge=1, description="passes over the training clips; the last one is used")
    batch_size: int = Field(32, ge=2, description="clips per step")
    learning_rate: float = Field(0.01, gt=0, description="peak learning rate")
    weight_decay: float = Field(5e-4, ge=0, description=Plan.model_fields["weight_decay"].description)
    schedule: Schedule = Field("cosine", description=Plan.model_fields["schedule"].description)
    nodes: Nodes = Field("points", description="51 points, 318 edges between them, or both as one graph")
    values: Values = Field(
        "displacement",
        description="positions from the base of the nose, or their change since the first frame",
    )
    frames: int = Field(8, ge=2, le=256, description="equal steps from a clip's first frame to its last")
    dropout: float = Field(0.2, ge=0, lt=1, description="dropout before every layer")
    flip: float = Field(0.5, ge=0, le=1, description="share of the training clips that are mirrored")
    passes: int = Field(
        100, ge=0, le=1000, description="Monte-Carlo passes at test, dropout on; 0 = one pass without dropout"
    )


class BilinearNetwork(Network):
    """What the fixed and the grown network share."""

    plan: BlnOptions
    needs = Needs(
        {LANDMARKS: "(N, 2, T, 68): x, y of the 68 iBUG points"}, at_least={LANDMARKS: (2, 2, N_IBUG)}
    )
    # Batch normalisation keeps running statistics of real clips alone: padded ones would enter them.
    stackable = False

    def __init__(self, plan: BlnOptions) -> None:
        super().__init__(plan)
        self.passes = plan.passes if plan.dropout > 0 else 0

    @property
    def shape(self) -> Shape:
        """The sizes of its module."""
        return Shape(WIDTHS, n_nodes(self.plan.nodes), fixed=True)

    def tensors(self, inputs: Inputs) -> Tensor:
        return inner_points(inputs[LANDMARKS], self.plan.frames, self.plan.values)

    def build(self, task: Task) -> BilinearModule:
        return BilinearModule(self.shape, self.plan.nodes, len(task.classes))

    def draw(self, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        drawn = self._masks(self.shape, n, generator) if self.plan.dropout > 0 else {}
        if self.plan.flip > 0:
            uniform = torch.rand(n, generator=generator, device=generator.device)
            drawn["flip"] = (uniform < self.plan.flip).float()
        return drawn

    def thinned(self, module: nn.Module, generator: torch.Generator) -> dict[str, Tensor]:
        assert isinstance(module, BilinearModule)
        return self._masks(module.shape, 1, generator)

    def _masks(self, shape: Shape, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        sizes = shape.masks(n, self.plan.frames)
        return {f"mask{i}": dropout_mask(size, self.plan.dropout, generator) for i, size in enumerate(sizes)}

    def loss(self, outputs: Tensor, batch: Batch) -> Terms:
        return {"classification": weighted_cross_entropy(outputs, batch)}


@register(
    ModelCard(
        name="st-bln",
        title="ST-BLN",
        paper=PAPER,
        summary="seven bilinear layers on landmarks, node mixing learned; Monte-Carlo dropout tells its doubt",
        confirmed="layers, widths, initial weights, dropout 0.2, residual paths (authors' code); SGD with Nesterov "
        "momentum, rate 0.1, decay 5e-4, batch 128, 350 epochs for CK+",
        assumed="Adam at 0.01 for 40 epochs, displacement over the inter-ocular distance, mirrored "
        "clips; edges of one neutral face; mean of the softmax over the passes",
    ),
    BlnOptions,
)
class StBln(BilinearNetwork):
    """ST-BLN: time and nodes keep their number through all layers."""
