"""The databases by name, and what `mien.databases` says about each."""

from __future__ import annotations

import re

import pytest

from mien.databases.database import Database
from mien.databases.fixes import fixes_of
from mien.databases.registry import get, names
from mien.errors import UsageError


@pytest.mark.parametrize("name", names())
def test_every_card_tells_what_a_newcomer_needs(name: str) -> None:
    card = get(name).card
    assert card.name == name
    for text in (card.title, card.paper, card.holds, card.apply, card.tree):
        assert text.strip()
    assert card.files
    assert bool(card.counts) == (name != "own")


@pytest.mark.parametrize("name", names())
def test_counts_of_a_card_add_up(name: str) -> None:
    for release, counts in get(name).card.counts.items():
        for parts in (counts.emotions, counts.kinds):
            assert not parts or sum(parts.values()) == counts.clips, release
        assert counts.subjects <= counts.clips


@pytest.mark.parametrize("name", [name for name in names() if isinstance(get(name), Database)])
def test_the_official_place_of_a_variant_carries_its_mark_and_no_other(name: str) -> None:
    source = get(name)
    assert isinstance(source, Database)
    for variant, layout in source.layouts.items():
        top = f"disk/{layout.top}/".lower()
        fitting = {other for other, its in source.layouts.items() if re.search(its.mark, top)}
        assert {source.layouts[other] for other in fitting} == {layout}, variant


@pytest.mark.parametrize("name", names())
def test_known_errors_have_a_column_and_a_reason(name: str) -> None:
    for fix in fixes_of(name):
        assert fix.column in ("onset", "apex", "offset", "emotion")
        assert len(fix.reason) > 10
        assert fix.instead != fix.table_says


def test_databases_with_known_errors() -> None:
    assert {name for name in names() if fixes_of(name)} == {
        "casme",
        "casme2",
        "casme3",
        "casme_sq",
        "mmew",
        "samm",
        "smic",
    }


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UsageError, match="casme2"):
        get("casmeii")
