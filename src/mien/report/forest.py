"""A forest plot of one table of the leaderboard: a dot and its 95 % interval for every run."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from textwrap import shorten

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mien.report.board import Board, Row

RANKED, REFERENCE, INVALID = "tab:blue", "tab:gray", "tab:red"
ROW_INCHES, LABEL_LETTERS = 0.3, 44


def forest_svg(board: Board) -> bytes:
    """The picture as SVG, the same bytes for the same board: UF1 with its interval over subjects and seeds, the peeked
    score, where there is one, as a hollow dot, references in grey."""
    rows = [row for row in board.rows if row.uf1["mean"] is not None]
    figure = Figure(figsize=(8.6, 1.1 + ROW_INCHES * len(rows)), layout="constrained")
    axis = figure.subplots()
    for place, row in enumerate(reversed(rows)):
        _draw(axis, place, row)
    axis.set_yticks(range(len(rows)), list(reversed(labels(rows))), fontsize=8)
    axis.set_ylim(-0.7, len(rows) - 0.3)
    axis.set_xlim(0, 1)
    axis.set_xlabel("UF1, 95 % interval over subjects and seeds" + _legend(rows), fontsize=8)
    axis.tick_params(axis="x", labelsize=8)
    axis.grid(axis="x", alpha=0.3)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(axis="y", length=0)
    buffer = io.BytesIO()
    # words stay words, and neither a date nor drawn numbers change the bytes
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "mien"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": "Mien"})
    return buffer.getvalue()


def labels(rows: Sequence[Row]) -> list[str]:
    """A short name of every run: the method, and what sets it apart from other runs of that method, options or set;
    dots stand for the options that they share, or that have no room."""
    found = []
    for row in rows:
        same = [each for each in rows if each.model == row.model]
        shared = set.intersection(*(set(each.options) for each in same)) if len(same) > 1 else set()
        own = [option for option in row.options if option not in shared]
        sets = [row.data] if len({each.data for each in same}) > 1 else []
        words = ", ".join([*(["..."] if shared else []), *own, *sets])
        found.append(row.model + (f" ({shorten(words, LABEL_LETTERS, placeholder=' ...')})" if words else ""))
    return found


def _draw(axis: Axes, place: int, row: Row) -> None:
    mean, low, high = (_known(row.uf1[part]) for part in ("mean", "low", "high"))
    colour = RANKED if row.ranked else REFERENCE
    axis.plot([low, high], [place, place], color=colour, linewidth=1.6)
    axis.plot(mean, place, "o", color=colour, markersize=5)
    if row.peeked_uf1 is not None:
        axis.plot(row.peeked_uf1, place, "o", color=INVALID, fillstyle="none", markersize=6)


def _known(value: float | None) -> float:
    return math.nan if value is None else value


def _legend(rows: list[Row]) -> str:
    words = []
    if any(row.peeked_uf1 is not None for row in rows):
        words.append("hollow red: invalid, the epoch chosen on held-out people")
    if not all(row.ranked for row in rows):
        words.append("grey: a reference")
    return "".join(f"\n{each}" for each in words)
