"""Several videos, one after the other: a status for each, one bad file stops none of the others, a rerun goes on."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import mien
from mien.analysis.result import VideoAnalysis
from mien.errors import MienError, UsageError
from mien.files import write_whole

STATUS = "status.json"
#: Written last into the folder of a video: what it was made of.
DONE = "done.json"

State = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True)
class Status:
    """Where one video of the queue stands.

    Attributes:
        folder: where its results are, below the folder of the queue.
        reason: why it failed. skipped: it was done before, with the same settings.
    """

    video: str
    folder: str
    state: State = "waiting"
    reason: str = ""
    skipped: bool = False
    n_events: int = 0
    lost_share: float = 0.0
    seconds: float = 0.0


def run_queue(
    videos: Sequence[Path],
    out: Path,
    analyse: Callable[[Path], VideoAnalysis],
    export: Callable[[VideoAnalysis, Path], object],
    made_of: Mapping[str, Any],
) -> Iterator[tuple[Status, MienError | None]]:
    """The status of each video as it is finished, with what went wrong; `status.json` tells of all at any time.

    Args:
        out: gets a folder for each video, named after it.
        analyse: analyses one video.
        export: writes the results of one video into its folder.
        made_of: everything besides the file that decides the results: a video that was done with the same is
            skipped.

    Raises:
        UsageError: a video is given twice.
    """
    names = folder_names(videos)
    queue = [Status(str(video), name) for video, name in zip(videos, names, strict=True)]
    _write(out, queue)
    for place, video in enumerate(videos):
        folder = out / names[place]
        queue[place] = replace(queue[place], state="running")
        _write(out, queue)
        error: MienError | None = None
        try:
            queue[place] = _one(queue[place], video, folder, analyse, export, made_of)
        except MienError as refused:
            if refused.exit_code != 3:
                raise
            error = refused
            reason = refused.what if refused.found is None else f"{refused.what} ({refused.found})"
            queue[place] = replace(queue[place], state="failed", reason=reason)
        _write(out, queue)
        yield queue[place], error


def folder_names(videos: Sequence[Path]) -> list[str]:
    """A folder for each video: its name without the suffix, with it where two would be the same, else numbered."""
    same = [str(video.resolve()) for video in videos]
    if twice := next((path for path in same if same.count(path) > 1), None):
        raise UsageError("a video is given twice", found=twice, do="name each video once")
    stems = [video.stem for video in videos]
    names: list[str] = []
    for video in videos:
        name = video.stem if stems.count(video.stem) == 1 else video.name
        number = 2
        while name in names:
            name, number = f"{video.name}-{number}", number + 1
        names.append(name)
    return names


def _one(
    status: Status,
    video: Path,
    folder: Path,
    analyse: Callable[[Path], VideoAnalysis],
    export: Callable[[VideoAnalysis, Path], object],
    made_of: Mapping[str, Any],
) -> Status:
    key = _key(video, made_of)
    known = _known(folder / DONE)
    if key and known.get("key") == key:
        return replace(status, **{**known["status"], "video": status.video, "skipped": True})
    (folder / DONE).unlink(missing_ok=True)
    begin = time.monotonic()
    analysis = analyse(video)
    export(analysis, folder)
    status = replace(
        status,
        state="done",
        n_events=len(analysis.events),
        lost_share=round(analysis.lost_share, 4),
        seconds=round(time.monotonic() - begin, 2),
    )
    write_whole(folder / DONE, _json({"key": key, "status": asdict(status)}))
    return status


def _key(video: Path, made_of: Mapping[str, Any]) -> str:
    """What the results are made of: the bytes of the file, the settings, the version; empty without a file."""
    if not video.is_file():
        return ""
    with video.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    told = json.dumps([mien.__version__, content, made_of], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()


def _known(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
        return found if isinstance(found, dict) and "status" in found else {}
    except (OSError, ValueError):
        return {}


def _write(out: Path, queue: Sequence[Status]) -> None:
    write_whole(out / STATUS, _json([asdict(status) for status in queue]))


def _json(content: object) -> bytes:
    return (json.dumps(content, indent=1) + "\n").encode()
