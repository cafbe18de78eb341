"""Reading back what Mien found in a video, and what a human coder marked in it: an ELAN tier, or a table."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import InputError, Problems, UsageError
from mien.export import naming
from mien.export.tables import read_csv

if TYPE_CHECKING:
    from pympi import Eaf

_KINDS = ("micro", "macro")
#: ELAN keeps whole milliseconds: what lies this near to the start of a frame is meant to be its start.
_NEAR_S = 0.00075


@dataclass(frozen=True)
class Marked:
    """A movement as one side has it: first and last frame, both inclusive, and its number or row there."""

    number: int
    onset: int
    offset: int
    kind: str
    label: str


@dataclass(frozen=True)
class FoundVideo:
    """What Mien found: the movements, the time of every frame, and which frames the user took out."""

    movements: tuple[Marked, ...]
    time_s: tuple[float, ...]
    excluded: tuple[bool, ...]


def read_found(events: Path) -> FoundVideo:
    """The candidates of an events.csv, with the frames of the frames.csv beside it.

    Raises:
        InputError: either is absent or no table of Mien.
    """
    frames = events.with_name(naming.FRAMES)
    if not frames.is_file():
        raise InputError(
            "the table of frames is missing",
            where=frames,
            do=f"keep it beside {events.name}: its times are needed",
        )
    rows = read_csv(frames)
    times = [_number(row, "timestamp", frames, place) for place, row in enumerate(rows, start=2)]
    excluded = [row.get("excluded", "0") == "1" for row in rows]
    return FoundVideo(_from_table(events, times), tuple(times), tuple(excluded))


def read_coder(path: Path, time_s: Sequence[float], tiers: Sequence[str] = ()) -> tuple[Marked, ...]:
    """The coder's movements by onset, in frames of a video with these frame times.

    Args:
        path: an .eaf file of ELAN, or a .csv table (docs/data-dictionary.md).
        tiers: names of the ELAN tiers to take; without any, the only tier with annotations is taken.

    Raises:
        InputError: absent, damaged, or a movement that lies outside the video.
        UsageError: no such tier, or several that could be meant; tiers for a table.
    """
    if path.suffix.lower() == ".eaf":
        return _from_elan(path, time_s, tiers)
    if tiers:
        raise UsageError("a table has no tiers", where=path, do="leave the option out, or give an .eaf file")
    return _from_table(path, time_s)


def _from_table(path: Path, time_s: Sequence[float]) -> tuple[Marked, ...]:
    rows = read_csv(path)
    unit = next((u for u in ("frame", "s") if rows and {f"onset_{u}", f"offset_{u}"} <= rows[0].keys()), None)
    if rows and unit is None:
        raise InputError(
            "the table does not say when its movements begin and end",
            where=path,
            found=", ".join(rows[0]),
            do="it needs the columns onset_frame and offset_frame (from 0), or onset_s and offset_s",
        )
    problems, marked = Problems(), []
    for place, row in enumerate(rows, start=1):
        onset, offset = (_number(row, f"{end}_{unit}", path, place + 1) for end in ("onset", "offset"))
        if unit == "s":
            onset, offset = _shown_at(onset, time_s), _shown_at(offset, time_s)
        number = int(row["event_id"]) if row.get("event_id", "").isdecimal() else place
        kind = row.get("kind", "").strip().lower()
        if kind not in ("", *_KINDS):
            problems.add(f"row {place + 1}: kind '{kind}' is neither micro nor macro")
        if fault := _fault(onset, offset, len(time_s)):
            problems.add(f"row {place + 1}: {fault}")
        else:
            marked.append(Marked(number, int(onset), int(offset), kind, row.get("label", "").strip()))
    problems.raise_if_any("movements that do not fit the video", where=path)
    return tuple(sorted(marked, key=lambda each: (each.onset, each.offset)))


def _from_elan(path: Path, time_s: Sequence[float], tiers: Sequence[str]) -> tuple[Marked, ...]:
    eaf = _open(path)
    problems, marked = Problems(), []
    for tier in _chosen(eaf, tiers, path):
        kind = next((kind for kind in _KINDS if kind in tier.lower()), "")
        for start_ms, end_ms, words, *_ in eaf.get_annotation_data_for_tier(tier):
            # an annotation ends when the picture of its last frame does
            onset = _shown_at(start_ms / 1000, time_s)
            offset = max(onset, bisect_left(time_s, end_ms / 1000 - _NEAR_S) - 1)
            if start_ms / 1000 > time_s[-1]:
                problems.add(f"{tier}, {start_ms} ms: it begins after the last frame ({time_s[-1]:.3f} s)")
            marked.append((onset, offset, kind, words.strip()))
    problems.raise_if_any("movements that do not fit the video", where=path)
    return tuple(Marked(number, *each) for number, each in enumerate(sorted(marked), start=1))


def _open(path: Path) -> Eaf:
    from pympi import Eaf

    if not path.is_file():
        raise InputError("there is no such file", where=path)
    try:
        return Eaf(str(path), suppress_version_warning=True)
    except Exception as error:  # the library raises bare Exception, KeyError and IndexError for damaged files
        raise InputError("this is no ELAN file that can be read", where=path, found=error) from error


def _chosen(eaf: Eaf, tiers: Sequence[str], path: Path) -> Sequence[str]:
    """The tiers that were asked for, or the only one that can be meant."""
    filled = {name: len(annotations) for name, (annotations, *_) in eaf.tiers.items() if annotations}
    listed = ", ".join(f"'{name}' ({n})" for name, n in filled.items()) or "no tier with timed annotations"
    if missing := [name for name in tiers if name not in eaf.tiers]:
        raise UsageError(f"there is no tier '{missing[0]}'", where=path, found=listed, do="name one of these")
    if tiers:
        return tiers
    if len(filled) > 1:
        raise UsageError(
            "it is not clear which tier holds the coder's movements",
            where=path,
            found=listed,
            do="name it with --tier; the option may stand several times",
        )
    return list(filled)


def _shown_at(moment_s: float, time_s: Sequence[float]) -> int:
    """The frame on show at a moment; the first for one before it."""
    return max(0, bisect_right(time_s, moment_s + _NEAR_S) - 1)


def _fault(onset: float, offset: float, n_frames: int) -> str:
    if not (float(onset).is_integer() and float(offset).is_integer()):
        return f"frames {onset:g} to {offset:g} are no whole numbers"
    if onset > offset:
        return f"it ends ({offset:g}) before it begins ({onset:g})"
    if not 0 <= onset <= offset < n_frames:
        return f"frames {onset:g} to {offset:g} do not lie in the video's {n_frames} frames"
    return ""


def _number(row: dict[str, str], column: str, path: Path, place: int) -> float:
    words = row.get(column, "")
    try:
        # a table that was saved with semicolons has decimal commas
        value = float(words.strip().replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{column} is no number", where=f"{path}, row {place}", found=words or "nothing")
    return value
