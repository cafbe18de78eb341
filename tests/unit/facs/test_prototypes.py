"""Prototypes of emotions: distinct sets of real Action Units."""

from __future__ import annotations

from mien.facs.catalogue import CATALOGUE
from mien.facs.prototypes import PROTOTYPES


def test_prototypes_are_sets_of_action_units() -> None:
    for combinations in PROTOTYPES.values():
        assert combinations and len(set(map(frozenset, combinations))) == len(combinations)
        for codes in combinations:
            assert len(set(codes)) == len(codes) > 0
            assert all(CATALOGUE[code].kind == "AU" for code in codes)


def test_no_combination_stands_for_two_emotions() -> None:
    everything = [frozenset(codes) for combinations in PROTOTYPES.values() for codes in combinations]
    assert len(set(everything)) == len(everything)
