"""From questions and material to a run folder: asked, read, scored beside the baselines, resumable anywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mien.cache import cache_folder
from mien.errors import InputError
from mien.experiments.evaluate import surroundings
from mien.experiments.run import SCHEMA, Run
from mien.files import write_json, write_whole
from mien.vlm import parsing, results, scoring
from mien.vlm.asking import Answer, Asker
from mien.vlm.consistency import contradictions
from mien.vlm.encodings import Encoded, encode
from mien.vlm.endpoint import MANNERS, Asking, Endpoint
from mien.vlm.material import Material
from mien.vlm.question import Question, json_line, seed_of
from mien.vlm.results import TITLES, Asked, Reply
from mien.vlm.scoring import Given

Progress = Callable[[int, int, str], None]
#: So many questions in a row without an answer, and the endpoint is taken to be down.
MOST_FAILURES = 5


@dataclass(frozen=True)
class Job:
    """Everything that a run is.

    Attributes:
        about: what is put into `run.json`: data, task, labels, left out, and so on.
        labels: all labels of each topic of kind "label".
        material: what can be shown of a clip, by its key; raises `InputError` for one that cannot be shown.
        controls: who is asked besides the model with the clip.
        answered: answers of others to the same questions, by title, such as those of a supervised run.
        as_written: how an answer stands in a submission; wording is scored only with it.
    """

    questions: Sequence[Question]
    about: Mapping[str, Any]
    labels: Mapping[str, Sequence[str]]
    material: Callable[[str], Material]
    encoding: str
    endpoint: Endpoint
    asking: Asking
    controls: Sequence[Asked] = ("none",)
    answered: Mapping[str, Sequence[Given]] = field(default_factory=dict)
    as_written: scoring.AsWritten | None = None


@dataclass(frozen=True)
class Outcome:
    """A finished run: its folder, its metrics, and the answers of the model in the order of the questions."""

    run: Run
    metrics: dict[str, Any]
    given: list[Given]
    raw: list[str]
    gaps: list[str]


def run(job: Job, out: Path, *, progress: Progress | None = None, command: str = "") -> Outcome:
    """The finished run in `out`; answers that are in the cache are not asked for again.

    Raises:
        UsageError: `out` holds another run.
        InputError: the endpoint answers nothing; what came before is kept.
    """
    started = Run.begin(out, _record(job, command))
    whos: list[Asked] = ["model", *job.controls]
    asked = [(who, question) for who in whos for question in job.questions]
    replies: list[Reply] = []
    with closing(Asker(job.endpoint, job.asking, cache_folder() / "vlm")) as asker:
        for reply in _replies(job, asker, asked):
            replies.append(reply)
            if progress is not None:
                progress(len(replies), len(asked), f"{TITLES[reply.who]}: {reply.question.clip}")
    return _finish(started, job, replies)


def _replies(job: Job, asker: Asker, asked: Sequence[tuple[Asked, Question]]) -> Iterator[Reply]:
    """The replies in order; the pictures of a clip are made when it is its turn, so that memory stays small."""
    in_a_row = 0
    shown = _Shown(job)
    with ThreadPoolExecutor(job.asking.at_once) as pool:
        for at in range(0, len(asked), job.asking.at_once):
            batch = asked[at : at + job.asking.at_once]
            materials = [shown.to(who, question) for who, question in batch]
            for (who, question), answer in zip(
                batch, pool.map(lambda q, m: _ask(asker, q[1], m), batch, materials), strict=True
            ):
                lost = answer.failure.startswith(NOT_SHOWN)
                in_a_row = in_a_row + 1 if answer.failure and not lost else 0
                if in_a_row >= MOST_FAILURES:
                    raise InputError(
                        f"the endpoint left {MOST_FAILURES} questions in a row unanswered",
                        where=job.endpoint.url,
                        found=answer.failure,
                        do="see that the server runs, then repeat the command: what was answered is not asked again",
                    )
                yield Reply(who, question, answer, _read(question, answer))


NOT_SHOWN = "not asked: "


def _ask(asker: Asker, question: Question, shown: Encoded | InputError) -> Answer:
    if isinstance(shown, InputError):
        return Answer(failure=f"{NOT_SHOWN}{shown.what}: {shown.found or shown.where}")
    return asker.ask(question.text, shown)


def _read(question: Question, answer: Answer) -> parsing.Reading:
    if answer.failure:
        return parsing.INVALID
    return parsing.read(
        answer.text, question.kind, question.labels, words=question.words, refused=answer.refused
    )


class _Shown:
    """What is shown with a question: always of one clip; the last one made is kept, for its next question."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._last: tuple[tuple[str, str], Encoded | InputError] | None = None
        people: dict[str, str] = {question.clip: question.group for question in job.questions}
        self._people = people

    def to(self, who: Asked, question: Question) -> Encoded | InputError:
        clip = self._of_somebody_else(question) if who == "shuffled" else question.clip
        encoding = "none" if who == "none" else self._job.encoding
        if self._last is None or self._last[0] != (clip, encoding):
            self._last = ((clip, encoding), self._make(clip, encoding))
        return self._last[1]

    def _make(self, clip: str, encoding: str) -> Encoded | InputError:
        try:
            material = Material(clip) if encoding == "none" else self._job.material(clip)
            return encode(material, encoding, self._job.asking.picture_px)
        except InputError as error:
            return error

    def _of_somebody_else(self, question: Question) -> str:
        """A clip of another person, the same for every question about this one."""
        others = [clip for clip, group in self._people.items() if group != question.group]
        if not others:
            raise InputError("one person's clips cannot be shuffled", do="leave out --control shuffled")
        return min(others, key=lambda clip: seed_of(question.clip, "shuffled", clip))


