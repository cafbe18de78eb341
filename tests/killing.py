"""A command of Mien's that ends by kill -9 at a chosen moment."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import psutil


def start(*args: object, **environment: object) -> subprocess.Popen[bytes]:
    """`mien ARGS` in a process of its own that says nothing, with these variables in its environment."""
    return subprocess.Popen(
        [sys.executable, "-m", "mien", *map(str, args)],
        env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def killed_once(ready: Callable[[], object], *args: object, **environment: object) -> None:
    """Start `mien ARGS`, kill it as soon as `ready()` is true, and see that its workers leave too."""
    process = start(*args, **environment)
    deadline = time.monotonic() + 600
    while not ready():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline, "the moment to kill it never came"
        time.sleep(0.005)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    assert not psutil.wait_procs(workers, timeout=60)[1], "workers leave with their parent"
