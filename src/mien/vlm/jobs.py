"""What a run asks: the clips of a prepared set."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mien.errors import InputError, UsageError
from mien.experiments.run import Run
from mien.prepare.catalogue import open_set
from mien.prepare.prepared import PreparedSet
from mien.vlm.encodings import ENCODINGS, Encoded, encode
from mien.vlm.endpoint import Asking, Endpoint
from mien.vlm.material import of_set
from mien.vlm.prompts import Topic, ask_about
from mien.vlm.question import Form, Question
from mien.vlm.results import Asked
from mien.vlm.running import Job
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
