"""What a run asks: MEGC's question files, about a prepared set, a folder of videos, or without anything to see."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from mien.errors import InputError, UsageError
from mien.prepare.catalogue import open_set
from mien.prepare.prepared import PreparedSet
from mien.vlm import parsing
from mien.vlm import questions as megc
from mien.vlm.consistency import contradictions
from mien.vlm.jobs import How
from mien.vlm.material import Videos, of_set
from mien.vlm.question import Question
from mien.vlm.results import metrics
from mien.vlm.running import Job
from mien.vlm.scoring import Given


@contextmanager
def job_of_files(
    files: Sequence[Path],
    how: How,
    *,
    data: str | None = None,
    videos: Path | None = None,
    dataset: str | None = None,
) -> Iterator[tuple[Job, list[megc.Row]]]:
    """The questions of MEGC's files, and their rows; the videos are held open within the block.

    Args:
        data: a prepared set whose clips the files ask about; or
        videos: the folder of the videos. One of the two, unless nothing is shown.
        dataset: as in `questions.read_files`.

    Raises:
        UsageError: no source of pictures, or two.
        InputError: the files, the set or the folder cannot be used.
    """
    if (data is None) + (videos is None) != 1 and not (
        how.encoding == "none" and data is None and videos is None
    ):
        raise UsageError("name either --data or --videos", do="only --encoding none needs neither of them")
    rows = megc.read_files(files, dataset)
    asked = [row.question for row in rows]
    about: dict[str, Any] = {
        "data": {"name": " + ".join(file.name for file in files), "path": str(videos or data or "")},
        "data_hash": hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest(),
        "task": "megc-questions",
        "topic": "megc-questions",
        "classes": [],
        "apex": "given" if data else "the middle frame",
        "text_leak": text_leak(asked),
        "excluded": [],
    }
    job = Job(
        asked, about, _labels_of(asked), _nowhere, how.encoding, how.endpoint, how.asking, how.asked_besides,
        answered={BOUND: bound_answers(asked, about["text_leak"])}, as_written=megc.written,
    )  # fmt: skip
    if data is not None:
        prepared = open_set(data)
        about |= {"data_hash": f"{about['data_hash']}+{prepared.data_hash}", "made_up": prepared.made_up}
        at = locate(prepared, rows)
        yield (
            replace(job, material=lambda clip: of_set(prepared, at[clip]) if clip in at else _nowhere(clip)),
            rows,
        )
    elif videos is not None:
        source = Videos(videos, whole=any(q.kind == "count" or q.topic == "event-type" for q in asked))
        try:
            yield replace(job, material=source.material), rows
        finally:
            source.close()
    else:
        yield job, rows


def _nowhere(clip: str) -> Any:
    raise InputError("the clip is not in the set", found=clip)


def locate(data: PreparedSet, rows: Sequence[megc.Row]) -> dict[str, int]:
    """The clip of the set that each name in the files means; a name that fits none or several is left out.

    A name fits the key of a clip, or, within its subject where the row names one, what the database calls the clip.
    """
    table = data.table.rows()
    keys = {str(row["key"]): at for at, row in enumerate(table)}
    by_clip: dict[tuple[str, str], list[int]] = {}
    for at, row in enumerate(table):
        for subject in ("", _plain(str(row["subject"]))):
            by_clip.setdefault((subject, str(row["clip"])), []).append(at)
    found: dict[str, int] = {}
    for one in rows:
        name, subject = one.question.clip, _plain(str(one.content.get("subject") or ""))
        fits = by_clip.get((subject, name), [])
        if name in keys:
            found[name] = keys[name]
        elif len(fits) == 1:
            found[name] = fits[0]
    return found


def _plain(subject: str) -> str:
    """A subject without "sub" and leading zeros, as files write the same person differently."""
    return subject.lower().removeprefix("sub").removeprefix("s").lstrip("0_-")


def text_leak(questions: Sequence[Question]) -> dict[str, int]:
    """For every video the largest N in "the N-th event": a lower bound of the count that the text gives away."""
    found: dict[str, int] = {}
    for question in questions:
        n = megc.ordinal(question)
        if n is not None:
            found[question.clip] = max(n, found.get(question.clip, 0))
    return found


BOUND = "largest ordinal named in the questions"


def bound_answers(questions: Sequence[Question], leak: Mapping[str, int]) -> list[Given]:
    """The answer to "how many events" that needs no video: the largest N that the questions name; without one, 0."""
    return [Given(q, str(leak.get(q.clip, 0)), "valid") for q in questions if leak and q.topic == "count-all"]


def score_files(
    submissions: Sequence[Path], truths: Sequence[Path], dataset: str | None = None
) -> dict[str, Any]:
    """The scores of a submission against the files of true answers, beside the baselines; as in `metrics.json`.

    Answers are read as a model's are: one that is none counts as INVALID.

    Args:
        submissions: its files, each with the answers to the file of `truths` in the same place.
        dataset: as in `questions.read_files`.

    Raises:
        UsageError: not as many files of answers as of truths.
        InputError: a file cannot be read, two hold other questions, or there is no true answer.
    """
    if len(submissions) != len(truths):
        raise UsageError(
            "every file of answers needs its file of true answers",
            found=f"{len(submissions)} and {len(truths)}",
            do="give --truth once for each, in the same order",
        )
    asked: list[Question] = []
    given: list[Given] = []
    for submission, truth in zip(submissions, truths, strict=True):
        rows = megc.read_files([truth], dataset)
        if not any(row.question.truth for row in rows):
            raise InputError("the file holds no true answers", where=truth)
        for row, text in zip(rows, megc.read_answers(submission, rows), strict=True):
            question = row.question
            reading = parsing.read(text, question.kind, question.labels)
            asked.append(question)
            given.append(Given(question, reading.value, reading.status))
    title = " + ".join(submission.name for submission in submissions)
    titles = {title: given, BOUND: bound_answers(asked, text_leak(asked))}
    found = metrics(titles, _labels_of(asked), megc.written)
    return found | {"consistency": contradictions(given)}


def _labels_of(questions: Sequence[Question]) -> dict[str, Sequence[str]]:
    """All labels of every topic of label questions: those of its databases together."""
    labels: dict[str, Sequence[str]] = {}
    for question in questions:
        if question.kind == "label":
            labels[question.topic] = sorted({*labels.get(question.topic, ()), *question.labels})
    return labels
