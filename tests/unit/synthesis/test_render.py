"""Rendering: what is seen where, and that the flow is exactly what the picture does."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import InputError
from mien.synthesis.actions import parse_actions, unit_weights
from mien.synthesis.posing import Pose
from mien.synthesis.render import KINDS, Renderer, open_context

SHIFT_DM = 0.02


def pose(renderer: Renderer, text: str = "", intensity: float = 0.3, **motion: object) -> Pose:
    actions = parse_actions(text, intensity) if text else ()
    moved = {name: np.array(value, dtype=float) for name, value in motion.items()}
    return Pose(unit_weights(renderer.person.bust.head, actions), **moved)


def near(renderer: Renderer, landmark: str, at: Pose) -> tuple[int, int]:
    column, row = renderer.landmarks(at)[landmark]
    return round(float(row)), round(float(column))


def test_a_person_is_seen_before_the_wall(renderer: Renderer) -> None:
    rest = pose(renderer)
    picture = renderer.picture(rest)
    assert picture.shape == (240, 320, 3) and picture.dtype == np.uint8
    wall = renderer.light.wall * (1 - renderer.light.wall_slope.sum())
    np.testing.assert_allclose(picture[2, 2], wall, atol=3)
    cheek = picture[near(renderer, "nose_tip", rest)].astype(float)
    assert cheek[0] > cheek[1] > cheek[2]
    tracks = renderer.tracks(rest, rest)
    assert tracks.kind[2, 2] == 0 and not tracks.face[2, 2]
    assert tracks.face[near(renderer, "nose_tip", rest)]
    assert set(np.unique(tracks.kind)) >= {0, KINDS.index("skin") + 1, KINDS.index("eyes") + 1}
    assert 0.1 < tracks.face.mean() < 0.6


def test_the_same_pose_gives_the_same_bytes(renderer: Renderer) -> None:
    first = renderer.picture(pose(renderer, "12"))
    renderer.tracks(pose(renderer), pose(renderer, "4"))
    np.testing.assert_array_equal(renderer.picture(pose(renderer, "12")), first)


def test_no_motion_is_no_flow_and_hides_nothing(renderer: Renderer) -> None:
    tracks = renderer.tracks(pose(renderer, "4"), pose(renderer, "4"))
    assert np.abs(tracks.flow).max() < 2e-3
    np.testing.assert_array_equal(tracks.visible, tracks.kind > 0)


def test_a_sway_moves_near_points_more_than_far_ones(renderer: Renderer) -> None:
    at = pose(renderer)
    tracks = renderer.tracks(at, pose(renderer, sway_dm=[SHIFT_DM, 0.0, 0.0]))
    u, v = tracks.flow[:, tracks.kind > 0]
    expected = SHIFT_DM * renderer.view.focal_px / renderer.view.distance_dm
    assert u.min() > 0.8 * expected and u.max() < 1.1 * expected
    assert np.abs(v).max() < 2e-3
    nose, brow = (tracks.flow[0][near(renderer, name, at)] for name in ("nose_tip", "brow_outer_left"))
    assert nose > brow


@pytest.mark.parametrize("text", ["1+2", "4", "12", "L12", "17"])
def test_the_flow_at_a_landmark_is_the_travel_of_the_landmark(renderer: Renderer, text: str) -> None:
    first, second = pose(renderer), pose(renderer, text, turn_rad=[0.01, 0.02, -0.01])
    tracks = renderer.tracks(first, second)
    before, after = renderer.landmarks(first), renderer.landmarks(second)
    for name in ("nose_tip", "chin", "brow_middle_left", "lip_corner_left", "lip_corner_right"):
        travel = after[name] - before[name]
        np.testing.assert_allclose(
            tracks.flow[:, *near(renderer, name, first)], travel, atol=0.12, err_msg=name
        )


def test_the_picture_moves_as_the_flow_says(renderer: Renderer) -> None:
    import cv2

    first, second = pose(renderer), pose(renderer, "1+2+12", 0.4, shift_dm=[0.01, 0.01, 0.0])
    before, after = (renderer.picture(at).astype(np.float32).mean(axis=2) for at in (first, second))
    tracks = renderer.tracks(first, second)
    rows, columns = np.indices(before.shape, dtype=np.float32)
    pulled = cv2.remap(after, columns + tracks.flow[0], rows + tracks.flow[1], cv2.INTER_LINEAR)
    seen = tracks.face & tracks.visible
    assert np.abs(pulled - before)[seen].mean() < 0.35 * np.abs(after - before)[seen].mean()


def test_points_that_turn_away_are_hidden(renderer: Renderer) -> None:
    tracks = renderer.tracks(pose(renderer), pose(renderer, turn_rad=[0.0, 0.6, 0.0]))
    hidden = tracks.face & ~tracks.visible
    columns = np.nonzero(hidden)[1]
    assert hidden.sum() > 100
    assert np.median(columns) > np.median(np.nonzero(tracks.face)[1])  # the subject's left cheek


def test_a_blink_changes_the_eyes_alone(renderer: Renderer) -> None:
    rest = pose(renderer)
    changed = np.abs(renderer.picture(pose(renderer, "45", 1.0)).astype(int) - renderer.picture(rest)).max(
        axis=2
    )
    rows = np.nonzero(changed > 40)[0]
    middle = renderer.view.row * 240
    assert len(rows) > 30 and np.abs(rows - middle).max() < 25


def test_the_error_without_opengl_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import moderngl

    def missing(**_: object) -> None:
        raise OSError("libEGL.so.1 not loaded")

    monkeypatch.setattr(moderngl, "create_standalone_context", missing)
    with pytest.raises(InputError, match="libegl1 libgl1-mesa-dri") as raised:
        open_context()
    assert "libEGL.so.1" in str(raised.value)


def test_relighting_brightens_the_picture_and_comes_back(renderer: Renderer) -> None:
    at, light = pose(renderer), renderer.light
    before = renderer.picture(at)
    renderer.relight(light.at(np.array([0.6, 0.6, 0.6])))
    darker = renderer.picture(at)
    renderer.relight(light)
    np.testing.assert_array_equal(renderer.picture(at), before)
    nose, wall = near(renderer, "nose_tip", at), (2, 2)
    for where in (nose, wall):  # shown with gamma 2
        assert darker[where].mean() / before[where].mean() == pytest.approx(np.sqrt(0.6), abs=0.05)
