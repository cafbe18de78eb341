"""Questions and how answers are written down."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mien.vlm.question import Question, seed_of, units_of, units_text


@given(st.frozensets(st.integers(1, 98)))
def test_units_are_read_back(units: frozenset[int]) -> None:
    assert units_of(units_text(units)) == units


def test_no_unit_has_a_word() -> None:
    assert units_text(set()) == "none"


def test_a_seed_depends_on_every_word_and_on_where_they_part() -> None:
    assert seed_of("a", 1) == seed_of("a", "1")
    assert len({seed_of("ab", "c"), seed_of("a", "bc"), seed_of("a", "b", "c")}) == 3


def test_people_of_two_databases_are_two_people() -> None:
    one, other = (Question("1", "c", "01", name, "t", "text", "?") for name in ("casme2", "samm"))
    assert one.group != other.group
