"""Errors in words: their parts, their exit codes, and several problems shown together."""

from __future__ import annotations

import pytest

from mien.errors import InputError, LeakError, MienError, Problems, UsageError, unknown


def test_the_message_has_one_line_per_part_that_is_given() -> None:
    error = InputError("the table is empty", where="clips.csv", found="0 rows", do="prepare it again")
    assert str(error).splitlines() == [
        "the table is empty",
        "  where: clips.csv",
        "  found: 0 rows",
        "  do:    prepare it again",
    ]
    assert str(MienError("only this")) == "only this"


def test_a_part_that_is_zero_or_empty_is_still_told() -> None:
    assert "found: 0" in str(InputError("too few subjects", found=0))


@pytest.mark.parametrize(
    ("error", "code"), [(MienError, 1), (UsageError, 2), (InputError, 3), (LeakError, 1)]
)
def test_each_kind_has_its_exit_code(error: type[MienError], code: int) -> None:
    assert error("x").exit_code == code


def test_all_problems_are_raised_in_one_error() -> None:
    problems = Problems()
    problems.add("first")
    problems.extend(["second", "third"])
    assert (len(problems), list(problems)) == (3, ["first", "second", "third"])
    with pytest.raises(InputError) as caught:
        problems.raise_if_any("the set cannot be used", where="sets/a", do="import it again")
    assert str(caught.value).splitlines() == [
        "the set cannot be used",
        "  where: sets/a",
        "  found: ",
        "    - first",
        "    - second",
        "    - third",
        "  do:    import it again",
    ]


def test_very_many_problems_are_counted_and_the_first_are_shown() -> None:
    problems = Problems()
    problems.extend(f"clip {n}" for n in range(100))
    with pytest.raises(InputError) as caught:
        problems.raise_if_any("bad clips", most=5)
    assert "clip 4\n" in str(caught.value)
    assert "clip 5\n" not in str(caught.value)
    assert "and 95 more" in str(caught.value)


def test_no_problem_raises_nothing() -> None:
    Problems().raise_if_any("never")


def test_an_unknown_name_is_told_with_the_nearest_and_all_others() -> None:
    error = unknown("there is no pet 'Cta'", "Cta", ["dog", "cat"], also="or a photograph")
    assert isinstance(error, UsageError) and error.what == "there is no pet 'Cta'"
    assert error.do == "did you mean 'cat'? known: dog, cat, or a photograph"
    assert unknown("no", "xyz", []).do == "known: none"
