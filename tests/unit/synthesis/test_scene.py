"""Views and lights."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import UsageError
from mien.synthesis.scene import View, draw_light


def test_the_origin_is_seen_where_the_view_says_and_size_falls_with_distance() -> None:
    view = View(640, 480, seen_dm=2.4, column=0.5, row=0.45)
    np.testing.assert_allclose(view.project(np.zeros(3)), [319.5, 215.5])
    near, far = view.project(np.array([[0.5, 0.0, 0.5], [0.5, 0.0, -0.5]]))
    assert near[0] > far[0] > 319.5
    up = view.project(np.array([0.0, 0.3, 0.0]))
    assert up[1] < 215.5  # rows run downwards
    assert view.project(np.array([1.2, 0.0, 0.0]))[0] - 319.5 == pytest.approx(1.2 * 480 / 2.4)


@pytest.mark.parametrize("wrong", [{"width": 0}, {"seen_dm": 0.0}, {"distance_dm": 1.0}])
def test_impossible_views_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="view"):
        View(**wrong)  # type: ignore[arg-type]


def test_lamps_stand_in_front_and_on_both_sides() -> None:
    for seed in range(20):
        light = draw_light(np.random.default_rng(seed))
        np.testing.assert_allclose(np.linalg.norm(light.directions, axis=1), 1.0)
        assert (light.directions[:, 2] > 0.3).all() and (light.directions[:, 1] > 0).all()
        assert light.directions[:, 0].prod() < 0
        assert (light.colours > 0).all() and light.colours[0].sum() > 0.9
        assert 60 < light.wall.min() <= light.wall.max() < 220


def test_levels_dim_lamps_and_surroundings_one_by_one() -> None:
    light = draw_light(np.random.default_rng(1))
    dimmed = light.at(np.array([0.5, 1.0, 0.8]))
    np.testing.assert_allclose(dimmed.colours / light.colours, [[0.5] * 3, [1.0] * 3])
    np.testing.assert_allclose(dimmed.sky / light.sky, 0.8)
    assert (dimmed.wall < light.wall).all()
    same = light.at(np.ones(3))
    np.testing.assert_array_equal(same.wall, light.wall)
    np.testing.assert_array_equal(same.colours, light.colours)
