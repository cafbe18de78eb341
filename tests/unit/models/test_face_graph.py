"""The face as a graph: which points, centred on what, which edges, and its mirror image."""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
import pytest
import torch

from mien.errors import InputError
from mien.models import face_graph
from mien.models.face_graph import (
    EYE_CORNERS,
    JAW,
    MIRRORED,
    N_POINTS,
    NOSE_BASE,
    edges,
    inner_points,
    mirror,
    n_nodes,
    node_values,
)

NEUTRAL = np.array(face_graph._NEUTRAL, float)


def clips(n: int = 3, frames: int = 4) -> np.ndarray:
    """Random faces of 68 points around the neutral one, 40 px between the eyes."""
    rng = np.random.default_rng(0)
    inner = NEUTRAL.T[None, :, None] * 0.4 + rng.normal(0, 1, (n, 2, frames, N_POINTS))
    jaw = rng.normal(0, 50, (n, 2, frames, JAW))
    return (np.concatenate([jaw, inner], axis=-1) + 60).astype(np.float32)


def test_points_count_from_the_nose_in_eye_distances_of_the_first_frame() -> None:
    given = clips()
    found = inner_points(given, 4, "positions").numpy()
    inner = given[..., 17:]
    for clip in range(3):
        # The reference is read before anything is moved: the authors' loop moved it first.
        across = inner[clip, :, 0, 28] - inner[clip, :, 0, 19]
        for frame in range(4):
            nose = inner[clip, :, frame, 16].copy()
            for point in range(N_POINTS):
                expected = (inner[clip, :, frame, point] - nose) / np.linalg.norm(across)
                np.testing.assert_allclose(found[clip, :, frame, point], expected, atol=1e-5)
    assert (found[..., NOSE_BASE] == 0).all()


def test_points_do_not_change_with_place_and_size_of_the_face() -> None:
    given = clips()
    for values in ("positions", "displacement"):
        once, moved = (inner_points(x, 4, values) for x in (given, 3 * given + 20))  # type: ignore[arg-type]
        torch.testing.assert_close(once, moved, rtol=1e-4, atol=1e-5)


def test_displacement_is_nothing_in_the_first_frame_and_the_change_after_it() -> None:
    given = clips()
    positions, moved = (inner_points(given, 4, v) for v in ("positions", "displacement"))  # type: ignore[arg-type]
    assert (moved[:, :, 0] == 0).all()
    torch.testing.assert_close(moved, positions - positions[:, :, :1])


def test_time_is_sampled_linearly_and_ends_are_kept() -> None:
    given = clips(frames=2)
    found = inner_points(given, 5, "positions").numpy()
    two = inner_points(given, 2, "positions").numpy()
    for frame, share in enumerate(np.linspace(0, 1, 5)):
        expected = (1 - share) * two[:, :, 0] + share * two[:, :, 1]
        np.testing.assert_allclose(found[:, :, frame], expected, atol=1e-5)
    seven = inner_points(clips(frames=7), 3, "positions").numpy()
    np.testing.assert_allclose(
        seven, inner_points(clips(frames=7), 7, "positions").numpy()[:, :, ::3], atol=1e-6
    )
    assert inner_points(clips(frames=1), 3, "positions").shape == (3, 2, 3, N_POINTS)


def test_unusable_clips_are_refused_with_their_row() -> None:
    for spoil in (np.nan, np.inf):
        given = clips()
        given[1, 0, 2, 30] = spoil
        with pytest.raises(InputError, match="1 of 3 clips, first row 1"):
            inner_points(given, 4, "positions")
    given = clips()
    given[2, :, 0, JAW + EYE_CORNERS[1]] = given[2, :, 0, JAW + EYE_CORNERS[0]]
    with pytest.raises(InputError, match="first row 2"):
        inner_points(given, 4, "positions")
    with pytest.raises(InputError, match="68 points"):
        inner_points(clips()[..., :51], 4, "positions")


def test_a_missing_jaw_does_no_harm() -> None:
    given = clips()
    given[..., :JAW] = np.nan
    assert torch.isfinite(inner_points(given, 4, "positions")).all()


def test_edges_are_the_sides_of_all_triangles_and_one_to_the_nose_from_every_point() -> None:
    sides, spokes = edges()[:-N_POINTS], edges()[-N_POINTS:]
    assert spokes == tuple((point, 16) for point in range(51))
    assert len(sides) % 3 == 0
    triangles = [{a for a, _ in sides[i : i + 3]} for i in range(0, len(sides), 3)]
    assert all(len(triangle) == 3 for triangle in triangles)
    # Euler: 2 n - 2 - h triangles, h of whose sides lie on the outline and belong to one triangle only.
    shared = Counter(frozenset(side) for side in sides)
    outline = sum(count == 1 for count in shared.values())
    assert set(shared.values()) == {1, 2}
    assert len(triangles) == 2 * N_POINTS - 2 - outline
    assert {point for side in sides for point in side} == set(range(N_POINTS))


def test_no_point_lies_inside_the_circle_of_a_triangle() -> None:
    sides = edges()[:-N_POINTS]
    for i in range(0, len(sides), 3):
        corners = NEUTRAL[[a for a, _ in sides[i : i + 3]]]
        matrix = 2 * (corners[1:] - corners[0])
        centre = np.linalg.solve(matrix, (corners[1:] ** 2).sum(1) - (corners[0] ** 2).sum())
        radius = np.linalg.norm(corners[0] - centre)
        # 0.6 hundredths: the slight shear that decides between triangulations of mirrored points.
        assert np.linalg.norm(NEUTRAL - centre, axis=1).min() > radius - 0.6 - 0.01 * radius


def test_the_graph_is_frozen() -> None:
    assert (n_nodes("points"), n_nodes("edges"), n_nodes("both")) == (51, 318, 369)
    assert n_nodes("edges") == 3 * 89 + 51
    # Weights are stored for edges in this order: another one, of another release of the triangulation say, is an error.
    assert hashlib.sha256(repr(edges()).encode()).hexdigest().startswith("35be0e9dd7bd")


def test_values_of_edges_are_source_minus_destination() -> None:
    points = inner_points(clips(), 4, "positions")
    found = node_values(points, "edges")
    for edge in (0, 1, 100, len(edges()) - 51 + 7):
        source, destination = edges()[edge]
        torch.testing.assert_close(found[..., edge], points[..., source] - points[..., destination])
    # The reference is the origin, so the spokes are the points themselves.
    torch.testing.assert_close(found[..., -N_POINTS:], points)
    both = node_values(points, "both")
    assert torch.equal(both[..., :N_POINTS], points) and torch.equal(both[..., N_POINTS:], found)


def test_mirroring_exchanges_left_and_right_and_negates_x_not_time() -> None:
    assert [MIRRORED[MIRRORED[point]] for point in range(N_POINTS)] == list(range(N_POINTS))
    np.testing.assert_allclose(NEUTRAL[list(MIRRORED)] * [-1, 1], NEUTRAL, atol=2)
    points = inner_points(clips(), 4, "positions")
    found = mirror(points)
    assert torch.equal(mirror(found), points)
    # iBUG 48 and 54 (31 and 37 of the inner points) are the corners of the mouth.
    torch.testing.assert_close(found[:, 0, :, 31], -points[:, 0, :, 37])
    torch.testing.assert_close(found[:, 1, :, 31], points[:, 1, :, 37])
