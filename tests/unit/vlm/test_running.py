"""Whole runs against a real server: one clip per request, controls, gaps, and going on after an end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mien.errors import InputError, UsageError
from mien.experiments.run import Run
from mien.vlm.endpoint import Asking, Endpoint
from mien.vlm.material import Material
from mien.vlm.question import Question
from mien.vlm.results import TITLES
from mien.vlm.running import Job, run
from vlm_server import Reply, Request, Server, says

LABELS = ("negative", "positive", "surprise")
CLIPS = {f"clip{n}": 10 + 10 * n for n in range(12)}  # every clip has a grey of its own


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(lambda request, n: says('{"answer": "negative"}')).running() as running:
        yield running


@pytest.fixture
def job(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Job]:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))

    def make(**changed: object) -> Job:
        def material(clip: str) -> Material:
            picture = np.full((8, 8, 3), CLIPS[clip], np.uint8)
            return Material(clip, dict.fromkeys(("onset", "apex", "offset"), picture))

        questions = [
            Question(f"{clip}/{part}", clip, f"p{n % 4}", "samm", "emotion", "label", f"Part {part}?", LABELS,
                     truth=LABELS[n % 3])
            for n, clip in enumerate(CLIPS) for part in (1, 2)
        ]  # fmt: skip
        given = Job(
            questions,
            {
                "data_hash": "x",
                "task": "t",
                "classes": list(LABELS),
                "form": "choice",
                "data": {"name": "made"},
            },
            {"emotion": LABELS},
            material,
            "frames",
            Endpoint(url=server.url, model="tiny"),
            Asking(tries=2, first_wait_s=0, timeout_s=5, picture_px=32),
        )
        return replace(given, **changed)  # type: ignore[arg-type]

    return make


def in_their_own_words(made: Job) -> Job:
    """The job with other words for every clip, so that no request equals another and the cache serves none."""
    return replace(made, questions=[replace(question, text=question.id) for question in made.questions])


def greys(request: Request) -> set[int]:
    return {int(value) for picture in request.pictures for value in np.unique(picture)}


@pytest.mark.parametrize("encoding", ["apex", "strip", "frames"])
@pytest.mark.parametrize("at_once", [1, 4])
def test_no_request_carries_two_clips(
    server: Server, job: Callable[..., Job], tmp_path: Path, encoding: str, at_once: int
) -> None:
    asking = Asking(picture_px=32, at_once=at_once)
    made = job(encoding=encoding, asking=asking, controls=("shuffled",))
    run(in_their_own_words(made), tmp_path / "run")
    seen = [greys(request) for request in server.requests]
    assert all(len(one) == 1 for one in seen)
    assert set.union(*seen) == set(CLIPS.values())
    assert len(server.requests) == 2 * 2 * len(CLIPS)


def test_with_several_at_once_every_answer_stays_with_its_question(
    server: Server, job: Callable[..., Job], tmp_path: Path
) -> None:
    by_grey = {grey: LABELS[n % 3] for n, grey in enumerate(CLIPS.values())}

    def seeing(request: Request, n: int) -> Reply:
        reply = says(json.dumps({"answer": by_grey[greys(request).pop()]}))
        return replace(reply, delay_s=0.02 * (n % 3))

    server.behaviour = seeing
    outcome = run(job(asking=Asking(picture_px=32, at_once=6), controls=()), tmp_path / "run")
    assert outcome.metrics["topics"]["emotion"]["scores"][TITLES["model"]]["uf1"]["value"] == 1


def test_the_control_without_pictures_sees_none(
    server: Server, job: Callable[..., Job], tmp_path: Path
) -> None:
    run(job(controls=("none",)), tmp_path / "run")
    blind = [request for request in server.requests if not request.pictures]
    assert len(blind) == 2  # two different questions: the others are the same words, and are asked once
    table = pd.read_csv(tmp_path / "run" / "predictions.csv")
    assert (table["asked"] == "none").sum() == (table["asked"] == "model").sum() == 24


def test_a_shuffled_clip_is_another_persons(server: Server, job: Callable[..., Job], tmp_path: Path) -> None:
    made = in_their_own_words(job(controls=("shuffled",)))
    run(made, tmp_path / "run")
    persons = {CLIPS[q.clip]: q.group for q in made.questions}
    for question, request in zip(made.questions, server.requests[24:], strict=True):
        assert persons[greys(request).pop()] != question.group


def test_one_person_cannot_be_shuffled(job: Callable[..., Job], tmp_path: Path) -> None:
    alone = [replace(question, subject="p") for question in job().questions]
    with pytest.raises(InputError, match="shuffled"):
        run(job(questions=alone, controls=("shuffled",)), tmp_path / "run")


def test_the_folder_says_everything(server: Server, job: Callable[..., Job], tmp_path: Path) -> None:
    answers = [
        '{"answer": "positive"}',
        "I'm sorry, I can't identify people.",
        "who knows",
        '{"answer": "anger"}',
    ]
    server.behaviour = lambda request, n: says(answers[n % 4], finish="length" if n % 4 == 2 else "stop")
    outcome = run(job(controls=()), tmp_path / "run", command="mien vlm ask ...")
    table = pd.read_csv(tmp_path / "run" / "predictions.csv")
    assert table["predicted"].tolist() == ["positive", "REFUSED", "INVALID", "INVALID"] * 6
    assert table["finish"].tolist() == ["stop", "stop", "length", "stop"] * 6
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())["topics"]["emotion"]
    assert (metrics["n_questions"], metrics["n_clips"], metrics["n_subjects"]) == (24, 12, 4)
    ours = metrics["scores"][TITLES["model"]]
    assert (ours["refused_rate"]["value"], ours["invalid_rate"]["value"]) == (0.25, 0.5)
    assert list(metrics["scores"]) == [TITLES["model"], "majority", "prior", "uniform"]
    right = (table["truth"] == table["predicted"]).mean()
    assert ours["accuracy"]["value"] == pytest.approx(right)
    lines = [json.loads(line) for line in (tmp_path / "run" / "answers.jsonl").read_text().splitlines()]
    assert [line["answer"] for line in lines] == answers * 6
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["answered_by"] == ["tiny"]
    assert record["options"]["encoding"] == "frames"
    assert record["finished"] and record["command"] == "mien vlm ask ..."
    assert outcome.gaps == []


def test_answers_are_not_taken_for_predictions_of_a_recogniser(
    job: Callable[..., Job], tmp_path: Path
) -> None:
    run(job(controls=()), tmp_path / "run")
    with pytest.raises(InputError, match="--beside"):
        Run.open(tmp_path / "run").predictions()


def test_a_gap_is_told_and_asked_again_alone(server: Server, job: Callable[..., Job], tmp_path: Path) -> None:
    lost = CLIPS["clip5"]
    server.behaviour = lambda request, n: Reply(b"", 500) if lost in greys(request) else says("surprise")
    first = run(job(controls=()), tmp_path / "run")
    assert len(first.gaps) == 2 and all("clip5" in gap for gap in first.gaps)
    scores = first.metrics["topics"]["emotion"]["scores"][TITLES["model"]]
    assert scores["failed_rate"]["value"] == pytest.approx(2 / 24)
    server.requests.clear()
    server.behaviour = lambda request, n: says("surprise")
    second = run(job(controls=()), tmp_path / "run")
    assert [greys(request) for request in server.requests] == [{lost}] * 2
    assert second.gaps == []


def test_a_server_that_is_down_is_not_asked_everything(
    server: Server, job: Callable[..., Job], tmp_path: Path
) -> None:
    server.behaviour = lambda request, n: says("surprise") if n < 4 else Reply(b"", 500)
    with pytest.raises(InputError, match="in a row"):
        run(job(controls=()), tmp_path / "run")
    assert len(server.requests) == 4 + 5 * 2
    assert not (tmp_path / "run" / "predictions.csv").exists()
    server.requests.clear()
    server.behaviour = lambda request, n: says("surprise")
    run(job(controls=()), tmp_path / "run")
    assert len(server.requests) == 24 - 4


def test_a_clip_that_cannot_be_shown_is_a_gap_and_is_not_sent(
    server: Server, job: Callable[..., Job], tmp_path: Path
) -> None:
    made = job(controls=())

    def material(clip: str) -> Material:
        if int(clip.removeprefix("clip")) % 2:  # many in a row are no sign of a server that is down
            raise InputError("no face is seen", where=clip)
        return made.material(clip)

    outcome = run(replace(made, material=material), tmp_path / "run")
    assert len(outcome.gaps) == 12
    assert len(server.requests) == 12
    assert "no face is seen" in outcome.gaps[0]


def test_another_run_is_not_overwritten(job: Callable[..., Job], tmp_path: Path) -> None:
    run(job(controls=()), tmp_path / "run")
    for other in (job(encoding="apex", controls=()), job(controls=()), job(controls=("none",))):
        if other.encoding == "frames" and not other.controls:
            run(other, tmp_path / "run")
            continue
        with pytest.raises(UsageError, match="another evaluation"):
            run(other, tmp_path / "run")


def test_patience_is_no_part_of_a_run(server: Server, job: Callable[..., Job], tmp_path: Path) -> None:
    run(job(controls=()), tmp_path / "run")
    patient = Asking(tries=9, first_wait_s=5, timeout_s=50, at_once=3, picture_px=32)
    run(job(controls=(), asking=patient), tmp_path / "run")
    assert len(server.requests) == 24


def test_a_wrong_key_ends_the_run_at_once(server: Server, job: Callable[..., Job], tmp_path: Path) -> None:
    server.behaviour = lambda request, n: Reply(b"{}", 401)
    with pytest.raises(InputError, match="key"):
        run(job(), tmp_path / "run")
    assert len(server.requests) == 1
