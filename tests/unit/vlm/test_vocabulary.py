"""Names and numbers of Action Units, and other words for labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.facs.catalogue import CATALOGUE
from mien.vlm.vocabulary import MEGC_NAMES, synonyms_for, unit_names, units_in


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("brow lowerer, lid tightener", {4, 7}),
        ("Inner brow raiser and outer brow raiser", {1, 2}),
        ("upper lip raiser", {10}),
        ("upper lid raiser", {5}),
        ("lip corner puller; lip corner depressor", {12, 15}),
        ("AU4+AU7", {4, 7}),
        ("AUs 6, 12 and 25", {6, 12, 25}),
        ("action unit 14", {14}),
        ("[6, 12]", {6, 12}),
        ("the 2 brows rise by 3 mm", set()),
        ("nostril compressor, nostril dilater", {38, 39}),
        ("nostril compress, nostril dilator", {38, 39}),
        ("AU 99", set()),
        ("Lip-corner  puller", {12}),
    ],
)
def test_units_in_a_text(text: str, units: set[int]) -> None:
    assert units_in(text) == units


def test_megc_has_25_names_and_each_is_read_as_its_own_unit() -> None:
    assert len(MEGC_NAMES) == len(set(MEGC_NAMES.values())) == 25
    for code, name in MEGC_NAMES.items():
        assert units_in(name) == {code}


@given(st.frozensets(st.sampled_from(sorted(CATALOGUE)), min_size=1))
def test_names_are_read_back_as_their_numbers(units: frozenset[int]) -> None:
    assert units_in(unit_names(units)) == units


def test_a_synonym_needs_its_label_and_never_hides_a_label() -> None:
    assert synonyms_for(("happiness", "others")) == {
        "happy": "happiness", "joy": "happiness", "joyful": "happiness", "smile": "happiness",
        "amusement": "happiness", "other": "others",
    }  # fmt: skip
    assert synonyms_for(("other", "others")) == {}
