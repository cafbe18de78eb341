"""Hair: it grows on heads and not in faces, and its shells lie around the head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.synthesis.appearance import LONG_STYLES, SHORT_STYLES
from mien.synthesis.bust import cylinder
from mien.synthesis.hair import PICTURE_COLUMNS, PICTURE_ROWS, SHELLS, grows, hair_mesh, paint_hair, scalp
from mien.synthesis.paint import COLUMNS, ROWS
from mien.synthesis.person import Person


def grown(person: Person, style: str, angle: float, height: float) -> float:
    look = replace(person.look, style=style, hair_line=0.0)
    return float(grows(np.array(angle), np.array(height), look, np.array(0.0)))


@pytest.mark.parametrize("style", SHORT_STYLES + LONG_STYLES)
def test_crowns_are_haired_and_faces_bare(person: Person, style: str) -> None:
    assert grown(person, style, 0.0, 8.4) > 0.9
    assert grown(person, style, 3.0, 7.5) > 0.9
    assert grown(person, style, 0.0, 7.3) < 0.05
    assert grown(person, style, 0.5, 7.0) < 0.05


def test_a_fringe_covers_the_forehead_and_long_hair_the_neck(person: Person) -> None:
    assert grown(person, "fringe", 0.0, 7.85) > 0.9 > 0.1 > grown(person, "short", 0.0, 7.85)
    assert grown(person, "long", 1.5, 6.1) > 0.9 > 0.1 > grown(person, "tied", 1.5, 6.1)


def test_scalp_and_shade_are_on_the_head_only(person: Person) -> None:
    grows_here, covered = scalp(replace(person.look, style="fringe"), np.random.default_rng(0))
    for point, expected in (((0.0, 8.3, 1.1), 1.0), ((0.0, 7.0, 1.6), 0.0), ((0.0, 5.5, 0.8), 0.0)):
        column, row = (cylinder(np.array(point)) * [COLUMNS, ROWS]).astype(int)
        assert grows_here[row, column] == pytest.approx(expected, abs=0.1)
        assert covered[row, column] == pytest.approx(expected, abs=0.1)
    assert covered.sum() > grows_here.sum()  # a fringe hangs over skin on which it does not grow


@pytest.mark.parametrize("style", ["cropped", "long"])
def test_shells_lie_outside_the_head_from_the_outermost_inwards(person: Person, style: str) -> None:
    bust = person.bust
    look = replace(person.look, style=style)
    mesh = hair_mesh(bust, bust.head.vertices, look, np.random.default_rng(0))
    assert mesh.points.shape == (len(SHELLS), len(mesh.places), 3)
    np.testing.assert_allclose(np.linalg.norm(mesh.along, axis=-1), 1.0, atol=1e-6)
    crown = bust.head.vertices[:, 1].max()
    tops = mesh.points[..., 1].max(axis=1)
    assert (np.diff(tops) < 0).all() and tops[-1] >= crown - 0.02 and tops[0] < crown + 0.6
    assert mesh.triangles.max() < len(mesh.places)
    assert (len(mesh.lining) > 0) == (style == "long")


def test_strands_have_their_colour_and_stand_only_where_hair_grows(person: Person) -> None:
    picture = paint_hair(person.bust, person.look, np.random.default_rng(0))
    assert picture.shape == (PICTURE_ROWS, PICTURE_COLUMNS, 4)
    tall = picture[..., 3] > 100
    assert 0.1 < tall.mean() < 0.9
    np.testing.assert_allclose(picture[tall][:, :3].mean(axis=0), person.look.hair, rtol=0.25)
    face = picture[PICTURE_ROWS // 2, PICTURE_COLUMNS // 2]
    assert face[3] == 0
