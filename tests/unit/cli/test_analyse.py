"""The options of `mien analyse`; what it does with videos is in `tests/acceptance/test_analyse.py`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mien.cli.analyse import _settings
from mien.errors import UsageError


def test_options_become_settings() -> None:
    chosen = _settings(["1-2.5", "30-31"], "0-5", "120.5,80", 2.0, "all", ["duration_s=60", "silence_s=5"])
    assert chosen.exclude == ((1, 2.5), (30, 31)) and chosen.baseline == (0, 5)
    assert chosen.face == (120.5, 80) and chosen.recognise == "all"
    assert (chosen.limits.duration_s, chosen.limits.silence_s) == (60, 5)
    assert _settings([], None, "central", 1, "micro", []).face == "central"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ((["5"], None, "largest", 1, "micro", []), "--exclude"),
        (([], "1-x", "largest", 1, "micro", []), "--baseline"),
        (([], None, "1,", 1, "micro", []), "--face"),
        (([], None, "largest", 1, "micro", ["n_frames"]), "--limit"),
        (([], None, "largest", 1, "micro", ["n_frames=many"]), "limits.n_frames"),
        (([], None, "largest", 1, "macro", []), "recognise"),
        ((["3-2"], None, "largest", 1, "micro", []), "from an earlier time"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_option(given: tuple, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        _settings(*given)


def test_a_model_that_is_not_there_is_told_before_any_work(mien: Callable, tmp_path: Path) -> None:
    code, _, said = mien("analyse", "a.mp4", "--out", tmp_path / "out", "--model", "none.safetensors")
    assert code == 2 and "no such model" in said and not (tmp_path / "out").exists()


def test_a_video_that_is_not_there(mien: Callable, tmp_path: Path) -> None:
    code, _, said = mien("analyse", tmp_path / "a.mp4", "--out", tmp_path / "out", "--model", "none")
    assert code == 3 and "no such file" in said
