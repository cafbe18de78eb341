"""All files of an analysis."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from analysis_cases import renamed
from mien.analysis.result import VideoAnalysis
from mien.export import naming, write_all
from mien.export.naming import magnified, video_name

TABLES = [
    "frames.csv",
    "events.csv",
    "summary.csv",
    "dictionary.csv",
    "events.json",
    "events.eaf",
    "events.xlsx",
]


def test_the_files_are_written_and_nothing_else(analysis: VideoAnalysis, tmp_path: Path) -> None:
    written = write_all(analysis, tmp_path / "out", overlay=False, clips=False)
    assert [path.name for path in written] == TABLES
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(TABLES)


def test_films_come_after_them(analysis: VideoAnalysis, tmp_path: Path) -> None:
    written = [path.relative_to(tmp_path).as_posix() for path in write_all(analysis, tmp_path)]
    assert written == [*TABLES, naming.OVERLAY, *map(magnified, analysis.events)]


def test_a_second_time_gives_the_same_tables(analysis: VideoAnalysis, tmp_path: Path) -> None:
    first, second = (
        {
            path.name: path.read_bytes()
            for path in write_all(analysis, tmp_path / name, overlay=False, clips=False)
        }
        for name in ("a", "b")
    )
    dated = {"events.xlsx", "events.eaf"}
    assert {k: v for k, v in first.items() if k not in dated} == {
        k: v for k, v in second.items() if k not in dated
    }


def test_the_tables_hold_the_records(analysis: VideoAnalysis, tmp_path: Path) -> None:
    write_all(analysis, tmp_path, overlay=False, clips=False)
    tables = {}
    for name in ("frames.csv", "events.csv", "summary.csv"):
        with (tmp_path / name).open(encoding="utf-8", newline="") as file:
            tables[name] = list(csv.DictReader(file))
    assert len(tables["frames.csv"]) == len(analysis.frames)
    lost = [row for row in tables["frames.csv"] if row["success"] == "0"]
    assert {row["lost"] for row in lost} == {"no face found"}
    assert {row["x"] for row in lost} == {""}
    (summary,) = tables["summary.csv"]
    assert summary["video"] == video_name(analysis)
    assert (summary["n_micro"], summary["n_macro"], summary["n_abstained"]) == ("2", "1", "1")
    assert (summary["n_negative"], summary["n_positive"]) == ("1", "0")
    assert [row["label"] for row in tables["events.csv"]] == ["surprise", "", "negative"]


@pytest.mark.parametrize("text", ["=cmd|'x'!A1", 'a,"b"\r\nc', "naïve 表情 \udcff.mp4", "", "\x00\x1b"])
def test_odd_words_stop_no_file(analysis: VideoAnalysis, tmp_path: Path, text: str) -> None:
    write_all(renamed(analysis, text), tmp_path, overlay=False, clips=False, video=Path(analysis.source))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(TABLES)
