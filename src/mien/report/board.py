"""The tables of a leaderboard: runs on the same clips, as rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

Score = Mapping[str, float | None]


@dataclass(frozen=True)
class Row:
    """One run, or a reference that stands beside the runs.

    Attributes:
        run: the name of its folder, "" for a reference that a run brought along.
        data: the name of the prepared set, "" for a reference: it reads no array.
        commit: of the code that made it, as far as it is known.
        options: what differs from the method's defaults, as `name=value`.
        n_clips: that were scored; fewer than the table's where `au-oracle` lacks a coding.
        uf1, uar, accuracy: mean over seeds, `sd`, and the `low` and `high` of the 95 % interval.
        peeked_uf1: the invalid score of choosing the epoch on held-out clips; None without an audit.
        parameters: that learn, in one network; None for methods without.
        published: the authors' figures on this task, "" if the card has none.
    """

    run: str
    data: str
    commit: str | None
    model: str
    title: str
    ranked: bool
    options: tuple[str, ...]
    n_clips: int
    seeds: int
    uf1: Score
    uar: Score
    accuracy: Score
    peeked_uf1: float | None
    core_minutes: float | None
    parameters: int | None
    published: str


@dataclass(frozen=True)
class Board:
    """Runs on the same clips of one task under one protocol, however the clips were prepared; the best UF1 first,
    references last.

    Attributes:
        databases: the clips' databases.
        clips_hash: of the clips' names and true classes.
        made_up: the people of the clips are made up.
    """

    task: str
    databases: tuple[str, ...]
    clips_hash: str
    protocol: str
    apex: str
    n_clips: int
    n_subjects: int
    made_up: bool
    rows: tuple[Row, ...]


def ranked(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows of a table in its order."""
    return tuple(sorted(rows, key=lambda row: (not row.ranked, -(row.uf1["mean"] or 0.0))))


def in_order(boards: Iterable[Board]) -> list[Board]:
    """The tables of a page in its order."""
    return sorted(boards, key=lambda board: (board.task, board.databases, board.protocol))


def added(old: Sequence[Board], new: Sequence[Board]) -> list[Board]:
    """The old tables with the rows of the new ones: a row replaces the one of the same method, options and set."""
    merged = {_clips(board): board for board in old}
    for board in new:
        before = merged.get(_clips(board))
        theirs = {_method(row) for row in board.rows}
        kept = [] if before is None else [row for row in before.rows if _method(row) not in theirs]
        merged[_clips(board)] = replace(board, rows=ranked([*kept, *board.rows]))
    return in_order(merged.values())


def _clips(board: Board) -> tuple[object, ...]:
    """What two tables must share to be one."""
    return board.task, board.protocol, board.clips_hash, board.made_up


def _method(row: Row) -> tuple[object, ...]:
    """What two rows of a table must share to be one."""
    return row.model, row.options, row.data
