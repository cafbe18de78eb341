"""`mien recipes`: every recipe and key is named, and a shown file is a recipe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mien.prepare import recipe
from mien.prepare.recipe import ArrayStep, FaceStep, FlowStep, TimeStep


def test_every_recipe_and_every_key_is_listed(mien: Callable) -> None:
    code, out, _ = mien("recipes")
    assert code == 0
    first_words = {line.split()[0] for line in out.splitlines() if line.strip()}
    assert set(recipe.names()) <= first_words
    for step in (FaceStep, TimeStep, FlowStep, ArrayStep):
        assert set(step.model_fields) <= first_words
        assert all(field.description for field in step.model_fields.values())


@pytest.mark.parametrize("name", recipe.names())
def test_a_shown_recipe_can_be_kept_and_used(mien: Callable, tmp_path: Path, name: str) -> None:
    _, out, _ = mien("recipes", name)
    (tmp_path / f"{name}.toml").write_text(out)
    assert recipe.load(tmp_path / f"{name}.toml") == recipe.load(name)


def test_an_unknown_recipe_is_a_wrong_call(mien: Callable) -> None:
    code, _, err = mien("recipes", "onset-apx")
    assert code == 2 and "did you mean 'onset-apex'" in err
