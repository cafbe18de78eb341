"""mien.web.workplace: private, gone at the end, and gone after a kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mien.web.workplace import clean, private_folder

HOLD = "import sys, pathlib\nfrom mien.web.workplace import private_folder\n"
HOLD += "with private_folder(pathlib.Path(sys.argv[1])) as folder:\n"
HOLD += "    (folder / 'video').write_text('a face')\n    print(folder, flush=True)\n    sys.stdin.read()\n"


def holder(parent: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(parent)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_the_folder_is_private_and_goes_with_all_it_holds(tmp_path: Path) -> None:
    parent = tmp_path / "serve"
    with private_folder(parent) as folder:
        assert folder.parent == parent
        assert (folder.stat().st_mode & 0o777, parent.stat().st_mode & 0o777) == (0o700, 0o700)
        (folder / "a").mkdir()
        (folder / "a" / "b").write_text("c")
    assert list(parent.iterdir()) == []


def test_it_goes_after_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), private_folder(tmp_path):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_server_left_goes_at_the_next_start_and_a_living_one_is_left_alone(
    tmp_path: Path,
) -> None:
    killed, left = holder(tmp_path)
    living, kept = holder(tmp_path)
    try:
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
        assert left.is_dir()
        with private_folder(tmp_path) as own:
            assert not left.exists()
            assert (kept / "video").is_file()
            assert own.is_dir()
        assert clean(tmp_path) == 0
    finally:
        living.communicate("")
    assert list(tmp_path.iterdir()) == []


def test_a_lock_without_a_folder_goes(tmp_path: Path) -> None:
    (tmp_path / "0123.lock").write_text("")
    assert clean(tmp_path) == 0
    assert list(tmp_path.iterdir()) == []
