"""kill -9 in the middle of a pre-training: the same command goes on, and ends with the same file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from moving_faces import moving_faces


def test_killed_and_repeated_equals_undisturbed(tmp_path: Path) -> None:
    faces = moving_faces(tmp_path / "set")
    given = ["--set", "epochs=15", "--set", "most_motion_px=30", "--set", "pairs=2", "--network", "width=4"]
    command = [
        sys.executable,
        "-m",
        "mien",
        "pretrain",
        "ma2mi-small",
        "--data",
        str(faces.path),
        *given,
        "--out",
    ]
    # Names of one length: the header keeps the call.
    whole, killed = tmp_path / "quiet1.safetensors", tmp_path / "killed.safetensors"
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([*command, str(killed)], stdout=quiet, stderr=quiet)
    kept = tmp_path / ".killed.safetensors.checkpoint"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not kept.is_file():
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert kept.is_file() and not killed.exists()
    again = subprocess.run([*command, str(killed)], check=True, capture_output=True, text=True)
    assert "15/15" in again.stderr and not kept.exists()
    subprocess.run([*command, str(whole)], check=True, capture_output=True)
    assert killed.read_bytes() == whole.read_bytes().replace(b"quiet1.safetensors", b"killed.safetensors")
