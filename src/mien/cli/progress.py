"""Progress with the time left: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import math
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
    left look too good. A call before the first step starts the clock again, as does a stage with another total:
    what came before it (choosing a backend) says nothing about the rest.
    """
    stream = stream or sys.stderr
    if not stream.isatty():
        yield _LineLog(stream)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.text import Text

    class TimeLeft(ProgressColumn):
        # Not rich's own, which sees no speed where steps are more than half a minute apart.
        def render(self, task: Task) -> Text:
            return Text(clock.left())

    clock = _Clock()
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("elapsed"),
        TimeElapsedColumn(),
        TimeLeft(),
    )
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:

        def update(done: int, total: int, text: str) -> None:
            clock.step(done, total)
            if not bar.tasks:
                bar.add_task(text, total=total, completed=done)
            bar.update(bar.task_ids[0], completed=done, total=total, description=text)

        yield update


class _Clock:
    """Tells the time left from the steps since the work began.

    What is started or compiled before the first step comes once only, and several processes end their first steps
    together. So the steps after the first are the measure, but not before they took as long as the first did.
    """

    def __init__(self) -> None:
        self._began = self._first = self._latest = (0.0, 0)
        self._total: int | None = None

    def step(self, done: int, total: int) -> bool:
        """Whether the work begins with this call: no step before it, or another stage with steps of its own."""
        now = (time.monotonic(), done)
        begins = total != self._total or done < self._latest[1] or done == self._began[1]
        self._total = total
        if begins:
            self._began = self._first = self._latest = now
        elif self._first == self._began:
            self._first = self._latest = now
        elif done > self._latest[1]:
            self._latest = now
        return begins

    def left(self) -> str:
        """Such as "about 3 min left", or "up to" while that is too much if anything; empty while nothing is known."""
        (began_s, before), (first_s, first), (latest_s, done) = self._began, self._first, self._latest
        if self._total is None or done == before or done >= self._total:
            return ""
        word, per_step_s = "up to", (latest_s - began_s) / (done - before)
        if done > first and latest_s - first_s >= first_s - began_s:
            word, per_step_s = "about", (latest_s - first_s) / (done - first)
        left_s = max(round(per_step_s * (self._total - done) - (time.monotonic() - latest_s)), 0)
        minutes = left_s // 60
        return f"{word} {minutes} min left" if minutes >= 2 else f"{word} {left_s} s left"


class _LineLog:
    """Writes where the work begins, its last state, and one line every `LINE_EVERY_S` seconds between."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._clock = _Clock()
        self._last_line: tuple[float, str] = (-math.inf, "")

    def __call__(self, done: int, total: int, text: str) -> None:
        begins = self._clock.step(done, total)
        now_s = time.monotonic()
        last_s, last_text = self._last_line
        if not (begins and text != last_text) and done < total and now_s - last_s < LINE_EVERY_S:
            return
        self._last_line = (now_s, text)
        left = self._clock.left()
        self._stream.write(f"{text}: {done}/{total}{', ' + left if left else ''}\n")
        self._stream.flush()
