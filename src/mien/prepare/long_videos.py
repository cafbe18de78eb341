"""Long videos of made-up people for spotting: video files, what happens in them, and exact truth frame by frame.

OUT/s01_1.mp4 ...          the videos
OUT/truth.csv              the expressions, a row each; frames count from 1, both ends belong to it
OUT/distractors.csv        blinks, glances, speech, moves of the head, light, absence, in the same frames
OUT/videos.csv             subject, video, file, fps, frames, size
OUT/truth/s01_1.npz        per frame: intensity of every action, landmarks, head, gaze, blink, light
OUT/film.json, README.md   what was asked for, and what stands where
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mien.databases.sheet import frame_number, read_sheet
from mien.errors import InputError, UsageError
from mien.files import begin_folder, write_whole
from mien.parallel import in_processes
from mien.synthesis.distractors import AMOUNTS
from mien.synthesis.long_video import LongVideo, film_long
from mien.synthesis.script import Density, Kind, draw_script
from mien.video.writing import VideoWriter

#: Raised whenever the same arguments give other videos than before.
VERSION = 1
RECORD = "film.json"
#: Height of the scene (decimetres) where two people share the picture, side by side as in a video call.
SHARED_SEEN_DM = 3.2
#: Subjects from here on are the second person of a video.
SECOND_PERSON = 100_000
TRUTH_COLUMNS = ("subject", "video", "onset", "apex", "offset", "au", "emotion", "type", "strength")
DISTRACTOR_COLUMNS = ("subject", "video", "first", "last", "kind", "amounts")
VIDEO_COLUMNS = ("subject", "video", "file", "fps", "frames", "width", "height", "people")

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class FilmOrder:
    """What is to be filmed.

    Attributes:
        subjects, videos_per_subject: how many.
        minutes, fps, size: of each video.
        seed: the same seed gives the same people and videos.
        away: whether everybody leaves the picture once in each video.
        two_people: whether somebody who shows no expression is seen in the right half of the picture.
    """

    subjects: int = 10
    videos_per_subject: int = 1
    minutes: float = 1.0
    fps: float = 30.0
    size: tuple[int, int] = (640, 480)
    seed: int = 0
    away: bool = False
    two_people: bool = False

    def __post_init__(self) -> None:
        if min(self.subjects, self.videos_per_subject) < 1 or self.seed < 0:
            raise UsageError("films need a subject, a video and a seed of 0 or more", found=self)
        if any(side < 64 or side % 4 for side in self.size):
            raise UsageError(
                "width and height of a video are multiples of 4 and not below 64", found=f"{self.size}"
            )


@dataclass(frozen=True)
class VideoJob:
    """One video to film: the person in the left of the picture comes first."""

    name: str
    people: tuple[LongVideo, ...]


@dataclass(frozen=True)
class SpottingTruth:
    """One expression of a video, as a coder would write it down; frames count from 1, both ends belong to it."""

    onset: int
    apex: int
    offset: int
    kind: Kind
    au: str
    emotion: str


@dataclass(frozen=True)
class SpottingVideo:
    """A video file with what happens in it."""

    subject: str
    video: str
    path: Path
    fps: float
    n_frames: int
    truth: tuple[SpottingTruth, ...]

    @property
    def key(self) -> str:
        return f"{self.subject}_{self.video}"


def make_long_videos(
    order: FilmOrder, out: str | Path, *, workers: int = 0, progress: Progress | None = None
) -> tuple[SpottingVideo, ...]:
    """Film everything of the order in `out`, each video whole or not at all; what is there is not filmed again.

    Same order, same bytes on the same machine. A minute of 640 x 480 at 30 fps takes about 100 s on one core.

    Raises:
        UsageError: an order that cannot be met, or `out` holds something else.
        InputError: pictures cannot be rendered on this machine.
    """
    root, jobs = Path(out), video_jobs(order)
    _begin(root, order, jobs)
    todo = [job for job in jobs if not (root / "truth" / f"{job.name}.npz").is_file()]
    finished = len(jobs) - len(todo)
    if progress is not None:
        progress(finished, len(jobs), "resumed" if finished else "starting")
    for name in in_processes(film_video, root, todo, workers):
        finished += 1
        if progress is not None:
            progress(finished, len(jobs), name)
    return read_long_videos(root)


def read_long_videos(root: str | Path) -> tuple[SpottingVideo, ...]:
    """The videos of a folder that `make_long_videos` filled, with their truth, in the order of `videos.csv`.

    Raises:
        InputError: a table or a video is missing, or a row cannot be understood.
    """
    folder = Path(root)
    rows = {name: read_sheet(folder / f"{name}.csv", {c: (c,) for c in columns}).rows for name, columns in (
        ("videos", ("subject", "video", "file", "fps", "frames")),
        ("truth", ("subject", "video", "onset", "apex", "offset", "au", "emotion", "type")),
    )}  # fmt: skip
    truth: dict[tuple[str, str], list[SpottingTruth]] = {}
    for row in rows["truth"]:
        onset, apex, offset = (frame_number(row, word, first=1) for word in ("onset", "apex", "offset"))
        if onset is None or apex is None or offset is None or row["type"] not in ("micro", "macro"):
            raise InputError("this row is no expression", where=folder / "truth.csv", found=row)
        kind: Kind = "micro" if row["type"] == "micro" else "macro"
        found = SpottingTruth(onset, apex, offset, kind, row["au"], row["emotion"])
        truth.setdefault((row["subject"], row["video"]), []).append(found)
    videos = []
    for row in rows["videos"]:
        path = folder / row["file"]
        if not path.is_file():
            raise InputError(
                "a video is missing", where=path, do="repeat the `mien data film` that was stopped"
            )
        key = row["subject"], row["video"]
        videos.append(
            SpottingVideo(*key, path, float(row["fps"]), int(row["frames"]), tuple(truth.get(key, ())))
        )
    return tuple(videos)


def video_jobs(order: FilmOrder) -> list[VideoJob]:
    """The videos of an order, with all that happens in them."""
    jobs = []
    width, height = order.size
    size, seen_dm = (order.size, 2.55) if not order.two_people else ((width // 2, height), SHARED_SEEN_DM)
    for subject in range(1, order.subjects + 1):
        for video in range(1, order.videos_per_subject + 1):
            cast = [(subject, Density(away=order.away))]
            if order.two_people:
                cast.append((SECOND_PERSON + subject, Density.bystander()))
            people = []
            for who, density in cast:
                script = draw_script((order.seed, who, video), order.minutes, order.fps, density)
                people.append(LongVideo(order.seed, who, video, script, size, seen_dm))
            jobs.append(VideoJob(f"s{subject:02d}_{video}", tuple(people)))
    return jobs


def film_video(root: Path, job: VideoJob) -> str:
    """Film one video below `root`; its truth is written last and stands for the whole. Returns its name."""
    # Processes share the cores: renderer and camera keep to one thread each.
    os.environ.setdefault("LP_NUM_THREADS", "0")
    cv2.setNumThreads(1)
    _remove_parts(root, job.name)
    with ExitStack() as stack:
        films = [stack.enter_context(film_long(person)) for person in job.people]
        width, height = job.people[0].size
        size = (width * len(films), height)
        with VideoWriter(root / f"{job.name}.mp4", job.people[0].script.fps, size) as writer:
            for pictures in zip(*(filmed.frames() for filmed in films), strict=True):
                writer.write(np.hstack([image for _, image in pictures]))
        truth = io.BytesIO()
        np.savez_compressed(truth, allow_pickle=False, **films[0].truth.arrays())
    write_whole(root / "truth" / f"{job.name}.npz", truth.getvalue())
    return job.name


def _remove_parts(root: Path, name: str) -> None:
    """Take away what a process that was killed has left of this video."""
    for part in (*root.glob(f".{name}.*.part*"), *(root / "truth").glob(f".{name}.*.part*")):
        part.unlink(missing_ok=True)


def _begin(root: Path, order: FilmOrder, jobs: Sequence[VideoJob]) -> None:
    """Write down what the folder will hold, or see that it holds just that."""
    begin_folder(root, RECORD, {**asdict(order), "version": VERSION}, holds="films")
    write_whole(root / "truth.csv", _table(TRUTH_COLUMNS, _truth_rows(jobs)))
    write_whole(root / "distractors.csv", _table(DISTRACTOR_COLUMNS, _distractor_rows(jobs)))
    write_whole(root / "videos.csv", _table(VIDEO_COLUMNS, _video_rows(jobs, order)))
    write_whole(root / "README.md", _readme(order).encode())


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def _truth_rows(jobs: Iterable[VideoJob]) -> Iterable[Sequence[Any]]:
    for job in jobs:
        for e in job.people[0].script.expressions:
            yield (
                *job.name.split("_"),
                e.onset,
                e.apex,
                e.offset,
                e.au,
                e.emotion,
                e.kind,
                f"{e.strength:.4f}",
            )


def _distractor_rows(jobs: Iterable[VideoJob]) -> Iterable[Sequence[Any]]:
    for job in jobs:
        for d in job.people[0].script.distractors:
            yield *job.name.split("_"), d.first, d.last, d.kind, " ".join(f"{x:.4f}" for x in d.amounts)


def _video_rows(jobs: Iterable[VideoJob], order: FilmOrder) -> Iterable[Sequence[Any]]:
    for job in jobs:
        n_frames = job.people[0].script.n_frames
        yield (
            *job.name.split("_"),
            f"{job.name}.mp4",
            f"{order.fps:g}",
            n_frames,
            *order.size,
            len(job.people),
        )


def _readme(order: FilmOrder) -> str:
    amounts = "\n".join(f"- {kind}: {', '.join(names)}" for kind, names in AMOUNTS.items())
    second = (
        "\nThe right half of each picture shows a second person who talks, turns and blinks but shows no\n"
        "expression; no table tells of that person.\n"
        if order.two_people
        else ""
    )
    return f"""# Long videos of made-up people

Filmed by `mien data film`; nobody in them is real. {order.subjects} people, {order.videos_per_subject} videos of each,
{order.minutes:g} min at {order.fps:g} frames a second, {order.size[0]} x {order.size[1]} pixels, seed {order.seed}.
{second}
- `truth.csv`: every expression. Frames count from 1, both ends belong to it; the face is at rest in onset and offset.
  `type`: micro (half a second at most) or macro. `emotion`: the published prototype that the actions were taken
  from; nobody felt anything. `strength`: intensity 0..1 at the apex (an AU with the letter B: 0.7 of it).
- `distractors.csv`: what is no expression, in the same frames; nothing of it is seen in `first` and `last`
  themselves. A light that changes stays so after `last`.
- `videos.csv`: the files. `truth/NAME.npz`: arrays with a row per frame (intensity of every action, landmarks in
  pixels, turn and shift of the head, gaze, blink, light, share of the landmarks in the picture).

Amounts of the distractors, in their order:

{amounts}

`mien.prepare.long_videos.read_long_videos(FOLDER)` reads the videos and their truth.
"""
