"""HTNet: a hierarchical transformer on four patches of the onset-apex flow image, as published and as corrected.

Wang, Zhang, Luo, Sankaranarayana: "HTNet for micro-expression recognition", Neurocomputing 2024, arXiv 2307.14637.
Sizes and faults are those of the authors' program; what is corrected is ours.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from mien.clips.tasks import Task
from mien.models.base import FLOW, Batch, Network, Terms, weighted_cross_entropy
from mien.models.flow_images import centred, legacy_pixels
from mien.models.options import Plan
from mien.models.registry import ModelCard, register
from mien.protocols.view import Inputs

HEADS = 3
EXPANSION = 4
LEVELS = 3
SHALLOW = 2
"""Transformer blocks of the first two levels."""
SMALL_WIDTH = 64
"""Up to this width the networks of many folds fit into memory together."""

Centres = tuple[tuple[int, int], ...]


class Form(NamedTuple):
    """What one form cuts out, and how many tokens see each other.

    Attributes:
        centres: (column, row) of the four patches, in the order in which they are tiled.
        patch_px: side of a patch. token_px: side of the square that becomes a token.
        block: tokens along the side of the block inside which attention works.
    """

    centres: Centres
    patch_px: int
    token_px: int
    block: int

    @property
    def side(self) -> int:
        """Tokens along the side of the first level's map."""
        return 2 * self.patch_px // self.token_px


#: The program's constants for a face that MTCNN does not find, clamped to 7..21: left and right eye, left and
#: right corner of the mouth, as (x, y). It takes x for the row and y for the column.
_FALLBACK: Centres = ((9, 11), (21, 10), (10, 21), (20, 21))

FORMS = {
    "published": Form(tuple((y, x) for x, y in _FALLBACK), patch_px=14, token_px=7, block=1),
    # Where eyes and mouth are in the images of MEGC 2019 and of the recipe `onset-apex-face`, as near to it as
    # patches of 16 px inside 28 px can be centred.
    "corrected": Form(((8, 8), (20, 8), (9, 20), (19, 20)), patch_px=16, token_px=4, block=2),
}


class HtnetOptions(Plan):
    epochs: int = Field(800, ge=1, description="passes over the training clips; the last one is used")
    batch_size: int = Field(256, ge=2, description="clips per step")
    learning_rate: float = Field(5e-5, gt=0, description="learning rate")
    form: Literal["published", "corrected"] = Field(
        "published",
        description="as published: every attention sees one token, and x and y of the patches are swapped; "
        "corrected: four tokens, patches on eyes and mouth, flow with its zero at 0",
    )
    width: int = Field(
        256, ge=12, le=512, description="channels of the first level, doubled at each; published: 256"
    )
    depth: int = Field(10, ge=1, le=32, description="transformer blocks of the last level; published: 10")


def tiled(images: Tensor, centres: Centres, side: int) -> Tensor:
    """Four square patches of images (N, C, H, W) as one image (N, C, 2 side, 2 side), row by row.

    Args:
        centres: (column, row) of top left, top right, bottom left and bottom right patch.
    """
    half = side // 2
    patches = [images[:, :, y - half : y + half, x - half : x + half] for x, y in centres]
    rows = [torch.cat(patches[i : i + 2], dim=3) for i in (0, 2)]
    return torch.cat(rows, dim=2)


