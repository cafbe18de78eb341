"""What a run asks: the clips of a prepared set, or MEGC's question files about a set or a folder of videos."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mien.errors import InputError, UsageError
from mien.experiments.run import Run
from mien.prepare.catalogue import open_set
from mien.prepare.prepared import PreparedSet
from mien.vlm import parsing
from mien.vlm import questions as megc
from mien.vlm.consistency import contradictions
from mien.vlm.encodings import ENCODINGS, Encoded, encode
from mien.vlm.endpoint import Asking, Endpoint
from mien.vlm.material import Videos, of_set
from mien.vlm.prompts import Topic, ask_about
from mien.vlm.question import Form, Question
from mien.vlm.running import Asked, Job, metrics
from mien.vlm.scoring import Given


@dataclass(frozen=True)
class How:
    """How clips are shown and who is asked, the same for sets and for files."""

    encoding: str
    endpoint: Endpoint
    asking: Asking
    controls: tuple[Asked, ...] = ("none",)

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise UsageError(
                "there is no such encoding", found=self.encoding, do=f"use one of {', '.join(ENCODINGS)}"
            )

    @property
    def asked_besides(self) -> tuple[Asked, ...]:
        """The controls; none where nothing is shown: the run is then the control itself."""
        return () if self.encoding == "none" else self.controls


def job_of_set(
    name: str,
    topic: Topic,
    task: str | None,
    form: Form,
    how: How,
    *,
    orders: int = 1,
    clips: int = 0,
    beside: Sequence[Path] = (),
) -> Job:
    """The questions about the clips of a prepared set.

    Args:
        orders, clips: as in `prompts.ask_about`.
        beside: run folders of `mien evaluate` on the same clips and task, to be scored on the same questions.

    Raises:
        UsageError: what is asked does not go together.
        InputError: the set, or a run beside, cannot be used.
    """
    data = open_set(name)
    asked = ask_about(data.table, topic, task, form, orders=orders, clips=clips)
    if beside and (asked.questions[0].kind != "label" or task is None):
        raise UsageError("only label questions can have a run beside them", do="leave out --beside")
    at = {key: n for n, key in enumerate(data.table.keys.tolist())}
    classes = asked.labels if asked.questions[0].kind == "label" else ()
    return Job(
        questions=asked.questions,
        about={
            "data": _facts(data),
            "data_hash": data.data_hash,
            "task": task or topic,
            "topic": topic,
            "form": form,
            "classes": list(asked.labels),
            "apex": "given",
            "made_up": data.made_up,
            "excluded": [{"key": key, "reason": reason} for key, reason in asked.excluded],
        },
        labels={topic: classes} if classes else {},
        material=lambda clip: of_set(data, at[clip]),
        encoding=how.encoding,
        endpoint=how.endpoint,
        asking=how.asking,
        controls=how.asked_besides,
        answered={
            title: given for folder in beside for title, given in [_beside(folder, asked.questions, task)]
        },
    )


def _facts(data: PreparedSet) -> dict[str, Any]:
    return {
        "name": data.name,
        "path": str(data.path),
        "data_hash": data.data_hash,
        "n_clips_in_set": len(data),
    }


def _beside(folder: Path, questions: Sequence[Question], task: str | None) -> tuple[str, list[Given]]:
    """The predictions of a run, one for each of its seeds, as answers to the same questions."""
    done = Run.open(folder)
    table = done.predictions()
    if done.record["task"] != task:
        raise InputError(
            "the run beside is of another task", where=folder, found=done.record["task"], do=f"--task {task}"
        )
    by_clip = {(dataset, key): rows for (dataset, key), rows in table.groupby(["dataset", "key"])}
    given, missing = [], []
    for question in questions:
        rows = by_clip.get((question.dataset, question.clip))
        if question.order:
            continue
        if rows is None or set(rows["truth"]) != {question.truth}:
            missing.append(question.clip)
        else:
            given += [Given(question, value, "valid") for value in rows["predicted"]]
    if missing:
        raise InputError(
            "the run beside has other clips or truths",
            where=folder,
            found=f"{len(missing)} clips are not there or have another truth, such as {missing[0]}",
            do="name a run of the same set and task",
        )
    return f"{done.record['model']} (supervised, {done.record['protocol']})", given


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


def score_file(submission: Path, truth: Path, dataset: str | None = None) -> dict[str, Any]:
    """The scores of a submission against the file of true answers, beside the baselines; as in `metrics.json`.

    Answers are read as a model's are: one that is none counts as INVALID.

    Raises:
        InputError: a file cannot be read, the two hold other questions, or there is no true answer.
    """
    rows = megc.read_files([truth], dataset)
    asked = [row.question for row in rows]
    if not any(question.truth for question in asked):
        raise InputError("the file holds no true answers", where=truth)
    given = []
    for question, text in zip(asked, megc.read_answers(submission, rows), strict=True):
        reading = parsing.read(text, question.kind, question.labels)
        given.append(Given(question, reading.value, reading.status))
    titles = {submission.name: given, BOUND: bound_answers(asked, text_leak(asked))}
    found = metrics(titles, _labels_of(asked), megc.written)
    return found | {"consistency": contradictions(given)}


def shown_of_set(
    name: str, topic: Topic, task: str | None, form: Form, clip: str, encoding: str, picture_px: int
) -> tuple[list[str], Encoded]:
    """The words of every question about one clip of a set, and what is shown with them.

    Raises:
        UsageError: no such clip, or what is asked does not go together.
        InputError: the clip cannot be shown.
    """
    data = open_set(name)
    keys = data.table.keys.tolist()
    texts = [q.text for q in ask_about(data.table, topic, task, form).questions if q.clip == clip]
    if not texts:
        near = difflib.get_close_matches(clip, keys, n=1)
        raise UsageError(
            "no clip of this key is asked about", found=clip, do=f"try {near[0] if near else keys[0]}"
        )
    return texts, encode(of_set(data, keys.index(clip)), encoding, picture_px)


def _labels_of(questions: Sequence[Question]) -> dict[str, Sequence[str]]:
    """All labels of every topic of label questions: those of its databases together."""
    labels: dict[str, Sequence[str]] = {}
    for question in questions:
        if question.kind == "label":
            labels[question.topic] = sorted({*labels.get(question.topic, ()), *question.labels})
    return labels
