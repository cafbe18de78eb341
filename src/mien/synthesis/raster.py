"""Which triangle a pixel sees: exact point sampling of a mesh with a depth test, vectorised."""

from __future__ import annotations

import numpy as np

from mien.synthesis.head import Floats, Indices

#: Barycentric slack: a sample on the edge of two triangles must belong to one of them.
EDGE_SLACK = 1e-9


def _candidates(corners: Floats, n_rows: int, n_columns: int) -> tuple[Indices, Indices]:
    """Pairs (triangle, sample) whose bounding boxes meet; samples lie at whole (column, row) positions."""
    size = np.array([n_columns, n_rows])
    low = np.clip(np.ceil(corners.min(axis=1)), 0, size).astype(np.int64)
    high = np.clip(np.floor(corners.max(axis=1)) + 1, 0, size).astype(np.int64)
    extent = np.maximum(high - low, 0)
    count = extent.prod(axis=1)
    triangle = np.repeat(np.arange(len(corners)), count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    width = extent[triangle, 0]
    column = low[triangle, 0] + within % width
    row = low[triangle, 1] + within // width
    return triangle, row * n_columns + column


def visible_triangles(
    points: Floats, depth: Floats, triangles: Indices, n_rows: int, n_columns: int
) -> tuple[Indices, Indices, Floats]:
    """The samples that see the mesh (S,), the triangle each sees (S,), and its barycentric weights (S, 3).

    Args:
        points: (V, 2) column and row of every vertex; the samples are the whole numbers.
        depth: (V,) larger is nearer to the camera.
        triangles: (T, 3) vertex numbers; their winding does not matter.
        n_rows, n_columns: size of the grid of samples; a sample's number is row * n_columns + column.
    """
    corners = points[triangles]
    triangle, sample = _candidates(corners, n_rows, n_columns)
    (ax, ay), (bx, by), (cx, cy) = (corners[triangle, k].T for k in range(3))
    px, py = (sample % n_columns).astype(np.float64), (sample // n_columns).astype(np.float64)
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    with np.errstate(divide="ignore", invalid="ignore"):
        second = ((px - ax) * (cy - ay) - (cx - ax) * (py - ay)) / area
        third = ((bx - ax) * (py - ay) - (px - ax) * (by - ay)) / area
        weights = np.stack([1 - second - third, second, third], axis=1)
    inside = np.isfinite(weights).all(axis=1) & (weights >= -EDGE_SLACK).all(axis=1)
    triangle, sample, weights = triangle[inside], sample[inside], weights[inside]
    nearness = (weights * depth[triangles[triangle]]).sum(axis=1)
    order = np.lexsort((-nearness, sample))
    seen, first = np.unique(sample[order], return_index=True)
    chosen = order[first]
    return seen.astype(np.int64), triangle[chosen], _tidy(weights[chosen])


def _tidy(weights: Floats) -> Floats:
    """Barycentric weights without the slack: not below zero, adding up to one."""
    clipped = np.maximum(weights, 0.0)
    return np.asarray(clipped / clipped.sum(axis=1, keepdims=True))
