"""Identities: mixtures of phenotypes and shape axes."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import InputError
from mien.synthesis.head import load_head
from mien.synthesis.identity import Descent, draw_adult, draw_identity, identity_vertices


def test_no_wish_gives_the_base_mesh() -> None:
    head = load_head()
    np.testing.assert_array_equal(identity_vertices(head), head.vertices)


def test_a_mixture_lies_between_its_phenotypes_whatever_the_sum_of_the_weights() -> None:
    head = load_head()
    first, second = (
        identity_vertices(head, {"asian-female-young": 1}),
        identity_vertices(head, {"african-male-old": 2}),
    )
    mixed = identity_vertices(head, {"asian-female-young": 3, "african-male-old": 3})
    np.testing.assert_allclose(mixed, (first + second) / 2, atol=1e-9)


def test_the_two_directions_of_a_shape_axis_widen_and_narrow_the_mouth() -> None:
    head = load_head()
    corners = [head.landmarks["lip_corner_left"], head.landmarks["lip_corner_right"]]

    def width(strength: float) -> float:
        x = identity_vertices(head, shapes={"mouth-width": strength})[corners, 0]
        return float(x[0] - x[1])

    assert width(-1) < width(-0.5) < width(0) < width(0.5) < width(1)


def test_all_unknown_names_are_listed_together() -> None:
    with pytest.raises(InputError) as caught:
        identity_vertices(load_head(), {"martian": 1}, {"antennae": 0.5})
    assert "martian" in str(caught.value) and "antennae" in str(caught.value)


@pytest.mark.parametrize("weight", [0.0, -1.0])
def test_phenotype_weights_must_say_something(weight: float) -> None:
    with pytest.raises(InputError, match="phenotype weights"):
        identity_vertices(load_head(), {"asian-female-young": weight})


def test_drawn_identities_differ_and_repeat() -> None:
    head = load_head()
    first, again, other = (draw_identity(head, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.02


def test_an_adult_is_clearly_of_one_sex_and_no_caricature() -> None:
    head = load_head()
    descents = [draw_adult(head, np.random.default_rng(seed)) for seed in range(40)]
    male = np.array([descent.share("male") for descent in descents])
    assert ((male < 0.2) | (male > 0.8)).all() and 0.2 < (male > 0.5).mean() < 0.8
    for descent in descents:
        assert sum(descent.phenotypes.values()) == pytest.approx(1.0)
        assert max(map(abs, descent.shapes.values())) <= 1
        assert descent.share("old") + descent.share("young") == pytest.approx(1.0)
    assert all(max(descent.share(name) for descent in descents) > 0.6 for name in ("asian", "african"))


def test_the_share_of_a_word_reads_whole_words() -> None:
    descent = Descent({"asian-female-young": 0.25, "asian-male-old": 0.75}, {})
    assert descent.share("male") == 0.75  # not "female", too
    assert descent.share("asian") == 1.0
