"""`mien card`: what is known of a model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def test_the_shipped_model_is_shown(mien: Callable) -> None:
    code, out, err = mien("card")
    assert code == 0, err
    for words in ("aie-cmcl", "made-up people", "442 clips", "apex given", "abstains"):
        assert words.lower() in out.lower()


def test_a_file_that_is_no_model_is_refused(mien: Callable, tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(b"nothing")
    code, _, err = mien("card", tmp_path / "x.safetensors")
    assert code == 3
    assert "cannot be read" in err
