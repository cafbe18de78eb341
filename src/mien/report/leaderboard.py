"""A leaderboard as Markdown, with a picture of every table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from mien.errors import InputError, UsageError
from mien.files import write_whole
from mien.report.board import Board, Row, Score
from mien.report.forest import forest_svg

COLUMNS = (
    "method", "set", "UF1 (95 % interval)", "UAR (95 % interval)", "accuracy", "seeds", "parameters", "core minutes",
    "peeked UF1", "published",
)  # fmt: skip
INTRODUCTION = """\
# Leaderboard

Written by `mien leaderboard` from run folders; do not edit. A table holds runs on the same clips, however they were
prepared: "set" is the prepared set that a method read. Every figure is honest: subjects held out, the last epoch,
settings chosen on inner subjects if at all, one pooled confusion matrix, means over seeds, intervals of a bootstrap
over subjects and seeds. "Peeked" is the invalid score of choosing each fold's epoch on its held-out subject.
References are not ranked: `majority` answers the most frequent class of the training clips, `au-oracle` reads the
human AU coding of the very clip and no picture. "Published" is what the authors report, with how the epoch was chosen
as far as that is known. Core minutes are how long the processes of all folds and seeds took together, often beside
other work on a shared machine: an upper bound.
"""


ROWS = "rows.json"
"""The file beside the pictures that holds the tables as numbers, so that later runs can be added to them."""
_FILE = TypeAdapter(list[Board])
_PEOPLE = {False: "people", True: "made-up people (the scores say nothing about people)"}


def write_leaderboard(boards: Sequence[Board], out: Path) -> None:
    """Write the page, and a picture of every table into the folder beside it that has the page's name.

    Raises:
        UsageError: the page's name has no ending, and would be that of the folder.
    """
    folder = out.with_suffix("")
    if folder == out:
        raise UsageError("the page needs an ending", where=out, do=f"name it {out.name}.md")
    for board in boards:
        write_whole(folder / _picture(board), forest_svg(board))
    write_whole(folder / ROWS, _FILE.dump_json(list(boards), indent=1) + b"\n")
    write_whole(out, markdown(boards, folder.name).encode("utf-8"))


def read_leaderboard(out: Path) -> list[Board]:
    """The tables of a page that `write_leaderboard` wrote.

    Raises:
        InputError: its numbers are missing or damaged.
    """
    file = out.with_suffix("") / ROWS
    try:
        return _FILE.validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise InputError(
            "the rows of this leaderboard cannot be read",
            where=file,
            found=f"{type(error).__name__}: {error}",
            do="write the page anew, from all its runs, without --add",
        ) from error


def markdown(boards: Sequence[Board], folder: str) -> str:
    """One table for each group of comparable runs; their pictures are in the folder."""
    return "\n".join([INTRODUCTION, *(_section(board, folder) for board in boards)])


def _picture(board: Board) -> str:
    made_up = "made up" if board.made_up else ""
    words = f"{board.task} {' '.join(board.databases)} {made_up} {board.protocol} {board.clips_hash[:6]}"
    return re.sub(r"[^a-z0-9]+", "-", words.lower()) + ".svg"


def _section(board: Board, folder: str) -> str:
    lines = [
        f"## {board.task}, {board.protocol}: {', '.join(board.databases)}{', made-up people' if board.made_up else ''}",
        "",
        f"{board.n_clips} clips of {board.n_subjects} {_PEOPLE[board.made_up]}; apex {board.apex}.",
        "",
        f"![UF1 and its interval for every row of the table]({folder}/{_picture(board)})",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "|" + "---|" * len(COLUMNS),
        *(_line(row, board) for row in board.rows),
        "",
    ]
    return "\n".join(lines)


def _line(row: Row, board: Board) -> str:
    name = f"`{row.model}`" + (f" ({', '.join(row.options)})" if row.options else "")
    some = "" if row.n_clips == board.n_clips else f" (on {row.n_clips} of the clips)"
    cells = (
        name if row.ranked else f"{name}, a reference{some}",
        row.data,
        _score(row.uf1),
        _score(row.uar),
        _number(row.accuracy["mean"]),
        str(row.seeds),
        "" if row.parameters is None else f"{row.parameters:,}",
        "" if row.core_minutes is None else f"{row.core_minutes:.1f}",
        "" if row.peeked_uf1 is None else _number(row.peeked_uf1),
        row.published,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _score(score: Score) -> str:
    if score["mean"] is None:
        return "undefined"
    return f"{_number(score['mean'])} ({_number(score['low'])} to {_number(score['high'])})"


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"
