"""`mien pretrain`, and that `mien evaluate` refuses what it must not judge."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from made_arrays import made_clips, made_set
from mien.prepare.prepared import PreparedSet
from moving_faces import moving_faces

QUICK = ["--set", "epochs=1", "--set", "most_motion_px=30", "--set", "pairs=1", "--network", "width=4"]


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> PreparedSet:
    return moving_faces(tmp_path_factory.mktemp("faces") / "set")


@pytest.fixture(scope="module")
def micro(tmp_path_factory: pytest.TempPathFactory) -> PreparedSet:
    """Key frames of 5 people, framed as the faces are: by no recipe."""
    folder = tmp_path_factory.mktemp("micro")
    return made_set(folder / "set", made_clips(folder / "flow"), {"key_frames": (3, 5, 32, 32)})


def test_error_and_copying_are_told_and_the_call_is_recorded(
    mien: Callable, faces: PreparedSet, tmp_path: Path
) -> None:
    out = tmp_path / "macro.safetensors"
    code, text, err = mien("pretrain", "ma2mi-small", "--data", faces.path, *QUICK, "--out", out)
    assert code == 0, err
    assert "error" in err and "copying" in err and "1/1" in err
    assert "copying the present frame" in text and "moving-faces" in text and "macro" in text
    from mien.models.pretrained import read_card

    command = read_card(out).command
    assert command.startswith("mien pretrain ma2mi-small --data") and "--network width=4" in command


def test_pretrained_encoders_are_fine_tuned_and_the_run_says_so(
    mien: Callable, faces: PreparedSet, micro: PreparedSet, tmp_path: Path
) -> None:
    weights, run = tmp_path / "macro.safetensors", tmp_path / "run"
    assert mien("pretrain", "ma2mi-small", "--data", faces.path, *QUICK, "--out", weights).code == 0
    code, _, err = mien(
        "evaluate", "ma2mi-small", "--data", micro.path, "--task", "megc-3", "--protocol", "kfold:2", "--seeds", 1,
        "--backend", "loop", "--set", "epochs=1", "--set", "width=4", "--set", f"weights={weights}", "--out", run,
    )  # fmt: skip
    assert code == 0, err
    warnings = json.loads((run / "run.json").read_text())["warnings"]
    assert any("pre-trained on moving-faces (16 clips, 4 people)" in each for each in warnings)


def test_encoders_that_saw_a_held_out_person_are_refused_before_anything_is_written(
    mien: Callable, micro: PreparedSet, tmp_path: Path
) -> None:
    group = str(micro.table.groups[0])
    frame = moving_faces(tmp_path / "other").table.frame.copy()
    frame["dataset"], frame["subject"] = group.split("/")
    table = type(micro.table)(frame)
    same = moving_faces(tmp_path / "others")
    leaked = PreparedSet.write(
        tmp_path / "same", name="same", table=table, arrays=_to_write(same), recipe=dict(same.recipe)
    )
    weights, run = tmp_path / "macro.safetensors", tmp_path / "run"
    assert mien("pretrain", "ma2mi-small", "--data", leaked.path, *QUICK, "--out", weights).code == 0
    what = ["evaluate", "ma2mi-small", "--data", micro.path, "--task", "megc-3", "--set", "width=4"]
    code, _, err = mien(*what, "--set", f"weights={weights}", "--out", run)
    assert code == 3 and "held out" in err and group in err
    assert not run.exists()


def _to_write(data: PreparedSet) -> dict:
    from mien.prepare.prepared import ArrayToWrite

    spec = data.specs["rgb"]
    return {"rgb": ArrayToWrite(data.arrays["rgb"], spec.channels, spec.unit, spec.source)}


def test_other_faces_and_other_sizes_are_refused(
    mien: Callable, faces: PreparedSet, micro: PreparedSet, tmp_path: Path
) -> None:
    weights = tmp_path / "macro.safetensors"
    assert mien("pretrain", "ma2mi-small", "--data", faces.path, *QUICK, "--out", weights).code == 0
    what = [
        "evaluate",
        "ma2mi-small",
        "--task",
        "megc-3",
        "--set",
        f"weights={weights}",
        "--out",
        tmp_path / "r",
    ]
    code, _, err = mien(*what, "--data", micro.path, "--set", "width=8")
    assert code == 3 and "not those of this network" in err
    spec = micro.specs["key_frames"]
    from mien.prepare.prepared import ArrayToWrite

    array = ArrayToWrite(micro.arrays["key_frames"], spec.channels, spec.unit, spec.source)
    other = PreparedSet.write(
        tmp_path / "set", name="x", table=micro.table, arrays={"key_frames": array},
        recipe={**micro.recipe, "face": {"size_px": 128}},
    )  # fmt: skip
    code, _, err = mien(*what, "--data", other.path, "--set", "width=4")
    assert code == 3 and "cut out in another way" in err


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (["ststnet", "--out", "w.safetensors"], "two branches"),
        (["ma2mi-small", "--out", "w.pth"], ".safetensors"),
        (["ma2mi-small", "--out", "w.safetensors", "--set", "epoch=1"], "epochs"),
        (["ma2mi-small", "--out", "w.safetensors", "--network", "widht=8"], "width"),
    ],
)
def test_a_wrong_call_names_what_is_wrong(
    mien: Callable, faces: PreparedSet, args: list[str], named: str
) -> None:
    code, _, err = mien("pretrain", *args, "--data", faces.path)
    assert code == 2 and named in err


@pytest.mark.parametrize(("aside", "told"), [("0.1", "people left aside"), ("0", "nobody left aside")])
def test_it_is_told_on_whom_copying_was_to_be_beaten(
    mien: Callable, faces: PreparedSet, tmp_path: Path, aside: str, told: str
) -> None:
    what = ["--data", faces.path, *QUICK, "--set", f"aside={aside}", "--out", tmp_path / "w.safetensors"]
    code, text, err = mien("pretrain", "ma2mi-small", *what)
    assert code == 0, err
    assert told in " ".join(text.split())
