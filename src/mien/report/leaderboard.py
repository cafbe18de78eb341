"""A leaderboard as Markdown, with a picture of every table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mien.errors import UsageError
from mien.files import write_whole

COLUMNS = (
    "method", "UF1 (95 % interval)", "UAR (95 % interval)", "accuracy", "seeds", "parameters", "core minutes",
    "peeked UF1", "published",
)  # fmt: skip
INTRODUCTION = """\
# Leaderboard

Written by `mien leaderboard` from run folders; do not edit. Every figure is honest: subjects held out, the last epoch,
settings chosen on inner subjects if at all, one pooled confusion matrix, means over seeds, intervals of a bootstrap
over subjects and seeds. "Peeked" is the invalid score of choosing each fold's epoch on its held-out subject.
"Published" is what the authors report, with how the epoch was chosen as far as that is known. Core minutes are how
long the processes of all folds and seeds took together, often beside other work on a shared machine: an upper bound.
"""


Score = Mapping[str, float | None]


@dataclass(frozen=True)
class Row:
    """One run.

    Attributes:
        options: what differs from the method's defaults, as `name=value`.
        uf1, uar, accuracy: mean over seeds, `sd`, and the `low` and `high` of the 95 % interval.
        peeked_uf1: the invalid score of choosing the epoch on held-out clips; None without an audit.
        parameters: that learn, in one network; None for methods without.
        published: the authors' figures on this task, "" if the card has none.
    """

    run: str
    model: str
    title: str
    ranked: bool
    options: tuple[str, ...]
    seeds: int
    uf1: Score
    uar: Score
    accuracy: Score
    peeked_uf1: float | None
    core_minutes: float
    parameters: int | None
    published: str


@dataclass(frozen=True)
class Board:
    """Runs on the same clips of one task under one protocol, the best UF1 first, references last.

    Attributes:
        made_up: the people of the clips are made up.
    """

    task: str
    data: str
    protocol: str
    apex: str
    n_clips: int
    n_subjects: int
    made_up: bool
    rows: tuple[Row, ...]


_PEOPLE = {False: "people", True: "made-up people (the scores say nothing about people)"}


def write_leaderboard(boards: Sequence[Board], out: Path) -> None:
    """Write the page, and a picture of every table into the folder beside it that has the page's name.

    Raises:
        UsageError: the page's name has no ending, and would be that of the folder.
    """
    from mien.report.forest import forest_svg

    folder = out.with_suffix("")
    if folder == out:
        raise UsageError("the page needs an ending", where=out, do=f"name it {out.name}.md")
    for board in boards:
        write_whole(folder / _picture(board), forest_svg(board))
    write_whole(out, markdown(boards, folder.name).encode("utf-8"))


def markdown(boards: Sequence[Board], folder: str) -> str:
    """One table for each group of comparable runs; their pictures are in the folder."""
    return "\n".join([INTRODUCTION, *(_section(board, folder) for board in boards)])


def _picture(board: Board) -> str:
    words = f"{board.task} {board.data} {board.protocol} {board.n_clips} clips"
    return re.sub(r"[^a-z0-9]+", "-", words.lower()) + ".svg"


def _section(board: Board, folder: str) -> str:
    lines = [
        f"## {board.task} on {board.data}, {board.protocol}",
        "",
        f"{board.n_clips} clips of {board.n_subjects} {_PEOPLE[board.made_up]}; apex {board.apex}.",
        "",
        f"![UF1 and its interval for every row of the table]({folder}/{_picture(board)})",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "|" + "---|" * len(COLUMNS),
        *(_line(row) for row in board.rows),
        "",
    ]
    return "\n".join(lines)


def _line(row: Row) -> str:
    name = f"`{row.model}`" + (f" ({', '.join(row.options)})" if row.options else "")
    cells = (
        name if row.ranked else f"{name}, a reference",
        _score(row.uf1),
        _score(row.uar),
        _number(row.accuracy["mean"]),
        str(row.seeds),
        "" if row.parameters is None else f"{row.parameters:,}",
        f"{row.core_minutes:.1f}",
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
