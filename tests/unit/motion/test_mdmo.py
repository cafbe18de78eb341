"""MDMO: the unit facts of its definition, alignment of affine motion, and a slow version of one region."""

from __future__ import annotations

import numpy as np
import pytest

from made_arrays import face_points
from mien.errors import InputError
from mien.motion.face_rois import roi_masks
from mien.motion.mdmo import Form, aligned, main_directions, mdmo

RNG = np.random.default_rng(0)
SIZE = 96
POINTS = face_points() * (SIZE - 1)


def uniform(u: float, v: float) -> np.ndarray:
    return np.broadcast_to(np.array([u, v])[:, None, None, None], (2, 3, SIZE, SIZE)).copy()


def test_uniform_flow_is_size_one_and_angle_zero_in_all_regions() -> None:
    found = mdmo(uniform(1, 0), POINTS, align=False, alpha=0.9)
    np.testing.assert_allclose(found[:36], 0.9)
    np.testing.assert_allclose(found[36:], 0.0)
    down = mdmo(uniform(0, 2), POINTS, align=False, alpha=0.5)
    np.testing.assert_allclose(down[36:], 0.5 * np.pi / 2)
    assert not mdmo(uniform(0, 0), POINTS).any()


@pytest.mark.parametrize("form", ["polar", "cartesian"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_alignment_leaves_of_a_head_that_moves_alone_is_no_motion(form: Form, dtype: type) -> None:
    y, x = np.mgrid[:SIZE, :SIZE]
    turning = np.stack([0.02 * x - 0.01 * y + 1, 0.03 * y + 0.01 * x - 2])[:, None]
    for head in (uniform(1, 0), turning):
        np.testing.assert_allclose(aligned(head, POINTS), 0, atol=1e-9)
        assert not mdmo(head.astype(dtype), POINTS, form=form).any()
        assert mdmo(head.astype(dtype), POINTS, form=form, align=False).any()


def test_a_small_motion_is_one() -> None:
    found = mdmo(uniform(0.01, 0), POINTS, align=False)
    np.testing.assert_allclose(found[:36], 0.9)


def test_alignment_takes_out_any_affine_motion_and_leaves_a_local_one() -> None:
    y, x = np.mgrid[:SIZE, :SIZE]
    head = np.stack([0.02 * x - 0.01 * y + 1, 0.03 * y + 0.01 * x - 2])[:, None]
    np.testing.assert_allclose(aligned(head, POINTS), 0, atol=1e-9)
    brow = np.zeros((2, 1, SIZE, SIZE))
    brow[1, 0][roi_masks(POINTS, SIZE, SIZE)[1]] = -1.0
    np.testing.assert_allclose(aligned(head + brow, POINTS), brow, atol=1e-9)


def test_thirteen_points_of_jaw_and_nose_tell_how_the_head_moves() -> None:
    decide = set()
    for number, (x, y) in enumerate(np.round(POINTS).astype(int)):
        flow = np.zeros((2, 1, SIZE, SIZE))
        flow[0, 0, y, x] = 1.0
        if not np.array_equal(aligned(flow, POINTS), flow):
            decide.add(number)
    assert decide == {0, 1, 2, 3, 4, 5, 11, 12, 13, 14, 15, 16, 30}


def test_the_main_direction_is_the_mean_of_the_fullest_bin() -> None:
    flow = RNG.normal(size=(2, 2, SIZE, SIZE)) + np.array([0.5, 0.7])[:, None, None, None]
    found = main_directions(flow, POINTS)
    mask = roi_masks(POINTS, SIZE, SIZE)[17]
    u, v = flow[:, 1][:, mask]
    bins = np.digitize(np.arctan2(v, u), np.linspace(-np.pi, np.pi, 9)[1:-1])
    fullest = bins == np.bincount(bins).argmax()
    np.testing.assert_allclose(found[1, 17], [u[fullest].mean(), v[fullest].mean()])


def test_a_minority_that_moves_fast_does_not_turn_a_region() -> None:
    flow = uniform(1.0, 0.1)
    row, column = (axis[::4] for axis in roi_masks(POINTS, SIZE, SIZE)[16].nonzero())
    flow[:, :, row, column] = np.array([-50.0, -50.0])[:, None, None]
    np.testing.assert_allclose(main_directions(flow, POINTS)[:, 16], [[1.0, 0.1]] * 3)


def test_frames_are_averaged_in_cartesian_form() -> None:
    flow = uniform(1, 0)
    flow[:, 1] = np.array([0.0, 1.0])[:, None, None]
    flow[:, 2] = 0
    found = mdmo(flow, POINTS, align=False, alpha=0.5)
    np.testing.assert_allclose(found[36:], 0.5 * np.pi / 4)


def test_the_cartesian_form_does_not_jump_at_pi() -> None:
    above, below = uniform(-1, 0.01), uniform(-1, -0.01)
    jump = [np.abs(mdmo(above, POINTS, align=False, form=f) - mdmo(below, POINTS, align=False, form=f)).max()
            for f in ("polar", "cartesian")]  # fmt: skip
    assert jump[0] > 0.6 and jump[1] < 0.03


def test_flow_and_points_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="finite flow"):
        mdmo(np.full((2, 3, SIZE, SIZE), np.nan), POINTS)
    with pytest.raises(InputError, match="not those of a face"):
        mdmo(uniform(1, 0), 3 * POINTS)
