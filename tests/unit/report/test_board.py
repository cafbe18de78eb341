"""Tables of a leaderboard: their order, and what becomes of a row when runs are added."""

from __future__ import annotations

from dataclasses import replace

from leaderboard_cases import BOARD, ROW, SCORE

from mien.report.board import Board, Row, added, in_order, ranked

BEST = replace(ROW, model="cmg", options=(), uf1={**SCORE, "mean": 0.9})
FLOOR = replace(ROW, model="majority", options=(), ranked=False, uf1={**SCORE, "mean": 0.95})
UNDEFINED = replace(ROW, model="hoof", uf1={"mean": None, "low": None, "high": None})


def table(*rows: Row, protocol: str = "loso", clips_hash: str = "0123") -> Board:
    return replace(BOARD, rows=rows, protocol=protocol, clips_hash=clips_hash)


def test_the_best_comes_first_what_is_undefined_late_and_references_last() -> None:
    assert ranked([FLOOR, UNDEFINED, ROW, BEST]) == (BEST, ROW, UNDEFINED, FLOOR)


def test_tables_stand_in_the_order_of_task_data_and_protocol() -> None:
    first, second, third = table(ROW, protocol="kfold:3"), table(ROW), replace(table(ROW), task="samm-5")
    assert in_order([third, second, first]) == [first, second, third]


def test_an_added_row_replaces_the_one_of_the_same_method_options_and_set() -> None:
    again = replace(ROW, run="again")
    others = replace(ROW, options=("epochs=3",)), replace(ROW, data="another-set")
    assert added([table(ROW, FLOOR)], [table(again, *others, BEST)]) == [table(BEST, again, *others, FLOOR)]


def test_tables_of_other_clips_or_protocols_stay_apart() -> None:
    old = [table(ROW), table(ROW, protocol="kfold:3")]
    assert added(old, [table(BEST, clips_hash="other")]) == [old[1], old[0], table(BEST, clips_hash="other")]


def test_adding_the_same_again_changes_nothing() -> None:
    page = [table(BEST, ROW, FLOOR)]
    assert added(page, page) == page == added([], page)
