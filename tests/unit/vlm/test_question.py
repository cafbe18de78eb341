"""Questions and how answers are written down."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from mien.vlm.question import Question, json_line, seed_of, units_of, units_text


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


@given(st.dictionaries(st.text(), st.text(st.characters(codec="utf-8"))))
def test_a_line_of_json_is_one_line_for_every_reader(content: dict[str, str]) -> None:
    line = json_line(content | {"breaks": "\n\r\x0b\x0c\x1c\x85\u2028\u2029"})
    assert len(line.splitlines()) == 1
    assert json.loads(line) == content | {"breaks": "\n\r\x0b\x0c\x1c\x85\u2028\u2029"}
    assert "é" in json_line({"é": ""})
