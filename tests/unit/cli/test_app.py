"""Exit codes, the one clear message of an error, and a help that loads nothing heavy."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points

import pytest

import mien as package
from mien.errors import InputError, LeakError, UsageError

HEAVY = (
    "numpy",
    "pandas",
    "torch",
    "scipy",
    "sklearn",
    "transformers",
    "numba",
    "matplotlib",
    "ray",
)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    """Make the room behind `mien tasks NAME` raise the given error."""

    def arrange(error: Exception) -> None:
        def get(name: str) -> None:
            raise error

        monkeypatch.setattr("mien.clips.tasks.get", get)

    return arrange


def test_version(mien: Callable) -> None:
    assert mien("--version") == (0, f"mien {package.__version__}\n", "")


def test_the_program_is_installed_under_its_name() -> None:
    (program,) = entry_points(group="console_scripts", name="mien")
    assert program.value == "mien.cli.app:main"


def test_help_names_every_command_and_the_exit_codes(mien: Callable) -> None:
    code, out, _ = mien("--help")
    assert code == 0
    for command in ("analyse", "data", "evaluate", "compare", "report", "models", "tasks", "doctor"):
        assert f"\n│ {command} " in out
    assert "3 bad input" in out


@pytest.mark.parametrize(
    "command",
    [[], ["analyse"], ["data"], ["evaluate"], ["compare"], ["report"], ["models"], ["serve"], ["doctor"]],
)
def test_help_loads_nothing_heavy(command: list[str]) -> None:
    code = (
        "import sys, json\n"
        "from mien.cli.app import run\n"
        f"code = run({[*command, '--help']!r})\n"
        f"print(json.dumps([code, [m for m in {HEAVY!r} if m in sys.modules]]), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(done.stderr) == [0, []], done.stderr


def test_help_takes_well_under_half_a_second_of_processor_time() -> None:
    def children_s() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    before = children_s()
    subprocess.run([sys.executable, "-m", "mien", "--help"], capture_output=True, timeout=60, check=True)
    assert children_s() - before < 0.5


@pytest.mark.parametrize(
    "args", [["evalute"], ["models", "--frobnicate"], ["report"], ["data", "make", "nothing"]]
)
def test_a_wrong_call_is_code_2(mien: Callable, args: list[str]) -> None:
    code, _, err = mien(*args)
    assert code == 2
    assert "Traceback" not in err


@pytest.mark.parametrize(("error", "expected"), [(UsageError, 2), (InputError, 3)])
def test_an_error_in_words_keeps_its_code_and_its_message(
    mien: Callable, failing: Callable, error: type[Exception], expected: int
) -> None:
    failing(error("no such thing", where="here", found="that", do="look there"))
    code, out, err = mien("tasks", "megc-3")
    assert (code, out) == (expected, "")
    assert err == "error: no such thing\n  where: here\n  found: that\n  do:    look there\n"


@pytest.mark.parametrize("error", [KeyError("bug"), LeakError("held-out clips were read")])
def test_a_fault_of_ours_is_code_1_with_the_place_and_where_to_report(
    mien: Callable, failing: Callable, error: Exception
) -> None:
    failing(error)
    code, _, err = mien("tasks", "megc-3")
    assert code == 1
    assert type(error).__name__ in err
    assert "mien/cli/tasks.py:" in err
    assert "report it" in err
    assert "--debug" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("args", [["--debug", "tasks", "megc-3"], ["tasks", "megc-3", "--debug"]])
def test_debug_shows_the_traceback_from_anywhere_on_the_line(
    mien: Callable, failing: Callable, args: list[str]
) -> None:
    failing(KeyError("bug"))
    code, _, err = mien(*args)
    assert code == 1
    assert "Traceback (most recent call last)" in err


def test_debug_can_come_from_the_environment(
    mien: Callable, failing: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_DEBUG", "1")
    failing(UsageError("no such thing"))
    code, _, err = mien("tasks", "megc-3")
    assert code == 2
    assert "Traceback (most recent call last)" in err


def test_what_the_operating_system_refuses_is_bad_input(mien: Callable, failing: Callable) -> None:
    failing(PermissionError(13, "Permission denied", "sets/mine"))
    code, _, err = mien("tasks", "megc-3")
    assert code == 3
    assert "Permission denied" in err
    assert "sets/mine" in err


def test_stopping_by_hand_is_code_130(mien: Callable, failing: Callable) -> None:
    failing(KeyboardInterrupt())  # type: ignore[arg-type]
    code, _, err = mien("tasks", "megc-3")
    assert code == 130
    assert "stopped by hand" in err


def test_a_closed_pipe_ends_quietly() -> None:
    command = f"{sys.executable} -m mien models | head -n 1"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=120, env={**os.environ}, check=True
    )
    assert "Traceback" not in done.stderr
