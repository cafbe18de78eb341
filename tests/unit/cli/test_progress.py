"""Progress in a log and on a terminal."""

from __future__ import annotations

import io

import pytest

from mien.cli import progress
from mien.cli.progress import progress_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands still; set `clock[0]` to move it."""
    now = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_log_gets_the_first_and_the_last_state_and_a_line_now_and_then(clock: list[float]) -> None:
    log = io.StringIO()
    with progress_bar(log) as update:
        for done in range(101):
            update(done, 100, "folds")
            clock[0] += 1.0
    lines = log.getvalue().splitlines()
    assert lines[0] == "folds: 0/100"
    assert lines[1] == "folds: 20/100, about 80 s left"
    assert lines[-1] == "folds: 100/100"
    assert len(lines) == 6


def test_time_left_counts_the_work_since_the_first_step_of_this_call(clock: list[float]) -> None:
    log = io.StringIO()
    with progress_bar(log) as update:
        update(60, 68, "resumed")
        clock[0] += 600.0
        update(64, 68, "resumed")
        clock[0] += 600.0
        update(66, 68, "resumed")
    assert log.getvalue().splitlines()[1:] == ["resumed: 64/68", "resumed: 66/68, about 10 min left"]


def test_a_terminal_gets_a_bar_that_is_gone_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    screen = Terminal()
    with progress_bar(screen) as update:
        update(0, 4, "fold [s01]")
        update(3, 4, "fold [s02]")
    assert "fold [s02]" in screen.getvalue()
    assert "3/4" in screen.getvalue()


def test_nothing_is_shown_before_the_first_update() -> None:
    log = io.StringIO()
    with progress_bar(log):
        pass
    assert log.getvalue() == ""
