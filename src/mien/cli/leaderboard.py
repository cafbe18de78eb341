"""`mien leaderboard`: finished runs as one page of tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def leaderboard(
    runs: Annotated[list[Path], typer.Argument(help="Run folders; those on the same clips share a table.")],
    out: Annotated[Path, typer.Option(help="The Markdown file to write.")] = Path("leaderboard.md"),
) -> None:
    """Write a page that ranks runs on the same clips: scores with intervals, seeds, parameters, time, published
    figures; and a picture of every table into the folder of the same name."""
    from rich.console import Console

    from mien.experiments.leaderboard import boards
    from mien.report.leaderboard import write_leaderboard

    found = boards(runs)
    write_leaderboard(found, out)
    n_rows = sum(len(board.rows) for board in found)
    tables = "table" if len(found) == 1 else "tables"
    Console().print(
        f"{n_rows} of {len(runs)} runs in {len(found)} {tables}: {out}, pictures in {out.with_suffix('')}",
        highlight=False,
        soft_wrap=True,
    )
    for board in found:
        ranked = any(row.ranked for row in board.rows)
        if ranked and not any(row.model == "majority" for row in board.rows):
            typer.secho(
                f"note: nothing tells what guessing gives on {board.data}, {board.protocol} ({board.n_clips} clips): "
                f"add a run of `mien evaluate majority --task {board.task} --protocol {board.protocol} --seeds 1 ...`",
                fg="yellow",
                err=True,
            )
