"""Every recogniser has exactly one page in docs/models, which says how to run it and where its figures are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mien.experiments.setting import readable_recipes
from mien.models import registry

PAGES = sorted((Path(__file__).resolve().parents[2] / "docs" / "models").glob("*.md"))


def covered(page: Path) -> list[str]:
    return re.findall(r"`([^`]+)`", page.read_text(encoding="utf-8").splitlines()[0])


@pytest.mark.parametrize("name", registry.names())
def test_a_recipe_of_mien_makes_what_a_recogniser_reads_and_its_page_names_one(name: str) -> None:
    recipes = readable_recipes(registry.create(name).needs)
    assert recipes
    if registry.card(name).kind == "reference":  # it reads no array
        return
    (page,) = (page for page in PAGES if name in covered(page))
    assert any(recipe in page.read_text(encoding="utf-8") for recipe in recipes)


def test_every_recogniser_has_one_page() -> None:
    assert sorted(name for page in PAGES for name in covered(page)) == sorted(registry.names())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_how_to_run_and_where_the_figures_are(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# `")
    assert "mien evaluate" in text
    assert "\n## Figures\n" in text and "leaderboard.md" in text
