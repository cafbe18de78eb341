"""The files of the Micro-Expression Grand Challenges: the log of 2020 and the submissions of 2022 to 2025.

Frames count from 1 in these files, both ends included; here they count from 0, as everywhere in Mien.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mien.errors import InputError, Problems
from mien.files import write_whole
from mien.metrics.spotting import match
from mien.spotting.contract import Interval, Kind

Span = tuple[int, int]
#: Where the second and later columns after the video's name begin in a log; the first follows three blanks.
_COLUMNS = (18, 26, 34, 42)
_TYPES: Mapping[Kind, str] = {"micro": "me", "macro": "mae"}
_SUBMISSION = ("vid", "onset", "offset", "type")
_STR = ("subject", "video", "onset", "offset", "emotion")


@dataclass(frozen=True)
class LogRow:
    """A line of a log: a coded event, a predicted one, or both where they belong together. Frames from 0."""

    video: str
    truth: Span | None
    predicted: Span | None

    @property
    def verdict(self) -> str:
        """TP, FP or FN."""
        if self.truth is None:
            return "FP"
        return "FN" if self.predicted is None else "TP"


@dataclass(frozen=True)
class Submitted:
    """A predicted interval of a spotting submission. Frames from 0."""

    video: str
    onset: int
    offset: int
    kind: Kind


@dataclass(frozen=True)
class SubmittedEmotion:
    """A predicted interval with its emotion, of a spot-then-recognise submission. Frames from 0."""

    subject: str
    video: str
    onset: int
    offset: int
    emotion: str


def log_rows(video: str, predicted: Sequence[Interval], truth: Sequence[Interval]) -> list[LogRow]:
    """The rows of one video, matched one-to-one within each kind, by onset of the prediction (or of a missed event)."""
    rows: list[LogRow] = []
    for kind in _TYPES:
        found = [(i.onset, i.offset) for i in predicted if i.kind == kind]
        coded = [(i.onset, i.offset) for i in truth if i.kind == kind]
        pairs = match(found, coded)
        rows += [LogRow(video, coded[g], found[p]) for p, g in pairs]
        used_p, used_g = {p for p, _ in pairs}, {g for _, g in pairs}
        rows += [LogRow(video, None, span) for p, span in enumerate(found) if p not in used_p]
        rows += [LogRow(video, span, None) for g, span in enumerate(coded) if g not in used_g]
    return sorted(rows, key=lambda row: row.predicted or row.truth or (0, 0))


def write_log(path: Path, sections: Mapping[int, Sequence[LogRow]]) -> None:
    """Write a log: per dataset its index (1 SAMM Long Videos, 2 CAS(ME)^2), its rows, and an empty line."""
    lines = []
    for dataset, rows in sections.items():
        lines += [str(dataset), *(_log_line(row) for row in rows), ""]
    write_whole(path, "".join(f"{line}\n" for line in lines).encode())


def read_log(path: Path) -> dict[int, list[LogRow]]:
    """The rows of a log by dataset index.

    Raises:
        InputError: a line cannot be understood, or its verdict contradicts it; all such lines are listed.
    """
    sections: dict[int, list[LogRow]] = {}
    problems = Problems()
    for number, line in enumerate(_text(path).splitlines(), start=1):
        words = line.split()
        if len(words) == 1 and words[0].isdigit():
            sections.setdefault(int(words[0]), [])
        elif words and not sections:
            problems.add(f"line {number}: a row before any dataset index: {line.strip()[:60]!r}")
        elif words:
            row = _log_row(words)
            if row is None:
                problems.add(f"line {number}: no row of a log: {line.strip()[:60]!r}")
            elif row.verdict != words[5]:
                problems.add(f"line {number}: says {words[5]}, its frames say {row.verdict}")
            else:
                list(sections.values())[-1].append(row)
    problems.raise_if_any("the log cannot be read", where=path)
    return sections


def write_submission(path: Path, rows: Iterable[Submitted]) -> None:
    """Write a spotting submission (MEGC 2022, 2023, 2025): vid, onset, offset, type."""
    _write_csv(path, _SUBMISSION, ([r.video, r.onset + 1, r.offset + 1, _TYPES[r.kind]] for r in rows))


def read_submission(path: Path) -> list[Submitted]:
    """The rows of a spotting submission. Raises `InputError` that lists every line that is wrong."""
    kinds = {word: kind for kind, word in _TYPES.items()}
    rows, problems = [], Problems()
    for number, cells in _read_csv(path, _SUBMISSION):
        span, kind = _span(cells["onset"], cells["offset"]), kinds.get(cells["type"].strip().lower())
        if span is None or kind is None:
            problems.add(f"line {number}: {', '.join(cells.values())!r}")
        else:
            rows.append(Submitted(cells["vid"].strip(), *span, kind))
    problems.raise_if_any("the submission cannot be read", where=path, do="type is me or mae, frames from 1")
    return rows


def write_str_submission(path: Path, rows: Iterable[SubmittedEmotion]) -> None:
    """Write a spot-then-recognise submission (MEGC 2024): subject, video, onset, offset, emotion."""
    _write_csv(path, _STR, ([r.subject, r.video, r.onset + 1, r.offset + 1, r.emotion] for r in rows))


def read_str_submission(path: Path) -> list[SubmittedEmotion]:
    """The rows of a spot-then-recognise submission. Raises `InputError` that lists every line that is wrong."""
    rows, problems = [], Problems()
    for number, cells in _read_csv(path, _STR):
        span, emotion = _span(cells["onset"], cells["offset"]), cells["emotion"].strip()
        if span is None or not emotion:
            problems.add(f"line {number}: {', '.join(cells.values())!r}")
        else:
            rows.append(SubmittedEmotion(cells["subject"].strip(), cells["video"].strip(), *span, emotion))
    problems.raise_if_any("the submission cannot be read", where=path, do="frames count from 1")
    return rows


def _log_line(row: LogRow) -> str:
    first, *others = *_cells(row.truth), *_cells(row.predicted), row.verdict
    line = f"{row.video}   {first}"
    for column, cell in zip(_COLUMNS, others, strict=True):
        line = line.ljust(max(column, len(line) + 1)) + cell
    return line


def _cells(span: Span | None) -> tuple[str, str]:
    return ("-", "-") if span is None else (str(span[0] + 1), str(span[1] + 1))


def _log_row(words: Sequence[str]) -> LogRow | None:
    if len(words) != 6 or words[5] not in ("TP", "FP", "FN"):
        return None
    halves = []
    for first, last in ((words[1], words[2]), (words[3], words[4])):
        span = None if first == last == "-" else _span(first, last)
        if span is None and (first, last) != ("-", "-"):
            return None
        halves.append(span)
    return None if halves == [None, None] else LogRow(words[0], halves[0], halves[1])


def _span(first: str, last: str) -> Span | None:
    """The frames from 0, or None if they are no frames from 1 in order."""
    try:
        onset, offset = int(first), int(last)
    except ValueError:
        return None
    return (onset - 1, offset - 1) if 1 <= onset <= offset else None


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_whole(path, stream.getvalue().encode())


def _read_csv(path: Path, header: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(_text(path)))
    first = [cell.strip().lower() for cell in next(reader, [])]
    if first != list(header):
        raise InputError(
            "the submission has other columns", where=path, found=", ".join(first), do=", ".join(header)
        )
    problems, rows = Problems(), []
    for cells in reader:
        if len(cells) == len(header):
            rows.append((reader.line_num, dict(zip(header, cells, strict=True))))
        elif cells:
            problems.add(f"line {reader.line_num}: {len(cells)} cells instead of {len(header)}")
    problems.raise_if_any("the submission cannot be read", where=path)
    return rows


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("the file cannot be read", where=path, found=error) from error
