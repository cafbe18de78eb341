"""`mien agree`: a table, files, pairs by name."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from mien.analysis.result import VideoAnalysis
from mien.export import write_all
from mien.export.described import OUTPUTS


@pytest.fixture
def found(analysis: VideoAnalysis, tmp_path: Path) -> Path:
    folder = tmp_path / "out" / "first"
    write_all(analysis, folder, overlay=False, clips=False)
    return folder


def coding(path: Path, *rows: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(["onset_frame,offset_frame,kind,label", *rows]) + "\n", encoding="utf-8")
    return path


def test_its_own_elan_file_agrees_fully(mien: Callable, found: Path, tmp_path: Path) -> None:
    tiers = ("--tier", "candidate micro", "--tier", "candidate macro")
    code, out, err = mien(
        "agree", found / "events.csv", found / "events.eaf", *tiers, "--out", tmp_path / "a"
    )
    assert (code, err) == (0, "")
    assert "1.00" in out
    table = pd.read_csv(tmp_path / "a" / "agreement.csv")
    assert table["kind"].tolist() == ["all", "micro", "macro"]
    assert table[["precision", "recall", "f1", "kappa"]].to_numpy().tolist() == [[1.0] * 4] * 3
    assert (table[["onset_mean_ms", "offset_mean_ms"]] == 0).all(axis=None)


def test_the_files_have_the_columns_of_the_dictionary(mien: Callable, found: Path, tmp_path: Path) -> None:
    coder = coding(tmp_path / "c.csv", "7,9,micro,surprise", "20,22,,sad")
    code, out, _ = mien("agree", found, coder, "--out", tmp_path / "a")
    assert code == 0
    assert "Labels of matched movements" in out
    for name in ("agreement.csv", "matches.csv", "confusion.csv"):
        assert list(pd.read_csv(tmp_path / "a" / name).columns) == [column.name for column in OUTPUTS[name]]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "agreement.csv",
        "confusion.csv",
        "matches.csv",
    ]
    rows = pd.read_csv(tmp_path / "a" / "matches.csv")
    assert len(rows) == 4
    assert rows["iou"].notna().sum() == 1


def test_unclear_tiers_are_a_wrong_call_and_listed(mien: Callable, found: Path) -> None:
    code, _, err = mien("agree", found, found / "events.eaf")
    assert code == 2
    assert "'candidate micro' (2)" in err


def test_folders_are_paired_by_name_and_gaps_are_told(mien: Callable, found: Path, tmp_path: Path) -> None:
    for name in ("second", "third"):
        shutil.copytree(found, found.parent / name)
    for name in ("first", "third", "fourth"):
        coding(tmp_path / "coder" / f"{name}.csv", "7,9,micro,surprise")
    code, _, err = mien("agree", found.parent, tmp_path / "coder", "--out", tmp_path / "a")
    assert code == 4
    assert "no coding for second" in err
    assert "no analysis for fourth.csv" in err
    table = pd.read_csv(tmp_path / "a" / "agreement.csv")
    assert table["video"].tolist() == ["first", "third", "all", "first", "third", "all"]
    assert table["n_found"].tolist()[:3] == [3, 3, 6]


def test_a_coding_may_be_named_like_the_video(
    mien: Callable, found: Path, tmp_path: Path, analysis: VideoAnalysis
) -> None:
    coding(tmp_path / "coder" / f"{Path(analysis.source).stem}.csv", "7,9,micro,surprise")
    assert mien("agree", found.parent, tmp_path / "coder").code == 0


def test_movements_that_were_taken_out_are_not_held_against_anyone(
    mien: Callable, found: Path, tmp_path: Path
) -> None:
    taken = pd.read_csv(found / "frames.csv").query("excluded == 1")["frame"]
    coder = coding(tmp_path / "c.csv", f"{taken.min()},{taken.max()},micro,x")
    mien("agree", found, coder, "--out", tmp_path / "a")
    assert pd.read_csv(tmp_path / "a" / "agreement.csv")["n_coder"].tolist() == [0]


@pytest.mark.parametrize(
    ("events", "coder", "words"),
    [
        ("nothing", "c.csv", "no events.csv"),
        ("out/first", "nothing.eaf", "no such file"),
        ("out", "empty", "no analysis"),
    ],
)
def test_what_is_missing_is_bad_input(
    mien: Callable, found: Path, tmp_path: Path, events: str, coder: str, words: str
) -> None:
    coding(tmp_path / "c.csv")
    (tmp_path / "empty").mkdir()
    code, _, err = mien("agree", tmp_path / events, tmp_path / coder)
    assert code == 3
    assert words in err


def test_two_codings_of_one_name_are_refused(mien: Callable, found: Path, tmp_path: Path) -> None:
    coding(tmp_path / "coder" / "first.csv")
    shutil.copy(found / "events.eaf", tmp_path / "coder" / "first.eaf")
    code, _, err = mien("agree", found.parent, tmp_path / "coder")
    assert code == 3
    assert "several" in err
