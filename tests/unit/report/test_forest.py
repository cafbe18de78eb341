"""The forest plot: every run is named, the invalid score is marked as such, and the bytes are those of the board."""

from __future__ import annotations

import re
from dataclasses import replace

import leaderboard_cases as cases

from mien.report.board import Board, Row
from mien.report.forest import INVALID, forest_svg, labels

ROW = replace(cases.ROW, peeked_uf1=None)
REFERENCE = replace(ROW, model="majority", ranked=False, options=())
UNDEFINED = replace(ROW, model="lda-hoof", uf1={"mean": None, "sd": None, "low": None, "high": None})


def board(*rows: Row) -> Board:
    return replace(cases.BOARD, rows=rows)


def test_every_defined_run_is_named_and_the_reference_told() -> None:
    picture = forest_svg(board(ROW, REFERENCE, UNDEFINED)).decode()
    assert "ststnet (epochs=2)" in picture and "majority" in picture and "grey: a reference" in picture
    assert "lda-hoof" not in picture
    assert "invalid" not in picture


def test_a_peeked_score_is_drawn_and_called_invalid() -> None:
    plain, peeked = (forest_svg(board(replace(ROW, peeked_uf1=score))).decode() for score in (None, 0.77))
    assert "invalid" in peeked and "invalid" not in plain
    assert peeked.count("#d62728") > plain.count("#d62728") == 0
    assert INVALID == "tab:red"


def places(mean: float) -> set[str]:
    picture = forest_svg(
        board(replace(ROW, uf1={"mean": mean, "sd": None, "low": 0.1, "high": 0.9}))
    ).decode()
    return set(re.findall(r'<use [^>]*x="([0-9.]+)"', picture))


def test_the_dot_lies_where_the_score_is() -> None:
    left, middle, right = places(0.21), places(0.31), places(0.61)
    always = left & middle & right
    ((a,), (b,), (c,)) = (one - always for one in (left, middle, right))
    assert float(b) > float(a) > 0
    assert abs((float(c) - float(b)) / (float(b) - float(a)) - 3) < 1e-3


def test_runs_of_one_method_are_told_apart_by_what_differs() -> None:
    corrected = replace(ROW, options=("epochs=2", "form=corrected"))
    assert labels([ROW, corrected, REFERENCE]) == [
        "ststnet (...)",
        "ststnet (..., form=corrected)",
        "majority",
    ]
    assert labels([ROW]) == ["ststnet (epochs=2)"]
    assert labels([ROW, replace(ROW, data="other")]) == ["ststnet (..., a-set)", "ststnet (..., other)"]
    (long,) = labels([replace(ROW, options=tuple(f"option_{n}={n}" for n in range(20)))])
    assert len(long) < 60 and long.endswith("...)")


def test_the_same_board_gives_the_same_bytes() -> None:
    assert forest_svg(board(ROW, REFERENCE)) == forest_svg(board(ROW, REFERENCE))
