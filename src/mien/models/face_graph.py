"""Landmarks as a graph: the 51 inner points of a face, centred and scaled, and the edges between them.

Heidari and Iosifidis (arXiv 2106.04332) call the edges facial muscles: the sides of a Delaunay triangulation, and one
edge from every point to the base of the nose.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import Delaunay
from torch import Tensor

from mien.errors import InputError

LANDMARKS = "landmarks"
Nodes = Literal["points", "edges", "both"]
Values = Literal["positions", "displacement"]

N_IBUG, JAW = 68, 17
N_POINTS = N_IBUG - JAW
#: Of the inner points (iBUG 17..67): the base of the nose, and the outer eye corners.
NOSE_BASE, EYE_CORNERS = 16, (19, 28)
#: Each inner point's place in the mirrored face: brows, nose bridge and base, eyes, outer and inner lips.
MIRRORED = (
    *range(9, -1, -1),
    *(10, 11, 12, 13, 18, 17, 16, 15, 14),
    *(28, 27, 26, 25, 30, 29, 22, 21, 20, 19, 24, 23),
    *(37, 36, 35, 34, 33, 32, 31, 42, 41, 40, 39, 38),
    *(47, 46, 45, 44, 43, 50, 49, 48),
)
#: The inner points of a neutral face in hundredths of the distance between the outer eye corners, x to the right and
#: y down from the base of the nose: the mean of what MediaPipe finds on the 26 made-up people of a CASME II twin.
_NEUTRAL = (
    *((-71, -77), (-60, -80), (-49, -84), (-35, -83), (-18, -81)),
    *((17, -81), (34, -83), (49, -84), (60, -80), (71, -78)),
    *((0, -59), (0, -40), (0, -24), (0, -14)),
    *((-14, -4), (-9, -1), (0, 0), (9, -1), (14, -4)),
    *((-51, -55), (-44, -60), (-32, -60), (-20, -52), (-31, -50), (-42, -50)),
    *((19, -52), (31, -60), (43, -60), (49, -55), (41, -51), (30, -50)),
    *((-31, 24), (-18, 16), (-9, 13), (0, 15), (9, 14), (17, 16), (30, 24)),
    *((17, 35), (9, 38), (-1, 39), (-10, 38), (-18, 35)),
    *((-28, 24), (-7, 23), (0, 24), (7, 23), (27, 24), (7, 26), (0, 26), (-8, 25)),
)


def inner_points(landmarks: NDArray[np.generic], frames: int, values: Values) -> Tensor:
    """The inner points (N, 2, frames, 51) of clips of 68 points (N, 2, T, 68), each clip from itself alone.

    In every frame x and y count from the base of the nose, over the distance between the outer eye corners in the
    first frame. `displacement` is that minus the same point in the first frame. Clips of another length are sampled
    at `frames` equal steps, linearly between their frames.

    Raises:
        InputError: not 68 points, values that are not finite, or eyes that fall together.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    if points.ndim != 4 or points.shape[1] != 2 or points.shape[3] != N_IBUG:
        raise InputError(
            "clips of 68 points, x and y, are wanted",
            where=f"array '{LANDMARKS}'",
            found=f"shape {points.shape}",
            do="prepare the set with the recipe 'landmarks'",
        )
    points = points[..., JAW:]
    across = points[:, :, 0, EYE_CORNERS[1]] - points[:, :, 0, EYE_CORNERS[0]]
    scale = np.hypot(across[:, 0], across[:, 1])
    unusable = ~np.isfinite(points).all(axis=(1, 2, 3)) | ~(scale > 0)
    if unusable.any():
        raise InputError(
            "points are missing or infinite, or the eyes of a face fall together",
            where=f"array '{LANDMARKS}'",
            found=f"{int(unusable.sum())} of {len(points)} clips, first row {int(unusable.argmax())}",
            do="leave these clips out, or prepare them again",
        )
    centred = (points - points[..., NOSE_BASE : NOSE_BASE + 1]) / scale[:, None, None, None]
    if values == "displacement":
        centred = centred - centred[:, :, :1]
    return torch.from_numpy(_in_time(centred, frames).astype(np.float32))


def _in_time(points: NDArray[np.float64], frames: int) -> NDArray[np.float64]:
    """Points (N, 2, T, V) at `frames` equal steps from the first frame to the last."""
    length = points.shape[2]
    if length == frames:
        return points
    at = np.linspace(0, length - 1, frames)
    before = np.minimum(at.astype(int), max(length - 2, 0))
    after = np.minimum(before + 1, length - 1)
    share = (at - before)[:, None]
    return np.asarray((1 - share) * points[:, :, before] + share * points[:, :, after])


@cache
def edges() -> tuple[tuple[int, int], ...]:
    """The edges (source, destination): three sides of every triangle, shared ones twice, then every point to the base
    of the nose. Found once, on one neutral face: no clip has a part in them."""
    face = np.array(_NEUTRAL, dtype=np.float64)
    # Points mirrored in pairs lie on one circle, on which a triangulation would be undecided: a slight shear decides.
    face[:, 0] += 0.003 * face[:, 1]
    triangles = Delaunay(face).simplices.tolist()
    sides = [(t[i], t[(i + 1) % 3]) for t in triangles for i in range(3)]
    return (*sides, *((point, NOSE_BASE) for point in range(N_POINTS)))


def n_nodes(nodes: Nodes) -> int:
    """How many nodes the graph has."""
    return {"points": N_POINTS, "edges": len(edges()), "both": N_POINTS + len(edges())}[nodes]


def node_values(points: Tensor, nodes: Nodes) -> Tensor:
    """The values (B, 2, T, V) of the nodes: of points as they are, of an edge source minus destination."""
    if nodes == "points":
        return points
    ends = torch.tensor(edges(), device=points.device)
    found = points[..., ends[:, 0]] - points[..., ends[:, 1]]
    return found if nodes == "edges" else torch.cat([points, found], dim=-1)


def mirror(points: Tensor) -> Tensor:
    """The left-right mirror image of centred points (..., 2, T, 51): x negated, left and right points exchanged."""
    swapped = points[..., list(MIRRORED)]
    return torch.cat([-swapped[..., :1, :, :], swapped[..., 1:, :, :]], dim=-3)
