"""How methods on facial regions read the 68 points of a clip's first frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.models.base import Needs
from mien.models.clip_memory import Clip

LANDMARKS = "landmarks"
#: Points are pixels of the whole crop, so pictures of these methods are the whole crop too, unscaled: no smaller than
#: the crops of the recipes.
CROP_PX = 128


def with_points(needs: Needs) -> Needs:
    """The same needs and the landmarks; pictures as large as the crop that the landmarks are pixels of."""
    pictures = {name: (*least[:-2], CROP_PX, CROP_PX) for name, least in needs.at_least.items()}
    return replace(
        needs,
        arrays={**needs.arrays, LANDMARKS: "(N, 2, T, 68): x, y in pixels of the same pictures"},
        at_least={**pictures, LANDMARKS: (2, 1, 68)},
    )


def onset_points(clip: Clip) -> NDArray[np.float64]:
    """The points (68, 2) of the first frame of a clip.

    Raises:
        InputError: another number of points.
    """
    points = clip[LANDMARKS]
    if points.ndim != 3 or points.shape[::2] != (2, 68):
        raise InputError("landmarks (2, T, 68) are needed", found=points.shape)
    return np.asarray(points[:, 0].T, np.float64)
