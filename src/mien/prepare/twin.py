"""A twin of a database: for every row of a real annotation sheet, frames of a made-up person, in the official folders.

It holds no picture of anybody. Loaders are tried on it at full size, every step of the preparation is measured against
its truth, and networks can be trained on it.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mien.databases.database import Database
from mien.databases.loaded import of_kind
from mien.databases.registry import get
from mien.errors import InputError, UsageError
from mien.facs.annotation import parse
from mien.files import begin_folder, write_whole
from mien.parallel import in_processes
from mien.prepare.layout import sha256_of
from mien.synthesis.camera import encode
from mien.synthesis.filming import FilmedClip, film
from mien.synthesis.script import Kind

#: Raised whenever the same arguments give other pictures than before.
VERSION = 2
#: Width and height of the pictures of a database, and whether they are grey; 640 x 480 in colour for the others.
PICTURES: Mapping[str, tuple[tuple[int, int], bool]] = {
    "samm": ((960, 650), True),
    "samm_lv": ((960, 650), True),
    "casme3": ((1280, 720), False),
    "4dme": ((640, 480), True),
}
#: What is filmed before the onset and after the offset, where the folders hold whole clips.
MARGIN_S = 0.1
TRUTH = "truth"
RECORD = "twin.json"

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class TwinJob:
    """A clip to film, and the official path of each of its frames below the root."""

    key: str
    clip: FilmedClip
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Twin:
    """A twin that was made.

    Attributes:
        n_clips, n_frames: what it holds. left_out: rows that cannot be filmed, with reasons.
    """

    root: Path
    n_clips: int
    n_frames: int
    left_out: tuple[tuple[str, str], ...]


def make_twin(
    name: str,
    sheet: str | Path,
    out: str | Path,
    *,
    variant: str | None = None,
    seed: int = 0,
    workers: int = 0,
    most_clips: int | None = None,
    kind: Kind | None = None,
    progress: Progress | None = None,
) -> Twin:
    """The twin of database `name` in `out`: frames, the sheet, and `truth/KEY.npz` beside them.

    People are drawn by (seed, subject), so a person looks the same in all clips. Made clip by clip: what was
    interrupted goes on where it was. Same arguments, same bytes on the same machine.

    Args:
        most_clips: only the first so many rows, to try it out.
        kind: only the micro- or only the macro-expressions; macro-expressions are shown more strongly.
        workers: processes; 0 is one per core.

    Raises:
        UsageError: the database has no twin, or `out` holds something else.
        InputError: the sheet cannot be read, or pictures cannot be rendered on this machine.
    """
    source = get(name)
    if not isinstance(source, Database):
        raise UsageError(f"'{name}' has no sheet and layout of its own to make a twin of")
    chosen = variant or source.variants[0]
    root = Path(out)
    reading = source.read(Path(sheet), None, chosen)
    table = of_kind(reading.strict(sheet), reading.kinds, kind)
    jobs, left_out = _jobs(source, table.rows()[:most_clips], reading.kinds, chosen, seed)
    what = {"database": name, "variant": chosen, "kind": kind or "all", "seed": seed, "version": VERSION}
    _begin(root, Path(sheet), what)
    todo = [job for job in jobs if not _truth_file(root, job.key).is_file()]
    finished = len(jobs) - len(todo)
    if progress is not None:
        progress(finished, len(jobs), "resumed" if finished else "starting")
    for key in in_processes(film_job, root, todo, workers):
        finished += 1
        if progress is not None:
            progress(finished, len(jobs), key)
    return Twin(root, len(jobs), sum(len(job.paths) for job in jobs), tuple(left_out))


def _jobs(
    source: Database, rows: list[dict[str, Any]], kinds: Mapping[str, str], variant: str, seed: int
) -> tuple[list[TwinJob], list[tuple[str, str]]]:
    size, grey = PICTURES.get(source.card.name, ((640, 480), False))
    cut = source.layouts[variant].cut
    jobs, left_out = [], []
    for row in rows:
        onset, apex, offset = row["onset"], row["apex"], row["offset"]
        if onset is None or (apex is None and offset is None):
            left_out.append((row["key"], "without onset and apex or offset it is not known what to film"))
            continue
        last = offset if offset is not None else 2 * apex - onset
        margin = 0 if cut else round(MARGIN_S * row["fps"])
        first = max(min(onset, 1), onset - margin)
        clip = FilmedClip(
            seed=seed,
            subject=zlib.crc32(f"{row['dataset']}/{row['subject']}".encode()),
            clip=zlib.crc32(row["key"].encode()),
            annotation=parse(row["au"]),
            onset=onset,
            apex=apex,
            offset=offset,
            first_number=first,
            n_frames=max(1, last + margin - first + 1),
            fps=row["fps"],
            size=size,
            grey=grey,
            kind="macro" if kinds.get(row["key"]) == "macro" else "micro",
        )
        paths = tuple(str(source.frame_path(row, number, variant)) for number in clip.numbers)
        jobs.append(TwinJob(row["key"], clip, paths))
    return jobs, left_out


def _begin(root: Path, sheet: Path, what: Mapping[str, Any]) -> None:
    """Write down what the folder will hold, or see that it holds just that."""
    begin_folder(
        root, RECORD, {**what, "sheet": sheet.name, "sheet_sha256": sha256_of(sheet)}, holds="a twin"
    )
    if sheet.resolve() != (root / sheet.name).resolve():
        shutil.copyfile(sheet, root / sheet.name)


def film_job(root: Path, job: TwinJob) -> str:
    """Film one clip below `root`; its truth is written last and stands for the whole clip. Returns the key."""
    # Processes share the cores: renderer and camera keep to one thread each.
    os.environ.setdefault("LP_NUM_THREADS", "0")
    cv2.setNumThreads(1)
    with film(job.clip) as filmed:
        quality = filmed.truth.camera.quality
        for (_, image), path in zip(filmed.frames(), job.paths, strict=True):
            file = root / path
            write_whole(file, encode(image, file.suffix, quality), durable=False)
        truth = io.BytesIO()
        np.savez_compressed(
            truth, allow_pickle=False, clip=np.array(json.dumps(_as_json(job.clip))), **filmed.truth.arrays()
        )
        write_whole(_truth_file(root, job.key), truth.getvalue())
    return job.key


def is_twin(root: str | Path) -> bool:
    """Whether the folder is a twin: its people are made up."""
    return (Path(root) / RECORD).is_file()


def filmed_clip(root: str | Path, key: str) -> FilmedClip:
    """The clip behind a truth file: `film(filmed_clip(root, key))` gives its frames and exact flow again.

    Raises:
        InputError: there is no such truth.
    """
    file = _truth_file(Path(root), key)
    try:
        with np.load(file, allow_pickle=False) as truth:
            given = json.loads(str(truth["clip"]))
    except (OSError, ValueError, KeyError) as error:
        raise InputError("there is no truth of this clip", where=file, found=str(error)) from error
    return FilmedClip(**{**given, "annotation": parse(given["annotation"]), "size": tuple(given["size"])})


def _as_json(clip: FilmedClip) -> dict[str, Any]:
    return {**asdict(replace(clip, annotation=parse(""))), "annotation": clip.annotation.raw}


def _truth_file(root: Path, key: str) -> Path:
    return root / TRUTH / f"{key}.npz"
