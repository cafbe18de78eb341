"""Cross-modal entropy reduction on faces: which parts of a flow image an AU coding needs, and an image without
the others.

Chen et al.: "Improving Vision Anomaly Detection with the Guidance of Language Modality", IEEE Trans. Multimedia
2024, arXiv 2310.02821, take out the cell of an image that matters least to its text, as CLIP sees it, and learn to
do so without the text. CLIP does not see micro-expressions: a table of where each Action Unit shows stands in for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mien.facs.annotation import AUAnnotation
from mien.models.base import masked_mean

SIDE = 28
LEAST_KEPT = 3
"""Regions that always stay whole: a third, so that no face is taken away."""

#: Name -> rows and columns [first, end) of the left half of a 28 x 28 face; the right half mirrors it. In this frame
#: (that of MEGC 2019 and of the recipe `onset-apex-face`) the eyes lie near row 6, columns 7 and 20, and the corners
#: of the mouth near row 21, columns 9 and 19. The regions cover the image and do not overlap.
REGIONS: Mapping[str, tuple[int, int, int, int]] = {
    "outer brows": (0, 5, 0, 7),
    "inner brows": (0, 5, 7, 14),
    "eyes": (5, 10, 0, 11),
    "root of the nose": (5, 10, 11, 14),
    "cheeks": (10, 17, 0, 9),
    "nose": (10, 17, 9, 14),
    "lip corners": (17, 24, 0, 11),
    "lips": (17, 24, 11, 14),
    "chin": (24, 28, 0, 14),
}
_NAMES = tuple(REGIONS)

#: Where each Action Unit of `mien.facs.VOCABULARY` shows.
SHOWS: Mapping[int, tuple[str, ...]] = {
    1: ("inner brows",),
    2: ("outer brows",),
    4: ("inner brows", "outer brows", "root of the nose"),
    5: ("eyes",),
    6: ("eyes", "cheeks"),
    7: ("eyes",),
    8: ("lips",),
    9: ("root of the nose", "nose"),
    10: ("nose", "lips"),
    11: ("nose", "cheeks"),
    12: ("cheeks", "lip corners"),
    13: ("cheeks", "lip corners"),
    14: ("cheeks", "lip corners"),
    15: ("lip corners",),
    16: ("lips", "chin"),
    17: ("chin",),
    18: ("lips",),
    20: ("lips", "lip corners"),
    21: ("chin",),
    22: ("lips",),
    23: ("lips",),
    24: ("lips",),
    25: ("lips",),
    26: ("chin",),
    28: ("lips", "chin"),
    31: ("chin",),
    38: ("nose",),
    39: ("nose",),
    43: ("eyes",),
    45: ("eyes",),
}


def region_masks() -> Tensor:
    """The regions (R, 28, 28): 1 inside, 0 outside; they add up to 1 everywhere."""
    masks = torch.zeros(len(REGIONS), SIDE, SIDE)
    for mask, (top, bottom, left, right) in zip(masks, REGIONS.values(), strict=True):
        mask[top:bottom, left:right] = 1
    return masks + masks.flip(-1)


def relevance(annotations: Sequence[AUAnnotation]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the texts of n clips speak of: (n, R) 1 for regions that a certain AU moves, and (n,) 1 where any does.

    Sides are not told apart: a region is both halves. Clips without certain AUs (not coded, coded as nothing,
    "12 or 14") say nothing of where to look.
    """
    needed = np.zeros((len(annotations), len(REGIONS)), np.float32)
    for row, annotation in zip(needed, annotations, strict=True):
        for number in annotation.numbers:
            row[[_NAMES.index(name) for name in SHOWS.get(number, ())]] = 1
    return needed, np.asarray(needed.any(axis=1), np.float32)


def kept_share(scores: Tensor) -> Tensor:
    """How much of each region stays (B, R), 0..1, by the scores (B, R): their sigmoid, and 1 for the best three.

    No gradient: what is masked follows from the texts of the training clips alone, not from the classes.
    """
    scores = scores.detach()
    least = scores.topk(LEAST_KEPT, dim=1).values[:, -1:]
    return torch.where(scores >= least, torch.ones_like(scores), torch.sigmoid(scores))


_MASKS = region_masks()


def masked(x: Tensor, scores: Tensor) -> Tensor:
    """Centred flow (B, C, 28, 28) whose regions are faded to no motion as far as their scores (B, R) are low."""
    return x * torch.einsum("br,rhw->bhw", kept_share(scores), _MASKS.to(x.device))[:, None]


def relevance_loss(scores: Tensor, needed: Tensor, told: Tensor, valid: Tensor | None) -> Tensor:
    """Binary cross-entropy per region of scores against `relevance`, the mean over the clips that tell."""
    each = F.binary_cross_entropy_with_logits(scores, needed, reduction="none").mean(dim=1)
    return masked_mean(each, told if valid is None else told * valid)
