"""How the tests send a video and wait for what becomes of it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import psutil
from starlette.testclient import TestClient

#: The stand-in analysis, as a command.
FAKE = (sys.executable, str(Path(__file__).with_name("fake_analysis.py")))


def send(client: TestClient, content: bytes = b"video", name: str = "me.mp4", **fields: str) -> Any:
    return client.post("/api/jobs", files={"video": (name, content)}, data=fields)


def wait(client: TestClient, job_id: str, *states: str, timeout_s: float = 20) -> dict[str, Any]:
    """The job's state as soon as it is one of these."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        state = client.get(f"/api/jobs/{job_id}").json()
        if state.get("state") in states:
            return state
        time.sleep(0.03)
    raise AssertionError(f"still {state}")


def family_is_gone(pid: int) -> bool:
    """Whether nothing lives in the group of this process."""
    time.sleep(0.1)
    return not any(
        p.info["pid"] == pid or (p.info["status"] != psutil.STATUS_ZOMBIE and _group(p) == pid)
        for p in psutil.process_iter(["pid", "status"])
    )


def _group(process: psutil.Process) -> int:
    try:
        return os.getpgid(process.pid)
    except OSError:
        return 0
