"""Exact flow: analytic cases, and what FACS says each action does to the face."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import UsageError
from mien.synthesis.actions import parse_actions, unit_weights
from mien.synthesis.flow import Camera, FaceView, HeadMotion
from mien.synthesis.head import load_head
from mien.synthesis.identity import draw_identity

HEAD = load_head()
SIZE = (112, 112)


@pytest.fixture(scope="module")
def view() -> FaceView:
    return FaceView(HEAD, HEAD.vertices, size=SIZE)


def flow_of(view: FaceView, text: str, intensity: float = 0.3) -> np.ndarray:
    return view.flow(unit_weights(HEAD, parse_actions(text, intensity))[None])[0]


def pixel(view: FaceView, landmark: str) -> tuple[int, int]:
    """Row and column of a landmark of the base mesh."""
    column, row = view.project(HEAD.vertices[HEAD.landmarks[landmark]] - HEAD.eyes().mean(axis=0))
    return round(float(row)), round(float(column))


def rest(n: int = 1) -> np.ndarray:
    return np.zeros((n, len(HEAD.unit_names)))


def test_the_crop_frames_the_face_by_eyes_and_mouth(view: FaceView) -> None:
    assert pixel(view, "brow_middle_left")[0] < 10 / 28 * 112
    assert 18 / 28 * 112 <= pixel(view, "lip_corner_left")[0] <= 25 / 28 * 112
    assert pixel(view, "lip_corner_left")[1] > 56 > pixel(view, "lip_corner_right")[1]
    for seed in range(5):
        other = FaceView(HEAD, draw_identity(HEAD, np.random.default_rng(seed)))
        assert other.mask.mean() > 0.85


def test_no_motion_is_no_flow(view: FaceView) -> None:
    assert not view.flow(rest()).any()


def test_a_translation_is_constant_on_the_face_and_zero_outside(view: FaceView) -> None:
    motion = HeadMotion(np.array([[0.7, -0.3]]), np.zeros((1, 3)), np.ones(1))
    u, v = view.flow(rest(), motion)[0]
    np.testing.assert_allclose(u[view.mask], 0.7, rtol=1e-5)
    np.testing.assert_allclose(v[view.mask], -0.3, rtol=1e-5)
    assert not view.mask.all()
    assert not u[~view.mask].any() and not v[~view.mask].any()


def test_a_roll_turns_the_image_about_the_eyes() -> None:
    view = FaceView(HEAD, HEAD.vertices, Camera(eye_row=0.23), size=SIZE)
    angle = 0.02
    motion = HeadMotion(np.zeros((1, 2)), np.array([[0, 0, angle]]), np.ones(1))
    u, v = view.flow(rest(), motion)[0]
    rows, columns = np.nonzero(view.mask)
    x = (columns + 0.5 - 0.5 * 112) / view.scale[0]
    y = -(rows + 0.5 - 0.23 * 112) / view.scale[1]
    expected_u = view.scale[0] * ((np.cos(angle) - 1) * x - np.sin(angle) * y)
    expected_v = -view.scale[1] * (np.sin(angle) * x + (np.cos(angle) - 1) * y)
    np.testing.assert_allclose(u[view.mask], expected_u, atol=1e-4)
    np.testing.assert_allclose(v[view.mask], expected_v, atol=1e-4)


def test_a_zoom_spreads_from_the_eyes(view: FaceView) -> None:
    motion = HeadMotion(np.zeros((1, 2)), np.zeros((1, 3)), np.array([1.05]))
    u, v = view.flow(rest(), motion)[0]
    rows, columns = np.nonzero(view.mask)
    np.testing.assert_allclose(u[view.mask], 0.05 * (columns + 0.5 - 56), atol=1e-4)
    np.testing.assert_allclose(v[view.mask], 0.05 * (rows + 0.5 - 0.23 * 112), atol=1e-4)


def test_the_flow_at_a_landmark_is_the_projected_displacement_of_its_vertex() -> None:
    fine = FaceView(HEAD, HEAD.vertices, size=(448, 448))
    weights = unit_weights(HEAD, parse_actions("1+4+12+17", 0.2))
    flow = fine.flow(weights[None])[0]
    for landmark in ("lip_corner_left", "brow_middle_right", "brow_inner_left", "chin"):
        moved = np.tensordot(weights, HEAD.units[:, HEAD.landmarks[landmark]], axes=1)
        expected = [moved[0] * fine.scale[0], -moved[1] * fine.scale[1]]
        np.testing.assert_allclose(flow[:, *pixel(fine, landmark)], expected, atol=0.1, err_msg=landmark)


def test_au12_pulls_the_corners_of_the_lips_up_and_out(view: FaceView) -> None:
    flow = flow_of(view, "12")
    left, right = flow[:, *pixel(view, "lip_corner_left")], flow[:, *pixel(view, "lip_corner_right")]
    assert left[0] > 0.5 and right[0] < -0.5
    assert left[1] < -0.5 and right[1] < -0.5


@pytest.mark.parametrize(
    ("text", "landmark", "down"),
    [
        ("4", "brow_middle_left", 1),
        ("4", "brow_inner_right", 1),
        ("1", "brow_inner_left", -1),
        ("2", "brow_outer_right", -1),
        ("1+2", "brow_middle_left", -1),
        ("15", "lip_corner_left", 1),
        ("17", "chin", -1),
        ("26", "chin", 1),
    ],
)
def test_actions_move_their_part_of_the_face_up_or_down(
    view: FaceView, text: str, landmark: str, down: int
) -> None:
    assert flow_of(view, text)[1][pixel(view, landmark)] * down > 0.2


def test_au4_draws_the_brows_together(view: FaceView) -> None:
    flow = flow_of(view, "4")
    assert flow[0][pixel(view, "brow_middle_left")] < -0.1
    assert flow[0][pixel(view, "brow_middle_right")] > 0.1


@pytest.mark.parametrize("text", ["L12", "L4", "L1", "L14", "L17"])
def test_a_one_sided_action_leaves_the_other_side_almost_still(view: FaceView, text: str) -> None:
    flow = np.abs(flow_of(view, text))
    assert flow[..., 60:].max() > 0.5
    assert flow[..., :40].max() < 0.15 * flow.max()  # skin is one sheet: some of it follows


def test_left_and_right_mirror_each_other(view: FaceView) -> None:
    left, right = flow_of(view, "L4+L14"), flow_of(view, "R4+R14")
    np.testing.assert_allclose(left[0], -right[0][:, ::-1], atol=0.05)
    np.testing.assert_allclose(left[1], right[1][:, ::-1], atol=0.05)


def test_flow_is_linear_in_intensity(view: FaceView) -> None:
    np.testing.assert_allclose(flow_of(view, "6+12", 0.4), 4 * flow_of(view, "6+12", 0.1), atol=1e-4)


def test_more_samples_average_over_the_pixel() -> None:
    coarse = FaceView(HEAD, HEAD.vertices, size=(28, 28), supersample=4)
    fine = FaceView(HEAD, HEAD.vertices, size=(112, 112))
    blocks = flow_of(fine, "12").reshape(2, 28, 4, 28, 4).mean(axis=(2, 4)) / 4
    whole = coarse.coverage == 1
    assert whole.mean() > 0.8
    np.testing.assert_allclose(flow_of(coarse, "12")[:, whole], blocks[:, whole], atol=1e-4)


def test_images_need_not_be_square() -> None:
    square, wide = FaceView(HEAD, HEAD.vertices, size=(40, 40)), FaceView(HEAD, HEAD.vertices, size=(40, 80))
    assert flow_of(wide, "12").shape == (2, 40, 80)
    assert flow_of(wide, "12")[0].max() == pytest.approx(2 * flow_of(square, "12")[0].max(), rel=0.1)


def test_an_image_without_pixels_is_refused() -> None:
    with pytest.raises(UsageError):
        FaceView(HEAD, HEAD.vertices, size=(0, 28))
