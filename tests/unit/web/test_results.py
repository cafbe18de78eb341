"""mien.web.results: files by their listed names only, one archive, and a timeline that loses no peak."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

import pytest

from mien.web.messages import Refused
from mien.web.results import FrameTable, archive, file_of, files_of, listing, read_frames, timeline


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "result"
    (made / "pictures").mkdir(parents=True)
    (made / "events.json").write_text("{}")
    (made / "pictures" / "a.png").write_bytes(b"png")
    (made / ".events.csv.77.part").write_text("half")
    (tmp_path / "secret").write_text("s")
    (made / "link").symlink_to(tmp_path / "secret")
    (made / "away").symlink_to(tmp_path)
    return made


def test_plain_files_are_listed_and_nothing_else(folder: Path) -> None:
    assert list(files_of(folder)) == ["events.json", "pictures/a.png"]
    assert [(file.path, file.size_bytes) for file in listing(folder)] == [
        ("events.json", 2),
        ("pictures/a.png", 3),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "link",
        "away/secret",
        "/etc/passwd",
        "pictures",
        "",
        ".",
        "pictures/../events.json",
        "x\x00",
    ],
)
def test_only_listed_names_are_files(folder: Path, name: str) -> None:
    with pytest.raises(Refused, match="no such file") as refused:
        file_of(folder, name)
    assert refused.value.status == 404


def test_the_archive_holds_the_listed_files_below_one_folder(folder: Path, tmp_path: Path) -> None:
    packed = archive(folder, tmp_path / "r.zip", "mien-me")
    with zipfile.ZipFile(packed) as opened:
        assert opened.namelist() == ["mien-me/events.json", "mien-me/pictures/a.png"]
        assert opened.testzip() is None
    before = packed.stat().st_mtime_ns
    assert archive(folder, tmp_path / "r.zip", "mien-me").stat().st_mtime_ns == before


def table(scores: list[float], fps: float = 10.0) -> FrameTable:
    made = FrameTable()
    for place, score in enumerate(scores):
        made.time_s.append(place / fps)
        made.micro_score.append(score)
        made.macro_score.append(math.nan)
        made.seen.append(float(not math.isnan(score)))
        made.excluded.append(float(place < 5))
    return made


def test_peaks_survive_however_few_points_there_are() -> None:
    scores = [0.0] * 1000
    scores[503] = 9.5
    shown = timeline(table(scores), 0, None, 10)
    assert max(value for value in shown.micro_score if value is not None) == 9.5
    assert shown.micro_score[5] == 9.5
    assert shown.macro_score == [None] * 10
    assert (shown.n_frames, shown.duration_s, shown.seen[0]) == (1000, pytest.approx(99.9), 1.0)


def test_what_was_not_measured_is_null_and_the_face_is_counted() -> None:
    shown = timeline(table([1.0, math.nan, math.nan, math.nan]), 0, None, 2)
    assert shown.micro_score == [1.0, None]
    assert shown.seen == [0.5, 0.0]


def test_a_stretch_shows_its_own_frames() -> None:
    shown = timeline(table([float(i) for i in range(100)]), 2.0, 3.0, 10)
    assert (shown.from_s, shown.to_s) == (2.0, 3.0)
    assert shown.micro_score[0] in (20.0, 21.0)
    assert shown.micro_score[-1] == 30.0


@pytest.mark.parametrize(("start", "end"), [(50.0, 60.0), (0.0, 1e9), (5.0, 2.0)])
def test_a_stretch_beyond_the_video_is_cut_to_it(start: float, end: float) -> None:
    shown = timeline(table([1.0] * 20), start, end, 10)
    assert 0 <= shown.from_s <= shown.to_s <= 1.9


def test_a_table_without_frames_is_an_empty_timeline() -> None:
    shown = timeline(FrameTable(), 0, None, 10)
    assert (shown.n_frames, shown.duration_s, shown.micro_score) == (0, 0.0, [None] * 10)


def test_frames_are_read_by_name_with_flags_as_numbers_or_words(tmp_path: Path) -> None:
    text = "\ufeffframe,success,timestamp,micro_score,macro_score,excluded\n0,1,0.0,1.5,,0\n1,False,0.1,,nan,True\n"
    (tmp_path / "frames.csv").write_text(text, encoding="utf-8")
    frames = read_frames(tmp_path)
    assert list(frames.seen) == [1.0, 0.0]
    assert list(frames.excluded) == [0.0, 1.0]
    assert frames.micro_score[0] == 1.5
    assert math.isnan(frames.micro_score[1])
    with pytest.raises(Refused):
        read_frames(tmp_path / "nowhere")
