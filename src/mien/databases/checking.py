"""Whether clips and their frames fit together: problems in words, and counts against the published ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mien.clips.table import ClipTable
from mien.databases.card import Counts
from mien.databases.loaded import Problem
from mien.facs.annotation import parse

# The notes of the AU parser that tell of something it could not read; the others tell how it read it.
_FRAMES = ("onset", "apex", "offset")
_NOT_READ = ("not read", "no such code", "code ", "a bracket")


def table_problems(table: ClipTable, where: str) -> list[Problem]:
    """What is wrong in the rows themselves: frames in no order or not known, AU codes that cannot be read.

    A column that is empty in all rows is what the database does not annotate, and no problem.
    """
    rows = table.rows()
    annotated = [word for word in _FRAMES if any(row[word] is not None for row in rows)]
    problems: list[Problem] = []
    for row in rows:
        found = [f"the {word} is not known" for word in annotated if row[word] is None]
        found.extend(_order(row["onset"], row["apex"], row["offset"]))
        notes = parse(row["au"]).notes if row["au"] else ()
        found.extend(f"AUs {row['au']!r}: {note}" for note in notes if note.startswith(_NOT_READ))
        problems.extend(Problem(row["key"], where, what) for what in found)
    return problems


def _order(onset: int | None, apex: int | None, offset: int | None) -> Iterator[str]:
    if onset is not None and offset is not None and offset < onset:
        yield f"the offset {offset} lies before the onset {onset}"
    if onset is not None and apex is not None and apex < onset:
        yield f"the apex {apex} lies before the onset {onset}"
    if onset is not None and apex == onset:
        yield f"the apex {apex} is the onset frame"
    if apex is not None and offset is not None and apex > offset:
        yield f"the apex {apex} lies after the offset {offset}"


def span_of(clip: Mapping[str, Any]) -> tuple[int, int] | None:
    """First and last frame of the annotated movement; where no offset is annotated it ends at the apex."""
    onset, apex, offset = (clip[word] for word in _FRAMES)
    end = apex if offset is None else offset
    return None if onset is None or end is None or end < onset else (onset, end)


def absent_frames(clip: Mapping[str, Any], numbers: Sequence[int]) -> str:
    """Which frames of the movement are not there, in words; "" if all are.

    Without an annotated movement, gaps between the first and the last frame count.
    """
    first, last = span_of(clip) or (numbers[0], numbers[-1])
    present = set(numbers)
    absent = [number for number in range(first, last + 1) if number not in present]
    if not absent:
        return ""
    if len(absent) == last + 1 - first:
        return f"no frame from {first} to {last} is there; the folder holds {numbers[0]} to {numbers[-1]}"
    named = [word for word in _FRAMES if clip[word] in absent]
    among = f", {' and '.join(named)} among them" if named else ""
    count = f"{len(absent)} of {last + 1 - first} frames from {first} to {last}"
    return f"{count} {'is' if len(absent) == 1 else 'are'} absent{among}: {_ranges(absent)}"


def _ranges(numbers: Sequence[int], most: int = 8) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    shown = ["-".join(map(str, run)) for run in runs[:most]]
    return ", ".join(shown) + (f" and {len(runs) - most} more" if len(runs) > most else "")


def compare(
    counts: Counts | None, table: ClipTable, kinds: Mapping[str, str]
) -> list[tuple[str, int | None, int]]:
    """What is counted, the published number (None: not published), and the number in this table."""
    known = counts or Counts(0, 0)
    rows: list[tuple[str, int | None, int]] = [
        ("clips", counts.clips if counts else None, len(table)),
        ("subjects", counts.subjects if counts else None, len(set(table.groups.tolist()))),
    ]
    rows.extend(_side_by_side(known.kinds, (kinds.get(key, "micro") for key in table.keys.tolist())))
    rows.extend(_side_by_side(known.emotions, (row["emotion"] or "not given" for row in table.rows())))
    return rows


def _side_by_side(published: Mapping[str, int], found: Iterable[str]) -> list[tuple[str, int | None, int]]:
    """Each name with both numbers; where nothing is published, none of the names is."""
    have = Counter(found)
    names = dict.fromkeys([*published, *(name for name, _ in have.most_common())])
    return [(name, published.get(name, 0) if published else None, have[name]) for name in names]
