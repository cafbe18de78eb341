"""Where Mien keeps what it can make again."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """The folder named by MIEN_CACHE, or the user's cache folder; it may not exist yet."""
    return Path(os.environ.get("MIEN_CACHE") or platformdirs.user_cache_dir("mien"))
