"""Work over processes: every job once, errors as they are, no orphans."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from mien.errors import InputError, UsageError
from mien.parallel import cores, in_processes


def _add(state: int, job: int) -> tuple[int, int]:
    return state + job, os.getpid()


def _fail(state: int, job: int) -> int:
    raise UsageError("this job cannot be done", found=job)


def _die(state: int, job: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def test_every_job_is_done_once_and_elsewhere() -> None:
    done = list(in_processes(_add, 10, range(6), workers=2))
    assert sorted(value for value, _ in done) == list(range(10, 16))
    assert os.getpid() not in {pid for _, pid in done}


def test_no_jobs_give_nothing() -> None:
    assert list(in_processes(_add, 0, [])) == []


def test_an_error_of_a_job_comes_through() -> None:
    with pytest.raises(UsageError, match="cannot be done"):
        list(in_processes(_fail, 0, [1], workers=1))


def test_a_process_that_is_killed_is_told() -> None:
    with pytest.raises(InputError, match="ended from outside"):
        list(in_processes(_die, 0, [1], workers=1))


def test_a_worker_leaves_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    (tmp_path / "waiting.py").write_text(
        "import os, time\ndef wait(state, job):\n    print(os.getpid(), flush=True)\n    time.sleep(600)\n"
    )
    code = "import waiting; from mien.parallel import in_processes; list(in_processes(waiting.wait, 0, [1]))"
    command = [sys.executable, "-c", f"if __name__ == '__main__': {code}"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        worker.wait(timeout=60)


def test_there_is_a_core() -> None:
    assert cores() >= 1
