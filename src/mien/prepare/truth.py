"""The exact flow of a twin, taken into the pixels of a crop: what each step of the preparation is measured against."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from mien.face.alignment import Matrix, inverse
from mien.prepare.twin import filmed_clip
from mien.synthesis.filming import film

#: An expression that moves less than this counts as still.
MOVING_PX = 0.2


@dataclass(frozen=True, eq=False)
class CropTruth:
    """How the points seen in one crop lie in another.

    Attributes:
        flow: (2, S, S) px of the crop, u right and v down, with what the alignment left of the head's motion.
        face: (S, S) bool, pixels of the face whose point is seen in both frames.
        moving: (S, S) bool, those of them that the expression alone moves by more than 0.2 px.
    """

    flow: NDArray[np.float64]
    face: NDArray[np.bool_]
    moving: NDArray[np.bool_]

    def errors_px(self, flow: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """End-point errors of a flow (2, S, S): of the pixels that move, and of those of the face that do not."""
        error = np.hypot(*(flow - self.flow))
        return error[self.moving], error[self.face & ~self.moving]


def crop_truth(
    root: str | Path, key: str, start: int, end: int, matrices: tuple[Matrix, Matrix], size_px: int
) -> CropTruth:
    """The exact flow between two frames of a twin, seen in their crops.

    Args:
        start, end: numbers of the frames.
        matrices: (2, 3) of both, from picture to crop pixels (`mien.face.clip.AlignedClip.matrices`).

    Raises:
        InputError: there is no truth of this clip.
    """
    with film(filmed_clip(root, key)) as filmed:
        tracks = filmed.tracks(end, since=start)
    first, second = matrices
    back = inverse(first)
    here = np.stack(np.meshgrid(np.arange(size_px, dtype=float), np.arange(size_px, dtype=float)))
    x, y = np.tensordot(back[:, :2], here, axes=1) + back[:, 2, None, None]
    u, v = (map_coordinates(part, [y, x], order=1, mode="nearest") for part in tracks.flow)
    there = np.tensordot(second[:, :2], np.stack([x + u, y + v]), axes=1) + second[:, 2, None, None]
    flow = there - here
    seen = (tracks.face & tracks.visible).astype(np.uint8)
    face = map_coordinates(seen, [y, x], order=0, mode="constant") > 0
    # What the whole head does is the median over the face; what is left is expression.
    alone = flow - np.median(flow[:, face], axis=1)[:, None, None]
    return CropTruth(flow, face, face & (np.hypot(*alone) > MOVING_PX))
