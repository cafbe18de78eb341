"""Painted pictures: the right colours at the right places of the base mesh."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.synthesis.appearance import Appearance, draw_appearance
from mien.synthesis.bust import cylinder, load_bust
from mien.synthesis.identity import Descent
from mien.synthesis.paint import COLUMNS, EYE_SIZE, ROWS, line, noise, paint_eye, paint_skin, places, spot

NO_HAIR = np.zeros((ROWS, COLUMNS), dtype=np.float32)


@pytest.fixture(scope="module")
def look() -> Appearance:
    drawn = draw_appearance(Descent({"caucasian-male-young": 1.0}, {}), np.random.default_rng(1))
    return replace(drawn, stubble=0.0, freckles=0.0, age=0.1, hair=np.array([40.0, 30.0, 25.0]))


@pytest.fixture(scope="module")
def skin(look: Appearance) -> np.ndarray:
    return paint_skin(replace(look, brow=look.hair), NO_HAIR, NO_HAIR, np.random.default_rng(0))


def around(picture: np.ndarray, point: tuple[float, float, float], radius: int = 8) -> np.ndarray:
    """Mean colour about a point of the base mesh."""
    column, row = cylinder(np.array(point)) * [COLUMNS, ROWS]
    patch = picture[int(row) - radius : int(row) + radius, int(column) - radius : int(column) + radius]
    return patch.reshape(-1, picture.shape[2]).mean(axis=0)


def test_places_agree_with_the_mesh() -> None:
    at, head = places(), load_bust().head
    for name in ("nose_tip", "brow_middle_left", "brow_outer_right", "chin"):
        x, y, z = head.vertices[head.landmarks[name]]
        column, row = (cylinder(np.array([x, y, z])) * [COLUMNS, ROWS]).astype(int)
        assert at.x[row, column] == pytest.approx(abs(x), abs=0.02), name
        assert at.y[row, column] == pytest.approx(y, abs=0.01), name
        assert at.z[row, column] == pytest.approx(z, abs=0.03), name


def test_noise_has_unit_spread_and_the_wanted_scale() -> None:
    fine, coarse = (noise(np.random.default_rng(0), sigma) for sigma in (1.5, 12.0))
    for field in (fine, coarse):
        assert field.shape == (ROWS, COLUMNS)
        assert field.std() == pytest.approx(1.0, abs=0.1)

    def alike(field: np.ndarray) -> float:
        return float(np.corrcoef(field[:, :-6].ravel(), field[:, 6:].ravel())[0, 1])

    assert alike(coarse) > 0.8 > 0.2 > alike(fine)


def test_brows_are_darker_lips_redder_and_cloth_is_cloth(skin: np.ndarray, look: Appearance) -> None:
    head = load_bust().head
    cheek, brow = around(skin, (0.5, 7.0, 1.3)), around(skin, (0.3, 7.497, 1.44), 3)
    lip = around(skin, (0.0, 6.55, 1.57), 4)
    assert brow[:3].sum() < 0.6 * cheek[:3].sum()
    assert lip[1] / lip[0] < 0.95 * cheek[1] / cheek[0]
    np.testing.assert_allclose(around(skin, (0.0, 5.2, 0.9)), [*look.cloth, 0], atol=30)
    assert around(skin, tuple(head.vertices[head.landmarks["nose_tip"]]))[3] > cheek[3]


def test_skin_has_texture_for_flow_to_hold_on_to(skin: np.ndarray) -> None:
    column, row = (cylinder(np.array([0.5, 7.0, 1.3])) * [COLUMNS, ROWS]).astype(int)
    cheek = skin[row - 30 : row + 30, column - 30 : column + 30, :3].astype(float).mean(axis=2)
    assert 1.5 < cheek.std() < 15


def test_both_sides_are_painted_alike_but_not_mirrored(skin: np.ndarray) -> None:
    left, right = around(skin, (0.3, 7.497, 1.44), 10), around(skin, (-0.3, 7.497, 1.44), 10)
    np.testing.assert_allclose(left, right, atol=20)
    assert (skin != skin[:, ::-1]).mean() > 0.3


def test_stubble_darkens_the_chin_and_not_the_forehead(look: Appearance, skin: np.ndarray) -> None:
    bearded = paint_skin(
        replace(look, brow=look.hair, stubble=0.9), NO_HAIR, NO_HAIR, np.random.default_rng(0)
    )
    chin, forehead = (0.0, 6.3, 1.48), (0.0, 7.75, 1.5)
    assert around(bearded, chin)[:3].sum() < 0.85 * around(skin, chin)[:3].sum()
    np.testing.assert_allclose(around(bearded, forehead), around(skin, forehead), atol=8)


def test_scalp_shows_the_hair(look: Appearance) -> None:
    haired = paint_skin(look, NO_HAIR + 1, NO_HAIR, np.random.default_rng(0))
    bare = paint_skin(look, NO_HAIR, NO_HAIR, np.random.default_rng(0))
    top = (0.0, 8.0, 1.4)
    assert around(haired, top)[:3].sum() < 0.5 * around(bare, top)[:3].sum()


def test_spots_and_lines_are_one_at_their_place_and_fade() -> None:
    at = places()
    cheek = spot(at, 0.42, 6.93, 0.1, 0.1)
    near = (np.abs(at.x - 0.42) < 0.02) & (np.abs(at.y - 6.93) < 0.02) & (at.z > 0.6)
    assert cheek[near].min() > 0.9 and cheek[at.y > 7.5].max() < 0.01
    drawn = line(at, [(0.2, 6.9), (0.3, 6.7)], 0.01)
    assert drawn.max() == pytest.approx(1.0)
    assert drawn[at.y > 7.2].max() == 0


def test_an_eye_has_a_pupil_an_iris_and_a_white(look: Appearance) -> None:
    eye = paint_eye(look, np.random.default_rng(0)).astype(float)
    middle = EYE_SIZE // 2
    pupil, iris = eye[middle, middle], eye[middle, middle + int(0.3 * middle)]
    white = eye[middle, middle + int(0.7 * middle)]
    assert pupil[:3].max() < 20
    assert pupil[:3].sum() < iris[:3].sum() < white[:3].sum()
    np.testing.assert_allclose(iris[:3] / iris[:3].sum(), look.iris / look.iris.sum(), atol=0.06)


def test_the_same_seed_paints_the_same_picture(look: Appearance) -> None:
    first, second = (paint_eye(look, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
