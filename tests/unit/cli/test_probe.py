"""`mien probe identity`: its table, its file, and calls that cannot be met."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien.prepare.prepared import PreparedSet


def test_findings_are_shown_and_written(mien: Callable, small_set: PreparedSet, tmp_path: Path) -> None:
    out = tmp_path / "found.json"
    code, shown, err = mien("probe", "identity", "--data", small_set.path, "--folds", 2, "--out", out)
    assert code == 0
    assert "1/1" in err
    assert "sessions unknown: only clips are kept apart" in " ".join(shown.split())
    told = json.loads(out.read_text())
    assert told["data_hash"] == small_set.data_hash
    assert told["made_up"] is True
    (row,) = told["rows"]
    assert (row["database"], row["view"], row["clips"], row["people"]) == (
        "synthetic",
        "onset_apex_flow",
        40,
        5,
    )


def test_features_of_ones_own_take_the_place_of_the_arrays(
    mien: Callable, small_set: PreparedSet, tmp_path: Path
) -> None:
    people = np.unique(small_set.table.subjects, return_inverse=True)[1]
    np.save(tmp_path / "own.npy", np.eye(5, dtype=np.float32)[people])
    out = tmp_path / "found.json"
    code, _, _ = mien(
        "probe", "identity", "--data", small_set.path, "--features", tmp_path / "own.npy", "--out", out
    )
    assert code == 0
    assert json.loads(out.read_text())["rows"][0]["top1"] == 1


def test_a_network_takes_the_place_of_the_linear_probe(
    mien: Callable, small_clips: PreparedSet, tmp_path: Path
) -> None:
    out = tmp_path / "found.json"
    options = ["--set", "width=8", "--set", "epochs=1", "--folds", 2, "--out", out]
    code, shown, err = mien(
        "probe", "identity", "--data", small_clips.path, "--network", "identity-slowfast", *options
    )
    assert code == 0, err
    assert "SlowFast network" in shown
    told = json.loads(out.read_text())
    assert (told["by"], told["options"]["width"], told["options"]["epochs"]) == ("identity-slowfast", 8, 1)
    assert [row["view"] for row in told["rows"]] == [
        "rgb",
        "rgb, first frame (still)",
        "rgb, change since it (motion)",
    ]
    assert all(0 <= row[name] <= 1 for row in told["rows"] for name in ("top1", "top5", "auc", "eer"))


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--array", "onset_apex_flow", "--features", "x.npy"], 2, "exclude each other"),
        (["--array", "rgb"], 2, "choose among onset_apex_flow"),
        (["--features", "missing.npy"], 3, "cannot be read"),
        (["--folds", "1"], 2, "two folds"),
        (["--set", "width=8"], 2, "--network identity-slowfast"),
        (["--network", "i3d"], 2, "that names people"),
        (["--network", "identity-slowfast", "--set", "widht=8"], 2, "did you mean 'width'"),
        (["--network", "identity-slowfast"], 2, "the array 'rgb'"),
    ],
)
def test_wrong_calls_are_explained(
    mien: Callable, small_set: PreparedSet, more: list[str], code: int, said: str
) -> None:
    found, _, err = mien("probe", "identity", "--data", small_set.path, *more)
    assert found == code
    assert said in err
