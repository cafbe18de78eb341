"""The table of the terminal."""

from __future__ import annotations

import io

from rich.console import Console

from mien.cli.tables import table


def shown(*args: object, **kwargs: object) -> str:
    out = io.StringIO()
    Console(file=out, width=100).print(table(*args, **kwargs))  # type: ignore[arg-type]
    return out.getvalue()


def test_cells_are_text_and_never_markup() -> None:
    assert "[red]x[/red]" in shown("Set [1]", ("a", "b"), [("[red]x[/red]", None)])
    assert "Set [1]" in shown("Set [1]", ("a long column",), [])


def test_numbers_are_flush_right() -> None:
    lines = shown("", ("name", "clips"), [("a", 5), ("b", 12345)], numbers=1).splitlines()
    assert lines[-2:] == ["a          5", "b      12345"]


def test_a_title_longer_than_the_table_stays_on_one_line() -> None:
    title = "a title that is longer than its narrow table"
    assert shown(title, ("a",), [(1,)]).splitlines()[0].rstrip() == title
