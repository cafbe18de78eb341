"""`mien train`: the file it writes, what it tells, wrong calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mien.prepare.prepared import PreparedSet

FAST = [part for pair in ("epochs=2", "synthetic_clips=0", "text=none") for part in ("--set", pair)]


def test_a_model_and_its_record_are_written_and_told(
    mien: Callable, small_set: PreparedSet, tmp_path: Path
) -> None:
    out = tmp_path / "mine.safetensors"
    what = ["train", "aie-cmcl-flow", "--data", small_set.path, "--task", "megc-3", "--members", 2, *FAST]
    code, told, err = mien(
        *what, "--protocol", "kfold:2", "--recipe", "onset-apex", "--backend", "loop", "--out", out
    )
    assert code == 0, err
    assert out.is_file()
    command = json.loads((tmp_path / "mine.record" / "run.json").read_text(encoding="utf-8"))["command"]
    assert command.startswith("mien train aie-cmcl-flow --data") and "--protocol kfold:2" in command
    for words in ("40 clips of 5 made-up people", "apex given", "abstains", str(out)):
        assert words in told.replace("\n", " ")
    code, shown, err = mien("card", out)
    assert code == 0, err
    assert "onset-apex" in shown


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (["--out", "model.pth"], ".safetensors"),
        (["--accuracy", 1.5], "accuracy"),
        (["--set", "epochs"], "KEY=VALUE"),
    ],
)
def test_wrong_calls(
    mien: Callable, small_set: PreparedSet, tmp_path: Path, change: list[object], named: str
) -> None:
    what = [
        "train",
        "aie-cmcl-flow",
        "--data",
        small_set.path,
        "--task",
        "megc-3",
        "--out",
        tmp_path / "m.safetensors",
    ]
    code, _, err = mien(*what, *change)
    assert code == 2
    assert named in err
