"""The cache folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.cache import cache_folder


def test_the_variable_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("MIEN_CACHE")
    assert cache_folder().name == "mien"
