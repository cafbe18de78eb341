"""Where Mien keeps what it can make again, how much that is, and how to be rid of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

#: What lies in each folder of the cache. `serve`, the page's own workplace, is no cache: the page empties it.
PARTS: Mapping[str, str] = {
    "clips": "prepared clips: pictures of faces, flow, points",
    "features": "what frozen networks see in clips",
    "sets": "made-up sets that have a name",
    "text": "embeddings of sentences",
    "vlm": "answers of vision-language models",
}
DAY_S = 86_400.0


@dataclass(frozen=True)
class Amount:
    """How much there is."""

    n_files: int
    n_bytes: int


def cache_folder() -> Path:
    """The folder named by MIEN_CACHE, or the user's cache folder; it may not exist yet."""
    return Path(os.environ.get("MIEN_CACHE") or platformdirs.user_cache_dir("mien"))


def held(part: str) -> Amount:
    """What a part of the cache holds."""
    sizes = [size for _, size, _ in _files(part)]
    return Amount(len(sizes), sum(sizes))


def clear(part: str, older_than_days: float = 0.0) -> Amount:
    """Delete what a part of the cache holds, or what was made longer ago than that; what was deleted.

    What a link points to is never touched.
    """
    latest = time.time() - older_than_days * DAY_S
    n_files = n_bytes = 0
    for path, size, made in list(_files(part)):
        if made <= latest:
            path.unlink(missing_ok=True)
            n_files, n_bytes = n_files + 1, n_bytes + size
    for folder in [Path(name) for name, _, _ in os.walk(cache_folder() / part, topdown=False)]:
        if not any(folder.iterdir()):
            folder.rmdir()
    return Amount(n_files, n_bytes)


def _files(part: str) -> Iterator[tuple[Path, int, float]]:
    """Path, bytes and time of every file; a file that another process removes meanwhile is left out."""
    for folder, _, names in os.walk(cache_folder() / part):
        for name in names:
            path = Path(folder) / name
            try:
                about = path.lstat()
            except FileNotFoundError:
                continue
            yield path, about.st_size, about.st_mtime
