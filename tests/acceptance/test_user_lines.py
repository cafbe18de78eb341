"""Lines 3, 5, 6 and 7 of the users' acceptance list: memory, no peeking, absent classes, sources untouched."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from mien.cli.app import run
from mien.clips.table import ClipTable
from mien.prepare.prepared import ArrayToWrite, PreparedSet

BENCH = Path(__file__).resolve().parents[2] / "benchmarks" / "analyse.py"


@pytest.mark.slow
def test_line_3_a_longer_video_takes_no_more_memory() -> None:
    """Half a minute against two; docs/results.md has the hour."""
    told = subprocess.run(
        [sys.executable, BENCH, "--memory", "0.5,2"], capture_output=True, text=True, check=True
    )
    assert float(told.stdout.split("=")[-1]) <= 1.2


def _evaluate(data: Path, out: Path, *more: str) -> int:
    common = [
        "--task",
        "megc-3",
        "--protocol",
        "loso",
        "--seeds",
        "1",
        "--backend",
        "loop",
        "--device",
        "cpu",
    ]
    return run(["evaluate", "ststnet", "--data", str(data), "--out", str(out), *common, *more])


def test_line_5_the_reported_figure_is_not_the_peeked_one(
    small_set: PreparedSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = ("--set", "epochs=12", "--set", "learning_rate=0.01")
    assert _evaluate(small_set.path, tmp_path / "peeked", "--audit", *trained) == 0
    told = capsys.readouterr().out
    assert _evaluate(small_set.path, tmp_path / "blind", *trained) == 0
    found = {
        name: json.loads((tmp_path / name / "metrics.json").read_text("utf-8"))
        for name in ("peeked", "blind")
    }
    audit = found["peeked"].pop("audit")
    assert audit["uf1"] > found["peeked"]["uf1"]["mean"], "nothing to gain here: this test shows nothing"
    assert found["peeked"]["uf1"] == found["blind"]["uf1"]
    assert audit["words"].startswith("invalid")
    (line,) = [line for line in told.splitlines() if line.startswith("UF1")]
    assert f"{found['blind']['uf1']['mean']:.3f}" in line and "invalid" in told


def test_line_5_the_record_proves_when_held_out_clips_were_opened(
    small_set: PreparedSet, tmp_path: Path
) -> None:
    assert _evaluate(small_set.path, tmp_path / "run", "--set", "epochs=2") == 0
    record = json.loads((tmp_path / "run" / "run.json").read_text("utf-8"))
    assert [one["fold"] for one in record["opened"]] == [fold["name"] for fold in record["folds"]]
    seconds = [one["held_out_opened_at"][:19] for one in record["opened"]]
    assert seconds == sorted(seconds)
    assert record["started"][:19] <= seconds[0] and seconds[-1] <= record["finished"][:19]
    for fold in record["folds"]:
        assert fold["n_train"] + fold["n_held_out"] == len(small_set)


def test_line_5_an_epoch_cannot_be_chosen_on_held_out_clips(
    small_set: PreparedSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _evaluate(small_set.path, tmp_path / "run", "--set", "epochs=best") == 2
    assert "epochs" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_line_6_a_class_absent_from_the_truth_makes_uf1_undefined(
    small_set: PreparedSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = small_set.table.frame
    kept = table.index[table["emotion"] != "surprise"]
    part = PreparedSet.write(
        tmp_path / "set",
        name="two-classes",
        table=ClipTable(table.loc[kept].reset_index(drop=True)),
        arrays={
            "onset_apex_flow": ArrayToWrite(
                small_set.arrays["onset_apex_flow"][kept], ("u", "v", "strain"), "px", "made for tests"
            )
        },
        recipe={"step": "tests"},
    )
    assert _evaluate(part.path, tmp_path / "run", "--set", "epochs=2") in (0, 4)
    told = capsys.readouterr().out
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text("utf-8"))
    assert metrics["uf1"]["mean"] is None and "surprise" in metrics["undefined"]
    assert metrics["per_class"]["negative"]["f1"] is not None
    assert "class 'surprise' is absent from the true labels" in " ".join(told.split())


def _bytes(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_line_7_preparing_twice_leaves_the_sources_as_they_were(
    small_twin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _bytes(small_twin)
    made = []
    for attempt in ("first", "second"):
        monkeypatch.setenv("MIEN_CACHE", str(tmp_path / f"cache-{attempt}"))
        out = tmp_path / attempt
        code = run(
            [
                "prepare",
                "casme2",
                str(small_twin),
                "--recipe",
                "onset-apex",
                "--workers",
                "1",
                "--out",
                str(out),
            ]
        )
        assert code == 4
        made.append((out / "arrays" / "onset_apex_flow.npy").read_bytes())
    assert made[0] == made[1]
    assert _bytes(small_twin) == before
    assert len(pd.read_csv(tmp_path / "first" / "clips.csv"))
