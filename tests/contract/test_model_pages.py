"""Every recogniser has exactly one page in docs/models, which says how to run it and where its figures are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mien.models import registry

PAGES = sorted((Path(__file__).resolve().parents[2] / "docs" / "models").glob("*.md"))


def covered(page: Path) -> list[str]:
    return re.findall(r"`([^`]+)`", page.read_text(encoding="utf-8").splitlines()[0])


def test_every_recogniser_has_one_page() -> None:
    assert sorted(name for page in PAGES for name in covered(page)) == sorted(registry.names())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_how_to_run_and_where_the_figures_are(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# `")
    assert "mien evaluate" in text
    assert "\n## Figures\n" in text and "leaderboard.md" in text
