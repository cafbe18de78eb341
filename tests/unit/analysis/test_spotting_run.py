"""Coded videos to scores: signals are kept, files agree with the scores, STRS counts what it says."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.analysis import spotting_run
from mien.analysis.spotting_run import SpotOrder, spot
from mien.errors import InputError, UsageError
from mien.prepare.long_videos import read_long_videos
from mien.spotting.contract import FEEDS, KINDS
from mien.spotting.files import read_log, read_str_submission, read_submission
from mien.training.deployed import load
from portraits import RAISED_S, picture, write_video

FPS = 30


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people's videos of one portrait that raises its brows, coded as that."""
    root = tmp_path_factory.mktemp("coded")
    onset, apex, offset = (round(second * FPS) + 1 for second in RAISED_S)
    rows = {
        "videos": ["subject,video,file,fps,frames"],
        "truth": ["subject,video,onset,apex,offset,au,emotion,type"],
    }
    for number in (1, 2):
        write_video(root / f"p{number}_1.mp4", partial(picture, seed=number), fps=FPS)
        rows["videos"].append(f"p{number},1,p{number}_1.mp4,{FPS},{4 * FPS}")
        rows["truth"].append(f"p{number},1,{onset},{apex},{offset},1+2,surprise,micro")
    for name, lines in rows.items():
        (root / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def done(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("spotted")
    return out, spot(videos, out, SpotOrder(("contrast", "random")), lambda: load(None))


def test_the_movement_of_both_people_is_found(done: tuple[Path, dict[str, Any]]) -> None:
    row = done[1]["detectors"]["contrast"]["kinds"]["micro"]
    assert (row["tp"], row["fn"]) == (2, 0)


def test_log_and_submission_hold_what_was_scored(done: tuple[Path, dict[str, Any]]) -> None:
    out, told = done
    kept = json.loads((out / "spotting.json").read_text("utf-8"))
    assert json.dumps(kept) == json.dumps(told).replace("NaN", "null")
    for name, scores in told["detectors"].items():
        (rows,) = read_log(out / f"{name}-log.txt").values()
        everything = scores["kinds"]["all"]
        verdicts = [row.verdict for row in rows]
        assert [verdicts.count(v) for v in ("TP", "FP", "FN")] == [everything[k] for k in ("tp", "fp", "fn")]
        submitted = read_submission(out / f"{name}-spotting.csv")
        assert len(submitted) == everything["tp"] + everything["fp"]
        assert {(s.onset, s.offset) for s in submitted} == {row.predicted for row in rows if row.predicted}


def test_strs_is_the_product_of_what_the_submission_says(done: tuple[Path, dict[str, Any]]) -> None:
    out, told = done
    found = told["detectors"]["contrast"]["strs"]
    named = read_str_submission(out / "contrast-str.csv")
    hits = [row.emotion == "surprise" for row in named]
    assert len(named) == found["spotting"]["tp"] + found["spotting"]["fp"]
    assert found["analysis"]["n"] == 2
    expected = told["detectors"]["contrast"]["kinds"]["micro"]["f1"] * found["analysis"]["f1"]
    assert found["strs"] == pytest.approx(expected)
    assert (found["analysis"]["f1"] == 1) == all(hits)


def test_a_signal_is_computed_once(
    videos: Path, done: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, told = done
    monkeypatch.setattr(spotting_run, "watch", None)
    again = spot(videos, out, SpotOrder(("contrast",)))
    kinds = [json.dumps(one["detectors"]["contrast"]["kinds"]) for one in (again, told)]
    assert kinds[0] == kinds[1]


def test_a_damaged_signal_and_an_unknown_detector_are_refused(
    videos: Path, done: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="contrast"):
        spot(videos, tmp_path, SpotOrder(("contrasts",)))
    assert not list(tmp_path.iterdir())
    (tmp_path / "signals").mkdir()
    for file in (done[0] / "signals").iterdir():
        (tmp_path / "signals" / file.name).write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(InputError, match="signal is damaged"):
        spot(videos, tmp_path, SpotOrder(("contrast",)))


def test_what_detectors_read_besides_region_flow_is_kept(videos: Path, tmp_path: Path) -> None:
    films = read_long_videos(videos)[:1]
    (first,) = spotting_run.coded_videos(films, tmp_path, feeds=FEEDS)
    (again,) = spotting_run.coded_videos(films, tmp_path, feeds=FEEDS)
    for feed, shape in zip(FEEDS, [(3, 42, 42), (36,)], strict=True):
        for kind in KINDS:
            rows = getattr(first.signal, feed)[kind]
            np.testing.assert_array_equal(rows, getattr(again.signal, feed)[kind])
            assert rows.shape[1:] == shape and np.isfinite(rows).any()
    assert [file.name for file in tmp_path.iterdir()] == [f"{films[0].key}-maps-blocks.npz"]
