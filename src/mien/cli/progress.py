"""Progress with the time left: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

#: Called as `update(done, total, text)`: so many of so many, and what is being done now.
Update = Callable[[int, int, str], None]

LINE_EVERY_S = 20.0


@contextmanager
def progress_bar(stream: TextIO | None = None) -> Iterator[Update]:
    """Yield a function `update(done, total, text)` that shows progress on `stream` (stderr).

    The first call sets where the work starts, so that folds finished in an earlier call do not make the time
    left look too good.
    """
    stream = stream or sys.stderr
    if not stream.isatty():
        yield _LineLog(stream)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("elapsed"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeLeft(),
    )
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:

        def update(done: int, total: int, text: str) -> None:
            if not bar.tasks:
                bar.add_task(text, total=total, completed=done)
            bar.update(bar.task_ids[0], completed=done, total=total, description=text)

        yield update


class _LineLog:
    """Writes the first and the last state, and one line every `LINE_EVERY_S` seconds between."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._done_before: int | None = None
        self._rate_from: tuple[float, int] | None = None
        self._last_line_s = 0.0

    def __call__(self, done: int, total: int, text: str) -> None:
        now_s = time.monotonic()
        is_first = self._done_before is None
        if self._done_before is None:
            self._done_before = done
        # What comes before the first step (choosing a backend, compiling) says nothing about the rest.
        if self._rate_from is None and done > self._done_before:
            self._rate_from = (now_s, done)
        if not is_first and done < total and now_s - self._last_line_s < LINE_EVERY_S:
            return
        self._last_line_s = now_s
        since_s, since_done = self._rate_from or (now_s, done)
        left = _time_left(now_s - since_s, done - since_done, total - done)
        self._stream.write(f"{text}: {done}/{total}{left}\n")
        self._stream.flush()


def _time_left(elapsed_s: float, done: int, remaining: int) -> str:
    if done <= 0 or remaining <= 0:
        return ""
    left_s = round(elapsed_s / done * remaining)
    minutes, seconds = divmod(left_s, 60)
    return f", about {minutes} min left" if minutes >= 2 else f", about {60 * minutes + seconds} s left"
