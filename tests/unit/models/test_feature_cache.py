"""Frozen features on disk: made once for one content, made again where damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mien.models.feature_cache import cached, fingerprint


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path))
    return []


def _make(calls: list[str], value: float) -> np.ndarray:
    calls.append("made")
    return np.full((2, 3), value, np.float32)


def test_the_same_content_is_computed_once(calls: list[str]) -> None:
    first = cached("vit", b"clip", lambda: _make(calls, 1.5))
    again = cached("vit", b"clip", lambda: _make(calls, 9.0))
    assert calls == ["made"] and first.tobytes() == again.tobytes() and again.dtype == np.float32


def test_another_clip_or_another_network_is_computed(calls: list[str]) -> None:
    cached("vit", b"clip", lambda: _make(calls, 1))
    for made_by, content in (("vit", b"other"), ("other", b"clip"), ("vi", b"tclip")):
        assert cached(made_by, content, lambda: _make(calls, 2)).max() == 2
    assert len(calls) == 4


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"nonsense"])
def test_a_damaged_file_is_made_again(damage: bytes, calls: list[str], tmp_path: Path) -> None:
    cached("vit", b"clip", lambda: _make(calls, 1))
    (file,) = tmp_path.rglob("*.npy")
    file.write_bytes(damage)
    assert cached("vit", b"clip", lambda: _make(calls, 1)).max() == 1
    assert len(calls) == 2
    cached("vit", b"clip", lambda: _make(calls, 1))
    assert len(calls) == 2


def test_a_fingerprint_tells_weights_apart() -> None:
    torch.manual_seed(0)
    one, other = nn.Linear(2, 3), nn.Linear(2, 3)
    other.load_state_dict(one.state_dict())
    assert fingerprint(one) == fingerprint(other)
    with torch.no_grad():
        other.bias[0] += 1e-6
    assert fingerprint(one) != fingerprint(other)