class Attention(nn.Module):
    """Self-attention among the tokens (..., T, C) of a block."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads, self.size = heads, dim // heads
        inner = heads * self.size
        self.query_key = nn.Linear(dim, 2 * inner, bias=False)
        self.value = nn.Linear(dim, inner, bias=False)
        self.out = nn.Linear(inner, dim)

    def forward(self, x: Tensor) -> Tensor:
        query, key = self._split(self.query_key(x), 2 * self.heads).chunk(2, dim=-3)
        value = self._split(self.value(x), self.heads)
        weights = torch.softmax(query @ key.transpose(-1, -2) * self.size**-0.5, dim=-1)
        return torch.as_tensor(self.out((weights @ value).transpose(-2, -3).flatten(-2)))

    def _split(self, x: Tensor, parts: int) -> Tensor:
        """(..., T, parts * size) as (..., parts, T, size)."""
        return x.reshape(*x.shape[:-1], parts, self.size).transpose(-2, -3)


class Block(nn.Module):
    """Attention and a two-layer perceptron, each behind a layer norm and beside an identity."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = Attention(dim, heads)
        self.mlp = nn.Sequential(nn.Linear(dim, EXPANSION * dim), nn.GELU(), nn.Linear(EXPANSION * dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.first(x))
        return x + torch.as_tensor(self.mlp(self.second(x)))


class Level(nn.Module):
    """Transformer blocks on a map of tokens (B, S, S, C), cut into square blocks that do not see each other."""

    def __init__(self, dim: int, heads: int, depth: int, side: int, block: int) -> None:
        super().__init__()
        self.block, self.n_blocks = block, side // block
        # Published: one number per place in a block, the same for all channels and blocks. With one token in a
        # block that is a single number.
        start = torch.randn(1, 1, 1) if block == 1 else 0.02 * torch.randn(side, side, dim)
        self.position = nn.Parameter(start)
        self.layers = nn.Sequential(*(Block(dim, heads) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        n, b, channels = self.n_blocks, self.block, x.shape[-1]
        blocks = (x + self.position).reshape(-1, n, b, n, b, channels).transpose(2, 3)
        seen: Tensor = self.layers(blocks.flatten(3, 4)).reshape(blocks.shape)
        return seen.transpose(2, 3).reshape(x.shape)


class Aggregate(nn.Module):
    """Half the map with twice the channels: convolution 3x3, layer norm, max pooling."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, 2 * dim, 3, padding=1)
        self.norm = nn.LayerNorm(2 * dim)

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(self.conv(x.movedim(-1, 1)).movedim(1, -1))
        return F.max_pool2d(h.movedim(-1, 1), 3, 2, 1).movedim(1, -1)


class HtnetModule(nn.Module):
    """Logits (B, K) of tiled flow images (B, 3, S, S); 139.6 M parameters at the published size."""

    def __init__(self, n_classes: int, form: Form, width: int, depth: int) -> None:
        super().__init__()
        dims = [width * 2**i for i in range(LEVELS)]
        depths = [*[SHALLOW] * (LEVELS - 1), depth]
        self.embed = nn.Conv2d(3, width, form.token_px, form.token_px)
        self.levels = nn.ModuleList(
            Level(dim, HEADS * 2**i, depths[i], form.side // 2**i, form.block) for i, dim in enumerate(dims)
        )
        self.between = nn.ModuleList(Aggregate(dim) for dim in dims[:-1])
        self.norm = nn.LayerNorm(dims[-1])
        self.classifier = nn.Linear(dims[-1], n_classes)

    def forward(
        self, x: Tensor, noise: dict[str, Tensor] | None = None, valid: Tensor | None = None
    ) -> Tensor:
        h = self.levels[0](self.embed(x).movedim(1, -1))
        for aggregate, level in zip(self.between, self.levels[1:], strict=True):
            h = level(aggregate(h))
        return torch.as_tensor(self.classifier(self.norm(h).mean(dim=(1, 2))))


@register(
    ModelCard(
        name="htnet",
        title="HTNet",
        paper="Wang et al., Neurocomputing 2024, arXiv 2307.14637",
        summary="hierarchical transformer on four flow patches; 139.6 M parameters (a GPU); width=24 suits two cores",
        confirmed="layers, widths, heads and repeats, swapped patch axes, one token per attention, Adam 5e-5, batch "
        "256, 800 epochs, flow as 0..255 (published program)",
        assumed="its patch centres for a face it does not find stand for all clips; last epoch; clips are shuffled. "
        "The corrected form (patches of 16 px, tokens of 4 px, 2x2 tokens per block) is ours",
        published={
            "megc-3": "UF1 .8603, UAR .8475; epoch chosen on each held-out subject. Users who take the last epoch: "
            "UF1 .648 to .655"
        },
    ),
    HtnetOptions,
)
class Htnet(Network):
    """HTNet; `form` chooses between the published program and our correction of it."""

    plan: HtnetOptions

    def __init__(self, plan: HtnetOptions) -> None:
        super().__init__(plan)
        self.form = FORMS[plan.form]
        self.stackable = plan.width <= SMALL_WIDTH

    def tensors(self, inputs: Inputs) -> Tensor:
        pixels = legacy_pixels(inputs[FLOW])
        if self.plan.form == "corrected":
            pixels = centred(pixels.numpy())
        return tiled(pixels, self.form.centres, self.form.patch_px)

    def build(self, task: Task) -> HtnetModule:
        return HtnetModule(len(task.classes), self.form, self.plan.width, self.plan.depth)

    def loss(self, outputs: Tensor, batch: Batch) -> Terms:
        return {"classification": weighted_cross_entropy(outputs, batch)}
