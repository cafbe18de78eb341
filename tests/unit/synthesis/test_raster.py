"""Point sampling of a mesh with a depth test, against a slow version."""

from __future__ import annotations

import numpy as np
import pytest

from mien.synthesis.raster import visible_triangles


def _slowly(
    points: np.ndarray, depth: np.ndarray, triangles: np.ndarray, n_rows: int, n_columns: int
) -> dict:
    seen = {}
    for sample in range(n_rows * n_columns):
        nearest = -np.inf
        for number, triangle in enumerate(triangles):
            system = np.vstack([points[triangle].T, np.ones(3)])
            if abs(np.linalg.det(system)) < 1e-12:
                continue
            weights = np.linalg.solve(system, [sample % n_columns, sample // n_columns, 1])
            if weights.min() >= 0 and weights @ depth[triangle] > nearest:
                nearest = weights @ depth[triangle]
                seen[sample] = (number, weights)
    return seen


@pytest.mark.parametrize("seed", range(3))
def test_random_triangles_as_the_slow_version_sees_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, depth = rng.uniform(-3, 12, (30, 2)), rng.normal(size=30)
    triangles = rng.integers(30, size=(25, 3))
    sample, triangle, weights = visible_triangles(points, depth, triangles, 7, 9)
    slow = _slowly(points, depth, triangles, 7, 9)
    assert sample.tolist() == sorted(slow)
    assert triangle.tolist() == [slow[s][0] for s in sample]
    np.testing.assert_allclose(weights, [slow[s][1] for s in sample], atol=1e-9)


def test_neighbours_leave_no_gap_on_their_common_edge() -> None:
    points = np.array([[0, 0], [4, 0], [4, 4], [0, 4]], dtype=float)
    triangles = np.array([[0, 1, 2], [0, 2, 3]])
    sample, _, weights = visible_triangles(points, np.zeros(4), triangles, 5, 5)
    assert sample.tolist() == list(range(25))
    np.testing.assert_allclose(weights.sum(axis=1), 1)


def test_a_mesh_outside_the_image_is_not_seen() -> None:
    points = np.array([[20, 20], [24, 20], [20, 24]], dtype=float)
    sample, triangle, weights = visible_triangles(points, np.zeros(3), np.array([[0, 1, 2]]), 5, 5)
    assert len(sample) == len(triangle) == len(weights) == 0
