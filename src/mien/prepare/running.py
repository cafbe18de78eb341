"""`prepare`: the clips of a database -> a prepared set; processes over clips, a cache by content, resumable."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mien.cache import cache_folder
from mien.clips.frames import ClipFrames
from mien.clips.table import ClipTable
from mien.errors import InputError
from mien.face.landmarks import Landmarker
from mien.face.model import find_model
from mien.face.quality import FrameQuality
from mien.files import write_whole
from mien.parallel import in_processes
from mien.prepare.layout import sha256_of
from mien.prepare.prepared import KIND, MADE_UP, ArrayToWrite, PreparedSet, refuse_foreign
from mien.prepare.recipe import Recipe
from mien.prepare.stages import PreparedClip, descriptions, prepare_clip
from mien.prepare.timing import Annotation, NotPreparable

#: Raised whenever the same frames and recipe give other arrays than before.
STEP_VERSION = 1
WORDS = "words"

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class ClipJob:
    """A clip to prepare: its key, its frames, and what is annotated."""

    key: str
    frames: ClipFrames
    annotation: Annotation


@dataclass(frozen=True)
class Done:
    """What became of a clip: the cache file with its arrays, or the reason why there is none."""

    key: str
    file: Path | None
    reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gap:
    """A clip that the set does not hold, and why."""

    key: str
    reason: str


def prepare(
    table: ClipTable,
    frames: Mapping[str, ClipFrames],
    recipe: Recipe,
    out: str | Path,
    *,
    name: str,
    made_up: bool = False,
    kind: str | None = None,
    workers: int = 0,
    progress: Progress | None = None,
    overwrite: bool = False,
) -> tuple[PreparedSet, list[Gap]]:
    """The prepared set of all clips that the recipe can use, and the clips that it cannot, with reasons.

    Each clip is kept in the cache when it is done, under a name made of the bytes of its frames, the recipe and the
    version of this step: what was interrupted goes on where it was, and what is unchanged is not done again.
    Memory does not grow with the number of clips. Same frames, same recipe, same bytes.

    Args:
        frames: by clip key; clips without an entry are gaps.
        made_up: the frames are those of a twin; the set says so for ever.
        kind: micro or macro, where the table holds expressions of one kind alone; the set says so too.
        workers: worker processes; 0 is one per core.

    Raises:
        InputError: no clip could be prepared.
        UsageError: `out` holds something else.
    """
    target = Path(out).resolve()
    refuse_foreign(target)
    jobs = [
        ClipJob(row["key"], frames[row["key"]], Annotation(row["onset"], row["apex"], row["offset"]))
        for row in table.rows()
        if row["key"] in frames
    ]
    done = {result.key: result for result in _results(jobs, recipe, workers, progress)}
    reasons = {
        key: done[key].reason if key in done else "no frames were found" for key in table.keys.tolist()
    }
    gaps = [Gap(key, reason) for key, reason in reasons.items() if reason]
    kept = [i for i, key in enumerate(table.keys.tolist()) if not reasons[key]]
    if not kept:
        raise InputError(
            "no clip could be prepared",
            found="".join(f"\n    - {gap.key}: {gap.reason}" for gap in gaps[:20]) or "the table is empty",
        )
    finished = {key: done[key] for key in table.keys[kept].tolist()}
    files = {key: result.file for key, result in finished.items() if result.file is not None}
    staging = target.with_name(f".{target.name}-arrays")
    shutil.rmtree(staging, ignore_errors=True)  # left behind by a run that was killed
    record = {**_record(recipe, gaps, list(finished.values())), MADE_UP: made_up}
    try:
        made = PreparedSet.write(
            target,
            name=name,
            table=table.take(kept),
            arrays=_assemble(list(files.values()), recipe, staging),
            recipe=record if kind is None else {**record, KIND: kind},
            beside={"quality.csv": _quality_csv(files)},
            overwrite=overwrite,
        )
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return made, gaps


def _record(recipe: Recipe, gaps: Sequence[Gap], kept: Sequence[Done]) -> dict[str, Any]:
    """What `prepared.json` tells of how the arrays came about."""
    from mien.motion.settings import settings_of

    return {
        "step": "prepare",
        "version": STEP_VERSION,
        "face_model_sha256": _model_sha256(),
        **recipe.model_dump(mode="json"),
        "flow_settings": settings_of(recipe.flow.method).model_dump(mode="json"),
        "left_out": [{"key": gap.key, "reason": gap.reason} for gap in gaps],
        "notes": {result.key: list(result.notes) for result in kept if result.notes},
    }


def _results(
    jobs: Sequence[ClipJob], recipe: Recipe, workers: int, progress: Progress | None
) -> Iterator[Done]:
    """What became of each job, as they come; a cached one costs no more than reading its frames."""
    if progress is not None:
        progress(0, len(jobs), "starting")
    for finished, result in enumerate(in_processes(prepare_job, recipe, jobs, workers), start=1):
        if progress is not None:
            progress(finished, len(jobs), result.key)
        yield result


def prepare_job(recipe: Recipe, job: ClipJob) -> Done:
    """The arrays of one clip, in the cache; a clip that cannot be prepared gives its reason."""
    try:
        file = cache_folder() / "clips" / f"{_fingerprint(job, recipe)}.npz"
        words = _words(file)
        if words is None:
            clip = prepare_clip(job.frames, job.annotation, recipe, _landmarker())
            _store(file, clip)
            words = {"notes": clip.notes}
    except NotPreparable as refused:
        return Done(job.key, None, str(refused))
    return Done(job.key, file, notes=tuple(words["notes"]))


@cache
def _landmarker() -> Landmarker:
    """The face finder of this worker process, open until it ends."""
    finder = Landmarker()
    # MediaPipe can be closed while threads can still be started only; what is registered with atexit comes too late.
    Finalize(None, finder.close, exitpriority=10)
    return finder


@cache
def _model_sha256() -> str:
    """What the face model is that this process uses."""
    return find_model().sha256


def _fingerprint(job: ClipJob, recipe: Recipe) -> str:
    """A name for the outcome: the bytes of the clip's frames, what is done with them, and the version of doing it."""
    frames = job.frames
    given = [
        STEP_VERSION,
        _model_sha256(),
        recipe.canonical(),
        job.annotation,
        frames.numbers,
        frames.first_number,
    ]
    found = hashlib.sha256(repr(given).encode())
    for file in frames.files:
        found.update(sha256_of(file).encode() if file.is_file() else b"absent")
    return found.hexdigest()


