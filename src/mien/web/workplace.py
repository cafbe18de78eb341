"""The server's private folder: nobody else may read it, and nothing of it stays."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mien.cache import cache_folder


@contextmanager
def private_folder(parent: Path | None = None) -> Iterator[Path]:
    """Yield an empty folder (mode 0700) that is deleted at the end; folders of servers that were killed go first.

    Each folder has a lock beside it, which the system releases with its process: a folder whose lock is free
    belongs to no living server.
    """
    parent = parent or cache_folder() / "serve"
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    parent.chmod(0o700)
    clean(parent)
    # the lock is taken before the folder is there: a folder without a held lock is always a dead one
    name = secrets.token_hex(6)
    lock = FileLock(parent / f"{name}.lock")
    try:
        with lock:
            folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
            try:
                yield folder
            finally:
                remove(folder)
    finally:
        _unlink_lock(lock)


def clean(parent: Path) -> int:
    """Delete what servers that are gone left in `parent`; how many folders that were."""
    gone = 0
    for name in {path.name.partition("-")[0].removesuffix(".lock") for path in parent.iterdir()}:
        lock = FileLock(parent / f"{name}.lock")
        try:
            with lock.acquire(timeout=0):
                for folder in parent.glob(f"{name}-*"):
                    remove(folder)
                    gone += not folder.exists()
        except Timeout:
            continue
        _unlink_lock(lock)
    return gone


def remove(folder: Path) -> None:
    """Delete a folder with all it holds; what a dying process still writes into it is deleted too."""
    for _ in range(3):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return


def _unlink_lock(lock: FileLock) -> None:
    with contextlib.suppress(OSError):
        Path(lock.lock_file).unlink()
