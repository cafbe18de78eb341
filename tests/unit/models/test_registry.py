"""The list of recognisers."""

from __future__ import annotations

import pytest

from mien.errors import UsageError
from mien.models import registry


def test_all_published_methods_are_listed() -> None:
    assert set(registry.names()) >= {
        "aie-cmcl-flow", "au-oracle", "lda-hoof", "majority", "offapexnet", "ststnet", "svm-flow",
    }  # fmt: skip


def test_cards_are_filled_in() -> None:
    for name in registry.names():
        card = registry.card(name)
        assert card.name == name and card.title and card.summary


def test_references_are_marked() -> None:
    kinds = {name: registry.card(name).kind for name in registry.names()}
    assert kinds["au-oracle"] == kinds["majority"] == "reference"
    assert kinds["ststnet"] == "recogniser"


def test_unknown_name_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'ststnet'"):
        registry.create("ststnett")