def _store(file: Path, clip: PreparedClip) -> None:
    """Keep a clip under its name, complete or not at all."""
    words = json.dumps({"notes": clip.notes, "quality": [asdict(row) for row in clip.quality]})
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **{WORDS: np.array(words)}, **clip.arrays)
    write_whole(file, content.getvalue(), durable=False)


def _words(file: Path) -> dict[str, Any] | None:
    """Notes and quality of a clip in the cache; None if it is not there or damaged (it is then made again)."""
    try:
        with np.load(file, allow_pickle=False) as kept:
            for name in kept.files:  # reading is the check: an archive holds a checksum of every array
                kept[name]
            return dict(json.loads(str(kept[WORDS])))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _assemble(files: Sequence[Path], recipe: Recipe, staging: Path) -> dict[str, ArrayToWrite]:
    """The arrays of all clips, memory-mapped in `staging` and filled clip by clip."""
    staging.mkdir(parents=True)
    facts = descriptions(recipe)
    maps: dict[str, np.memmap[Any, Any]] = {}
    for row, file in enumerate(files):
        with np.load(file, allow_pickle=False) as kept:
            for name in facts:
                array = kept[name]
                if name not in maps:
                    shape = (len(files), *array.shape)
                    maps[name] = np.lib.format.open_memmap(
                        staging / f"{name}.npy", mode="w+", dtype=array.dtype, shape=shape
                    )
                maps[name][row] = array
    return {name: ArrayToWrite(data, *facts[name]) for name, data in maps.items()}


def _quality_csv(files: Mapping[str, Path]) -> str:
    """The quality of every frame that was read, one row each, as CSV; empty cells where nothing was measured."""
    columns = ["key", *(field.name for field in fields(FrameQuality))]
    rows = [
        {"key": key, **row} for key, file in files.items() for row in (_words(file) or {}).get("quality", [])
    ]
    table = pd.DataFrame(rows, columns=columns)
    return str(table.to_csv(index=False, float_format="%.4g", lineterminator="\n"))
