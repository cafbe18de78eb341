"""The bust: what a camera sees of a sitting person, as a mesh whose parts are known.

Frame and face units are those of `mien.synthesis.head`. The eyeballs of the baked mesh only say where the eyes
are; what is drawn is a finer sphere of the same centre and radius, which turns with the gaze.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from mien.synthesis.head import Floats, Head, Indices, as_head, read_baked

#: Vertical axis of the cylinder that skin and hair are painted on: x = 0 and this z, decimetres.
AXIS_Z = 0.2
#: Heights (decimetres) between which the picture on the cylinder lies.
LOWEST_Y, HIGHEST_Y = 4.6, 8.6
#: The head turns about this point; vertices between these heights follow it more and more.
PIVOT = np.array([0.0, 6.2, 0.25])
STILL_BELOW_Y, FOLLOWS_ABOVE_Y = 5.75, 6.3
#: Rings and spokes of the front of an eyeball, and how far round it goes.
EYE_RINGS, EYE_SPOKES, EYE_REACH_RAD = 14, 28, 1.9


@dataclass(frozen=True, eq=False)
class Bust:
    """A head with everything around it.

    Attributes:
        head: vertices (V, 3), face units and identity targets.
        part_names: names of the parts: skin, eye_left, eye_right, lashes, teeth, tongue.
        parts: (V,) number of each vertex's part.
        masks: name -> (V,) 0..1: lips, ears, mouth_inside.
        openness: (V,) 0..1 share of the surroundings that the vertex sees.
    """

    head: Head
    part_names: tuple[str, ...]
    parts: npt.NDArray[np.uint8]
    masks: Mapping[str, Floats]
    openness: Floats

    def triangles_of(self, *names: str) -> Indices:
        """Triangles (T, 3) of these parts."""
        numbers = [self.part_names.index(name) for name in names]
        return self.head.triangles[np.isin(self.parts[self.head.triangles[:, 0]], numbers)]


@cache
def load_bust() -> Bust:
    """The bust that ships with the package, read once."""
    arrays = read_baked("bust.npz")
    masks = np.asarray(arrays["masks"], dtype=np.float64) / 255
    return Bust(
        head=as_head(arrays),
        part_names=tuple(str(name) for name in arrays["part_names"]),
        parts=np.asarray(arrays["parts"], dtype=np.uint8),
        masks={str(name): mask for name, mask in zip(arrays["mask_names"], masks, strict=True)},
        openness=np.asarray(arrays["openness"], dtype=np.float64) / 255,
    )


def smoothstep(low: float, high: float, x: npt.NDArray[np.floating]) -> Floats:
    """0 below `low`, 1 above `high`, smooth between (`low` may be the larger one)."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t))


def cylinder(points: Floats) -> Floats:
    """Where points (..., 3) of the base mesh lie on the painted cylinder (..., 2), both axes 0..1.

    The first axis goes round the head, with the back of it at 0 and 1 and the subject's left above one half.
    """
    around = np.arctan2(points[..., 0], points[..., 2] - AXIS_Z) / (2 * np.pi) + 0.5
    return np.stack([around, (HIGHEST_Y - points[..., 1]) / (HIGHEST_Y - LOWEST_Y)], axis=-1)


def follow(points: Floats) -> Floats:
    """How much (...) of the head's motion each point (..., 3) of the base mesh takes part in, 0..1."""
    return smoothstep(STILL_BELOW_Y, FOLLOWS_ABOVE_Y, points[..., 1] + 0.1 * points[..., 2])


class Normals:
    """Unit normals of the vertices of one triangulation, area-weighted, for any positions."""

    def __init__(self, n_vertices: int, triangles: Indices) -> None:
        corners = np.ascontiguousarray(triangles.T)
        rows, columns = corners.ravel(), np.tile(np.arange(len(triangles)), 3)
        ones = np.ones(len(rows), dtype=np.float32)
        self._corners = corners
        self._gather = csr_array((ones, (rows, columns)), shape=(n_vertices, len(triangles)))

    def __call__(self, vertices: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """Normals (V, 3) for vertices (V, 3)."""
        points = vertices.astype(np.float32, copy=False)
        a, b, c = (points[corner] for corner in self._corners)
        (x1, y1, z1), (x2, y2, z2) = (b - a).T, (c - a).T
        faces = np.stack([y1 * z2 - z1 * y2, z1 * x2 - x1 * z2, x1 * y2 - y1 * x2], axis=1)
        summed = np.asarray(self._gather @ faces)
        length = np.sqrt((summed**2).sum(axis=1, keepdims=True))
        return np.asarray(summed / np.maximum(length, 1e-12), dtype=np.float32)


def normals_of(vertices: Floats, triangles: Indices) -> npt.NDArray[np.float32]:
    """Unit normals (V, 3) of a mesh, for one use."""
    return Normals(len(vertices), triangles)(vertices)


def grid_triangles(n_rows: int, n_columns: int, *, closed: bool) -> Indices:
    """Triangles (T, 3) of a grid of vertices in row order; `closed` joins the last column to the first."""
    rows, columns = np.meshgrid(
        np.arange(n_rows - 1), np.arange(n_columns if closed else n_columns - 1), indexing="ij"
    )
    right = (columns + 1) % n_columns
    a, b = rows * n_columns + columns, rows * n_columns + right
    c, d = a + n_columns, b + n_columns
    return np.concatenate([np.stack([a, c, b], -1).reshape(-1, 3), np.stack([b, c, d], -1).reshape(-1, 3)])


@cache
def eyeball() -> tuple[Floats, Indices]:
    """Unit vectors (E, 3) of the front of an eyeball that looks along z, and its triangles."""
    angle = np.linspace(0.0, EYE_REACH_RAD, EYE_RINGS)[:, None]
    spoke = np.linspace(0.0, 2 * np.pi, EYE_SPOKES, endpoint=False)[None]
    points = np.stack(
        [np.sin(angle) * np.cos(spoke), np.sin(angle) * np.sin(spoke), np.cos(angle) + 0 * spoke], axis=-1
    )
    return points.reshape(-1, 3), grid_triangles(EYE_RINGS, EYE_SPOKES, closed=True)
