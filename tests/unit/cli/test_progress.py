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


def test_time_left_counts_the_work_of_this_call(clock: list[float]) -> None:
    log = io.StringIO()
    with progress_bar(log) as update:
        update(60, 68, "resumed")
        clock[0] += 600.0
        update(64, 68, "resumed")
        clock[0] += 300.0
        update(66, 68, "resumed")
    assert log.getvalue().splitlines() == [
        "resumed: 60/68",
        "resumed: 64/68, up to 10 min left",
        "resumed: 66/68, up to 5 min left",
    ]


def test_a_call_before_the_first_step_starts_the_clock_again(clock: list[float]) -> None:
    log = io.StringIO()
    with progress_bar(log) as update:
        update(0, 15, "choosing a backend")
        clock[0] += 5.0
        update(0, 15, "training the first folds")
        clock[0] += 900.0
        update(1, 15, "fold 0")
        update(2, 15, "fold 1")  # its twin on the other core: not a sign of 900 folds a minute
        clock[0] += 30.0
        update(2, 15, "still fold 1")
    assert log.getvalue().splitlines() == [
        "choosing a backend: 0/15",
        "training the first folds: 0/15",
        "fold 0: 1/15, up to 210 min left",
        "still fold 1: 2/15, up to 97 min left",
    ]


def test_what_is_started_before_the_first_step_is_soon_left_out(clock: list[float]) -> None:
    log = io.StringIO()
    with progress_bar(log) as update:
        update(0, 24, "training")
        clock[0] += 30.0
        for done in range(1, 24):
            update(done, 24, "folds")
            clock[0] += 3.0
    assert log.getvalue().splitlines() == [
        "training: 0/24",
        "folds: 1/24, up to 11 min left",
        "folds: 8/24, up to 102 s left",
        "folds: 15/24, about 27 s left",
        "folds: 22/24, about 6 s left",
    ]


def test_another_stage_has_a_clock_of_its_own(clock: list[float]) -> None:
    log = io.StringIO()
    with progress_bar(log) as update:
        for done in range(1, 5):
            update(done, 4, "watching")
            clock[0] += 1.0
        for done in range(1, 3):
            update(done, 11, "recognising")
            clock[0] += 60.0
        update(3, 11, "recognising")
    assert log.getvalue().splitlines() == [
        "watching: 1/4",
        "watching: 4/4",
        "recognising: 1/11",
        "recognising: 2/11, up to 9 min left",
        "recognising: 3/11, about 8 min left",
    ]


def test_a_terminal_is_told_the_time_left_however_long_a_step_takes(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    screen = Terminal()
    with progress_bar(screen) as update:
        update(0, 15, "folds")
        clock[0] += 900.0
        update(2, 15, "folds")
    assert "up to 97 min left" in screen.getvalue()


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
