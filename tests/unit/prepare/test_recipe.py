"""Recipes: the ones that come with Mien, and files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import InputError, UsageError
from mien.prepare import recipe
from mien.prepare.stages import KINDS, descriptions


@pytest.mark.parametrize("name", recipe.names())
def test_every_recipe_loads_and_names_arrays_that_can_be_made(name: str) -> None:
    found = recipe.load(name)
    assert found.name == name and found.title
    assert set(descriptions(found)) <= set(KINDS)
    assert recipe.Recipe.model_validate_json(found.canonical()) == found


def test_all_kinds_of_arrays_are_in_some_recipe() -> None:
    assert {step.name for name in recipe.names() for step in recipe.load(name).arrays} == set(KINDS)


def test_a_recipe_of_ones_own_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('title = "mine"\n[[arrays]]\nname = "rgb"\nsize_px = 32\n')
    found = recipe.load(file)
    assert (found.name, found.arrays[0].size_px, found.needs_apex, found.needs_sequence) == (
        "mine",
        32,
        False,
        True,
    )


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'onset-apex'"):
        recipe.load("onset-apx")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('title = "x"', "arrays"),
        ('title = "x"\n[[arrays]]\nname = "nothing"', "arrays.0.name"),
        ('title = "x"\n[face]\nsise_px = 3\n[[arrays]]\nname = "rgb"', "face.sise_px"),
        ('title = "x"\n[flow]\nmethod = "raft"\n[[arrays]]\nname = "rgb"', "none of tvl1"),
        ('title = "x"\n[[arrays]]\nname = "rgb"\n[[arrays]]\nname = "rgb"', "named twice"),
        ('title = "x"\n[[arrays]]\nname = "rgb"\nscaling = "min-max"', "min-max"),
        ('title = "x"\n[[arrays]]\nname = "onset_apex_flow"\nscaling = "min-max"', "size_px = 28"),
        ('title = "x"\n[face]\nshown_per_interocular = 3\n[[arrays]]\nname = "rgb"', "outside the crop"),
        ('title = "x"\n[face]\nshown_per_interocular = 1.6\n[[arrays]]\nname = "landmarks"', "whole crop"),
        ("title = ", "cannot be read"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=words):
        recipe.load(file)


def test_the_part_that_is_shown_has_the_eyes_where_it_says() -> None:
    face = recipe.load("onset-apex-face").face
    row, column, side = face.shown_px
    assert abs(side / face.size_px - 1.6 / 2.2) < 0.01
    assert abs((face.eyes_at * face.size_px - row) / side - 0.25) < 0.01
    assert abs(column + side / 2 - face.size_px / 2) <= 0.5
    assert recipe.load("onset-apex").face.shown_px == (0, 0, 128)


def test_skd_shows_as_many_pixels_of_the_crop_as_its_network_reads() -> None:
    made = recipe.load("skd")
    assert made.face.shown_px[2] == 128
    assert {(array.name, array.size_px) for array in made.arrays} == {
        ("onset_apex_grey", 128),
        ("two_part_flow", 48),
    }
