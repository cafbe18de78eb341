"""What a finished job left: its files, one archive of them, and the timeline of the page."""

from __future__ import annotations

import csv
import math
import os
import zipfile
from array import array
from dataclasses import dataclass, field
from pathlib import Path

from mien.web.messages import Refused, ResultFile, Timeline

FRAMES = "frames.csv"
POINTS = 1000
#: Files that gain nothing from being packed.
PACKED = {".mp4", ".webm", ".png", ".jpg", ".xlsx"}
#: How a file is announced to a browser; all others are bytes.
KINDS = {
    ".csv": "text/csv; charset=utf-8",
    ".eaf": "application/xml",
    ".html": "text/html; charset=utf-8",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".mp4": "video/mp4",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webm": "video/webm",
}


def files_of(folder: Path) -> dict[str, Path]:
    """Every plain file below a folder, by its path there with slashes, sorted; links and hidden files are none."""
    found: dict[str, Path] = {}
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(where) / name
            if not name.startswith(".") and path.is_file() and not path.is_symlink():
                found[path.relative_to(folder).as_posix()] = path
    return dict(sorted(found.items()))


def listing(folder: Path) -> list[ResultFile]:
    """Every file of a result with its size."""
    return [ResultFile(path=name, size_bytes=path.stat().st_size) for name, path in files_of(folder).items()]


def file_of(folder: Path, name: str) -> Path:
    """One file of a result; names that are not listed, whatever they look like, are refused.

    Raises:
        Refused: there is no such file (404).
    """
    path = files_of(folder).get(name)
    if path is None:
        raise Refused(404, "the result has no such file", found=name[:200], do="ask for the list of files")
    return path


def archive(folder: Path, target: Path, top: str) -> Path:
    """All files of a result in one zip archive at `target`, below a folder called `top`; made once."""
    if target.exists():
        return target
    partial = target.with_name(f".{target.name}.part")
    with zipfile.ZipFile(partial, "w") as packed:
        for name, path in files_of(folder).items():
            how = zipfile.ZIP_STORED if path.suffix in PACKED else zipfile.ZIP_DEFLATED
            packed.write(path, f"{top}/{name}", how)
    return partial.replace(target)


@dataclass
class FrameTable:
    """The columns of frames.csv that the timeline shows, one value per frame; nan where nothing was measured."""

    time_s: array[float] = field(default_factory=lambda: array("d"))
    micro_score: array[float] = field(default_factory=lambda: array("f"))
    macro_score: array[float] = field(default_factory=lambda: array("f"))
    seen: array[float] = field(default_factory=lambda: array("f"))
    excluded: array[float] = field(default_factory=lambda: array("f"))


def read_frames(folder: Path) -> FrameTable:
    """The frames of a result.

    Raises:
        Refused: the result has none (404).
    """
    table = FrameTable()
    with file_of(folder, FRAMES).open(newline="", encoding="utf-8-sig") as stream:
        for row in csv.DictReader(stream):
            table.time_s.append(_number(row.get("timestamp")))
            table.micro_score.append(_number(row.get("micro_score")))
            table.macro_score.append(_number(row.get("macro_score")))
            table.seen.append(_number(row.get("success")))
            table.excluded.append(_number(row.get("excluded")))
    return table


def timeline(frames: FrameTable, from_s: float, to_s: float | None, points: int = POINTS) -> Timeline:
    """The stretch from `from_s` to `to_s` in `points` equal pieces: peaks of the scores, shares of the flags."""
    last_s = max((t for t in frames.time_s if not math.isnan(t)), default=0.0)
    end_s = min(to_s, last_s) if to_s is not None else last_s
    begin_s = min(max(from_s, 0.0), end_s)
    columns = (frames.micro_score, frames.macro_score, frames.seen, frames.excluded)
    top: list[list[float | None]] = [[None] * points for _ in columns[:2]]
    sums, counts = [[0.0] * points for _ in columns[2:]], [0] * points
    width_s = (end_s - begin_s) / points or 1.0
    for place, time_s in enumerate(frames.time_s):
        if not begin_s <= time_s <= end_s:
            continue
        piece = min(int((time_s - begin_s) / width_s), points - 1)
        counts[piece] += 1
        for peaks, column in zip(top, columns[:2], strict=True):
            value, known = column[place], peaks[piece]
            if not math.isnan(value) and (known is None or value > known):
                peaks[piece] = round(value, 4)
        for total, column in zip(sums, columns[2:], strict=True):
            total[piece] += column[place] == 1
    seen, excluded = (
        [round(part / n, 3) if n else None for part, n in zip(total, counts, strict=True)] for total in sums
    )
    return Timeline(
        n_frames=len(frames.time_s),
        duration_s=round(last_s, 4),
        from_s=round(begin_s, 4),
        to_s=round(end_s, 4),
        micro_score=top[0],
        macro_score=top[1],
        seen=seen,
        excluded=excluded,
    )


def _number(text: str | None) -> float:
    """A cell as a number; flags may be words."""
    if not text:
        return math.nan
    try:
        return float(text)
    except ValueError:
        return {"true": 1.0, "false": 0.0}.get(text.lower(), math.nan)