def _record(job: Job, command: str) -> dict[str, Any]:
    texts = "\n".join(f"{q.id}\t{q.text}\t{q.truth}" for q in job.questions)
    options = job.asking.model_dump(mode="json", exclude=set(MANNERS))
    return {
        "schema": SCHEMA,
        "model": job.endpoint.model,
        "title": f"{job.endpoint.model}, zero-shot",
        "kind": "vlm",
        "options": {
            **options,
            "endpoint": job.endpoint.url,
            "encoding": job.encoding,
            "controls": list(job.controls),
            "form": job.about.get("form"),
        },
        "protocol": "zero-shot",
        "protocol_words": "nothing was trained; one clip per request; every question in a context of its own",
        "seeds": sorted({question.order for question in job.questions}),
        "audit": False,
        "device": "endpoint",
        "keys_hash": hashlib.sha256(texts.encode()).hexdigest(),
        **job.about,
        "warnings": [],
        **surroundings(("openai", "numpy", "pandas")),
        "command": command,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "finished": None,
    }


def _finish(started: Run, job: Job, replies: Sequence[Reply]) -> Outcome:
    ours = [reply for reply in replies if reply.who == "model"]
    rows: dict[str, Sequence[Given]] = {
        TITLES[who]: [r.given for r in replies if r.who == who] for who in ("model", *job.controls)
    }
    found = results.metrics(rows | dict(job.answered), job.labels, job.as_written)
    found["consistency"] = contradictions([reply.given for reply in ours])
    write_whole(
        started.path / "predictions.csv",
        results.table(replies).to_csv(index=False, lineterminator="\n").encode(),
    )
    lines = (json_line(results.line(reply)) for reply in replies)
    write_whole(started.path / "answers.jsonl", ("\n".join(lines) + "\n").encode())
    write_json(started.path / "metrics.json", found)
    started.record["answered_by"] = sorted({reply.answer.model for reply in ours if reply.answer.model})
    started.record["finished"] = datetime.now(UTC).isoformat(timespec="seconds")
    started.write_record()
    gaps = [f"{r.question.id} ({TITLES[r.who]}): {r.answer.failure}" for r in replies if r.answer.failure]
    return Outcome(started, found, [r.given for r in ours], [r.answer.text for r in ours], gaps)
