"""`mien leaderboard`: finished runs as one page of tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def leaderboard(
    runs: Annotated[list[Path], typer.Argument(help="Run folders; those on the same clips share a table.")],
    out: Annotated[Path, typer.Option(help="The Markdown file to write.")] = Path("leaderboard.md"),
    add: Annotated[
        bool,
        typer.Option(
            "--add",
            help="Keep the rows that the page has; a run replaces the row of the same method and options.",
        ),
    ] = False,
) -> None:
    """Write a page that ranks runs on the same clips: scores with intervals, seeds, parameters, time, published
    figures; and a picture of every table, and all numbers as rows.json, into the folder of the same name."""
    from rich.console import Console

    from mien.experiments.leaderboard import boards
    from mien.report.board import added
    from mien.report.leaderboard import read_leaderboard, write_leaderboard

    found = boards(runs)
    if add:
        found = added(read_leaderboard(out), found)
    write_leaderboard(found, out)
    n_rows = sum(len(board.rows) for board in found)
    tables = "table" if len(found) == 1 else "tables"
    Console().print(
        f"{len(runs)} runs, {n_rows} rows in {len(found)} {tables}: {out}, pictures in {out.with_suffix('')}",
        highlight=False,
        soft_wrap=True,
    )
