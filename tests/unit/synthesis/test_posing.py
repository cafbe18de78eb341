"""Poses: face units move the skin, the gaze turns the eyes, the head moves and the shoulders stay."""

from __future__ import annotations

import numpy as np
import pytest

from mien.synthesis.actions import parse_actions, unit_weights
from mien.synthesis.bust import eyeball
from mien.synthesis.person import Person
from mien.synthesis.posing import GAZE_REACH_RAD, Body, Pose, pivot


@pytest.fixture(scope="module")
def body(person: Person) -> Body:
    return Body(person)


def rest(person: Person) -> np.ndarray:
    return np.zeros(len(person.bust.head.unit_names))


def test_at_rest_the_skin_is_the_persons(person: Person, body: Body) -> None:
    places, normals = body.shape(Pose(rest(person)))
    np.testing.assert_allclose(places[: len(person.vertices)], person.vertices, atol=1e-6)
    assert len(places) == len(body) == len(person.vertices) + 2 * len(eyeball()[0])
    solid = np.unique(np.concatenate(list(body.triangles.values())))
    np.testing.assert_allclose(np.linalg.norm(normals[solid], axis=1), 1.0, atol=1e-4)


def test_weights_add_their_face_units(person: Person, body: Body) -> None:
    head = person.bust.head
    weights = unit_weights(head, parse_actions("4+12", 0.3))
    places, _ = body.shape(Pose(weights))
    moved = np.tensordot(weights, head.units, axes=1)
    np.testing.assert_allclose(places[: len(moved)], person.vertices + moved, atol=1e-5)
    rows = np.array(list(head.landmarks.values()))
    np.testing.assert_allclose(body.places_of(Pose(weights), rows), (person.vertices + moved)[rows])


@pytest.mark.parametrize(
    ("units", "axis", "sign"),
    [
        (("eyeLookUpLeft", "eyeLookUpRight"), 1, 1),
        (("eyeLookDownLeft", "eyeLookDownRight"), 1, -1),
        (("eyeLookOutLeft", "eyeLookInRight"), 0, 1),
        (("eyeLookInLeft", "eyeLookOutRight"), 0, -1),
    ],
)
def test_the_gaze_turns_both_pupils_the_same_way(
    person: Person, body: Body, units: tuple[str, str], axis: int, sign: int
) -> None:
    weights = rest(person)
    for unit in units:
        weights[person.bust.head.unit_index[unit]] = 0.5
    n, n_eye = len(person.vertices), len(eyeball()[0])
    looking, straight = body.shape(Pose(weights))[0], body.shape(Pose(rest(person)))[0]
    for pupil in (n, n + n_eye):
        travel = (looking - straight)[pupil]
        radius = 0.15 * np.sin(0.5 * GAZE_REACH_RAD)
        assert travel[axis] * sign == pytest.approx(radius, rel=0.25)
        assert abs(travel[1 - axis]) < 1e-3


def test_the_head_turns_about_the_neck_and_the_shoulders_stay(person: Person, body: Body) -> None:
    pose = Pose(rest(person), np.array([0.0, 0.2, 0.0]), np.array([0.0, 0.1, 0.0]))
    places = body.shape(pose)[0].astype(float)
    moved = pose.moved(places, body.follow)
    shoulders = body.follow == 0
    np.testing.assert_array_equal(moved[shoulders], places[shoulders])
    nose = person.bust.head.landmarks["nose_tip"]
    assert moved[nose, 0] > places[nose, 0] + 0.1  # a positive yaw turns to the subject's left
    whole = body.follow == 1
    np.testing.assert_allclose(
        np.linalg.norm(moved[whole] - pivot() - [0, 0.1, 0], axis=1),
        np.linalg.norm(places[whole] - pivot(), axis=1),
        atol=1e-9,
    )


def test_the_back_of_the_head_is_not_drawn_and_the_face_is(person: Person, body: Body) -> None:
    all_skin = person.bust.triangles_of("skin")
    drawn = {tuple(row) for row in body.triangles["skin"].tolist()}
    assert 0.6 * len(all_skin) < len(drawn) < len(all_skin)
    face = [row for row in all_skin.tolist() if person.vertices[row, 2].min() > 0]
    assert all(tuple(row) in drawn for row in face)


def test_lids_stay_over_the_eyes_where_asked_and_nothing_else_changes(person: Person, body: Body) -> None:
    covered = Body(person, lids_over_eyes=True)
    pressed = unit_weights(person.bust.head, parse_actions("6+7+12", 0.8))
    centres = person.bust.head.eyes(person.vertices)
    solid = np.unique(body.triangles["skin"])

    def inside(which: Body, weights: np.ndarray) -> int:
        places = which.shape(Pose(weights))[0][solid]
        at_rest = person.vertices[solid]
        found = 0
        for centre in centres:
            radius = np.linalg.norm(person.vertices[person.bust.head.left_eye[0]] - centres[0])
            near, was = (np.linalg.norm(each - centre, axis=1) for each in (places, at_rest))
            found += int(((near < 0.98 * radius) & (was > radius) & (at_rest[:, 2] > centre[2])).sum())
        return found

    assert inside(body, pressed) > 0 and inside(covered, pressed) == 0
    np.testing.assert_allclose(
        covered.shape(Pose(rest(person)))[0], body.shape(Pose(rest(person)))[0], atol=1e-6
    )
    smile = Pose(unit_weights(person.bust.head, parse_actions("15+26", 0.5)))
    far = np.linalg.norm(person.vertices[:, None] - centres, axis=2).min(axis=1) > 0.35
    n = len(person.vertices)
    np.testing.assert_array_equal(covered.shape(smile)[0][:n][far], body.shape(smile)[0][:n][far])
