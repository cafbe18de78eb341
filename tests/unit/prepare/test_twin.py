"""A twin: the official folders, filled for every row of a sheet, with the truth beside them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from mien.databases.registry import get
from mien.errors import InputError, UsageError
from mien.prepare.twin import filmed_clip, make_twin
from mien.synthesis.filming import film


def _sheet(twin: Path) -> Path:
    return twin / "CASME2-coding-small.csv"


def test_the_databases_own_reader_finds_every_frame(small_twin: Path) -> None:
    loaded = get("casme2").load(small_twin)
    assert {key: len(frames.files) for key, frames in loaded.frames.items()} == {
        "sub01_EP01_01": 9,
        "sub01_EP01_02": 9,
        "sub02_EP01_01": 9,
        "sub02_EP01_02": 3,
    }
    assert loaded.frames["sub01_EP01_01"].numbers == tuple(range(11, 20))
    assert {problem.key for problem in loaded.problems} == {"sub02_EP01_03"}


def test_the_truth_gives_the_same_frames_and_the_exact_flow(small_twin: Path) -> None:
    clip = filmed_clip(small_twin, "sub01_EP01_02")
    assert (clip.onset, clip.apex, clip.offset, clip.annotation.raw) == (1, 5, 9, "4+7")
    from PIL import Image

    with film(clip) as filmed:
        stored = Image.open(small_twin / "CASME2_RAW_selected/sub01/EP01_02/img5.jpg")
        difference = np.abs(np.asarray(stored, dtype=float) - filmed.frame(5))
        assert difference.mean() < 3  # JPEG
        moved = np.hypot(*filmed.tracks(5).flow)
    assert 0.2 < np.nanmax(moved) < 30
    with np.load(small_twin / "truth" / "sub01_EP01_02.npz") as truth:
        assert truth["au_codes"].tolist() == [4, 7] and truth["landmarks_px"].shape[0] == 9


def test_what_is_there_is_not_filmed_again_and_what_is_lost_is(small_twin: Path, tmp_path: Path) -> None:
    twin = tmp_path / "twin"
    shutil.copytree(small_twin, twin)
    frame = "CASME2_RAW_selected/sub02/EP01_02/img7.jpg"
    (twin / frame).unlink()
    (twin / "truth" / "sub02_EP01_02.npz").unlink()
    kept = (twin / "truth" / "sub01_EP01_01.npz").stat().st_mtime_ns
    made = make_twin("casme2", _sheet(twin), twin, workers=1)
    assert (made.n_clips, made.n_frames) == (4, 30)
    assert made.left_out[0][0] == "sub02_EP01_03"
    assert (twin / frame).read_bytes() == (small_twin / frame).read_bytes()
    assert (twin / "truth" / "sub01_EP01_01.npz").stat().st_mtime_ns == kept


def test_other_folders_are_left_alone(small_twin: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a twin of another order"):
        make_twin("casme2", _sheet(small_twin), small_twin, seed=5)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        make_twin("casme2", _sheet(small_twin), tmp_path)
    with pytest.raises(UsageError, match="no sheet and layout"):
        make_twin("megc2019", _sheet(small_twin), tmp_path / "x")
    with pytest.raises(InputError, match="no truth"):
        filmed_clip(small_twin, "nobody")


def test_macro_expressions_alone_can_be_filmed_and_prepared(egl: None, tmp_path: Path) -> None:
    sheet = tmp_path / "CASME_sq.csv"
    sheet.write_text(
        "1,anger1_1,5,7,9,4,negative,macro-expression,anger\n1,anger1_2,21,23,25,4,negative,micro-expression,anger\n"
    )
    made = make_twin("casme_sq", sheet, tmp_path / "twin", variant="cut", kind="macro", workers=1)
    assert made.n_clips == 1
    loaded = get("casme_sq").load(tmp_path / "twin")
    assert set(loaded.frames) == {"s15_anger1_1"}
    assert filmed_clip(tmp_path / "twin", "s15_anger1_1").kind == "macro"
