"""kill -9 in the middle of a pre-training: the same command goes on, and ends with the same file."""

from __future__ import annotations

from pathlib import Path

from killing import killed_once, start
from moving_faces import moving_faces


def test_killed_and_repeated_equals_undisturbed(tmp_path: Path) -> None:
    what = ["pretrain", "ma2mi-small", "--data", moving_faces(tmp_path / "set").path, "--set", "epochs=15"]
    what += ["--set", "most_motion_px=30", "--set", "pairs=2", "--network", "width=4", "--out"]
    # Names of one length: the header keeps the call.
    whole, killed = tmp_path / "quiet1.safetensors", tmp_path / "killed.safetensors"
    kept = tmp_path / ".killed.safetensors.checkpoint"
    killed_once(kept.is_file, *what, killed)
    assert kept.is_file() and not killed.exists()
    assert start(*what, killed).wait() == 0
    assert not kept.exists()
    assert start(*what, whole).wait() == 0
    assert killed.read_bytes() == whole.read_bytes().replace(b"quiet1.safetensors", b"killed.safetensors")
