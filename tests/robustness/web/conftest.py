"""A real server process with the stand-in analysis, and what it leaves on the disk and among the processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import psutil
import pytest

FAKE = Path(__file__).parents[2] / "unit" / "web" / "fake_analysis.py"
SERVE = (
    "import json, sys\n"
    "from mien.web.server import serve\n"
    "from mien.web.settings import ServeSettings\n"
    "serve(ServeSettings(port=0, **json.loads(sys.argv[1])), lambda a: print(a, flush=True),"
    " command=(sys.executable, sys.argv[2]))\n"
    "print('ended', flush=True)\n"
)


@dataclass
class Server:
    """A server process; `folder` is where all servers of the test have their private folders."""

    process: subprocess.Popen[str]
    address: str
    folder: Path

    @property
    def port(self) -> int:
        port = urlsplit(self.address).port
        assert port is not None
        return port

    def client(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.address, timeout=30)

    def send(self, content: bytes = b"video", name: str = "me.mp4") -> httpx2.Response:
        with self.client() as client:
            return client.post("/api/jobs", files={"video": (name, content)})

    def state(self, job: str) -> dict[str, Any]:
        with self.client() as client:
            return dict(client.get(f"/api/jobs/{job}").json())

    def wait(self, job: str, *states: str, timeout_s: float = 30) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_s
        while (state := self.state(job)).get("state") not in states:
            assert time.monotonic() < deadline, state
            time.sleep(0.05)
        return state

    def files(self) -> list[Path]:
        """Every file and folder below the servers' folder, but the locks."""
        return [path for path in self.folder.rglob("*") if path.suffix != ".lock"]

    def jobs(self) -> list[Path]:
        """The folders of the jobs."""
        return list(self.folder.glob("*-*/*"))

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, signum: int) -> int:
        self.process.send_signal(signum)
        return self.process.wait(20)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Call with settings to start a server; all of them are killed at the end."""
    started: list[subprocess.Popen[str]] = []

    def make(**settings: Any) -> Server:
        environment = {**os.environ, "MIEN_CACHE": str(tmp_path / "cache")}
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, json.dumps(settings), str(FAKE)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        return Server(process, process.stdout.readline().strip(), tmp_path / "cache" / "serve")

    yield make
    for process in started:
        process.kill()
        process.wait()
