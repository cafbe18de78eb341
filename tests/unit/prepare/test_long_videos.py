"""Long videos on disk: files and truth fit together, and what is there is not made again."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.errors import InputError, UsageError
from mien.prepare.long_videos import FilmOrder, film_video, make_long_videos, read_long_videos, video_jobs
from mien.video.decoding import VideoFile
from mien.video.frame import Frame

ORDER = FilmOrder(subjects=2, minutes=0.25, fps=15.0, size=(96, 72), seed=4)


@pytest.fixture(scope="module")
def films(egl: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films") / "out"
    make_long_videos(ORDER, folder, workers=1)
    return folder


def table(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_videos_and_truth_are_read_back(films: Path) -> None:
    videos = read_long_videos(films)
    assert [(video.key, video.path.name, video.fps, video.n_frames) for video in videos] == [
        ("s01_1", "s01_1.mp4", 15.0, 225),
        ("s02_1", "s02_1.mp4", 15.0, 225),
    ]
    rows = table(films / "truth.csv")
    assert sum(len(video.truth) for video in videos) == len(rows) >= 2
    for video in videos:
        with VideoFile(video.path) as file:
            assert (file.n_frames, file.size) == (225, (96, 72))
        with np.load(films / "truth" / f"{video.key}.npz") as truth:
            intensity, numbers = truth["au_intensity"], truth["numbers"]
            assert truth["landmarks_px"].shape[0] == truth["blink"].shape[0] == 225
        shown = set(numbers[intensity.any(axis=1)].tolist())
        inside = {n for each in video.truth for n in range(each.onset + 1, each.offset)}
        assert shown == inside
        assert all(1 <= each.onset < each.apex < each.offset <= 225 for each in video.truth)


def test_blinks_in_the_table_are_the_blinks_in_the_truth(films: Path) -> None:
    blinks = [
        row for row in table(films / "distractors.csv") if row["kind"] == "blink" and row["subject"] == "s01"
    ]
    with np.load(films / "truth" / "s01_1.npz") as truth:
        closed = set(truth["numbers"][truth["blink"] > 0].tolist())
    assert blinks
    assert closed == {n for row in blinks for n in range(int(row["first"]) + 1, int(row["last"]))}


def test_what_is_there_is_kept_and_what_is_lost_comes_back_with_the_same_bytes(
    films: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(films, copy)
    (copy / "truth" / "s02_1.npz").unlink()
    (copy / "s02_1.mp4").unlink()
    (copy / ".s02_1.99.part.mp4").write_bytes(b"left by a killed process")
    kept = (copy / "s01_1.mp4").stat().st_mtime_ns
    with pytest.raises(InputError, match="missing"):
        read_long_videos(copy)
    steps: list[tuple[int, int, str]] = []
    make_long_videos(ORDER, copy, workers=1, progress=lambda *step: steps.append(step))
    assert steps == [(1, 2, "resumed"), (2, 2, "s02_1")]
    assert (copy / "s01_1.mp4").stat().st_mtime_ns == kept
    files = [file for file in sorted(films.rglob("*")) if file.is_file()]
    for file in files:
        assert (copy / file.relative_to(films)).read_bytes() == file.read_bytes(), file
    assert not list(copy.glob(".*"))


def test_a_second_person_shares_the_picture(egl: None, tmp_path: Path) -> None:
    job = video_jobs(replace(ORDER, two_people=True))[0]
    first, second = job.people
    assert first.subject != second.subject and not second.script.expressions
    assert first.size == second.size == (48, 72)
    short = [
        replace(p, script=replace(p.script, n_frames=8, expressions=(), distractors=())) for p in job.people
    ]
    film_video(tmp_path, replace(job, people=tuple(short)))
    with VideoFile(tmp_path / "s01_1.mp4") as file:
        frames = [frame for frame in file.frames() if isinstance(frame, Frame)]
    assert len(frames) == 8 and frames[0].image.shape == (72, 96, 3)
    left, right = frames[0].image[:, :48].astype(float), frames[0].image[:, 48:]
    assert np.abs(left - right).mean() > 8


def test_other_folders_and_orders_are_left_alone(films: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="films of another order"):
        make_long_videos(replace(ORDER, seed=5), films)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="does not hold films"):
        make_long_videos(ORDER, tmp_path)
    with pytest.raises(UsageError, match="multiples of 4"):
        replace(ORDER, size=(97, 72))
    with pytest.raises(UsageError, match="a subject"):
        replace(ORDER, subjects=0)
    with pytest.raises(InputError):
        read_long_videos(tmp_path)


def test_a_row_that_is_no_expression_is_refused(films: Path, tmp_path: Path) -> None:
    for file in ("videos.csv", "truth.csv"):
        shutil.copy(films / file, tmp_path / file)
    broken = (tmp_path / "truth.csv").read_text().replace(",macro,", ",huge,")
    (tmp_path / "truth.csv").write_text(broken)
    with pytest.raises(InputError, match="no expression"):
        read_long_videos(tmp_path)
