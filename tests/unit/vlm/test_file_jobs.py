"""Jobs from MEGC's files; scores of a file of answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mien.clips.table import ClipTable
from mien.errors import InputError, UsageError
from mien.prepare.prepared import PreparedSet
from mien.vlm.file_jobs import BOUND, job_of_files, locate, score_files
from mien.vlm.jobs import How
from mien.vlm.questions import read_files
from mien.vlm.running import run
from vlm_server import Server, says


def lines(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def set_with(rows: list[tuple[str, str, str]]) -> PreparedSet:
    class Prepared:
        table = ClipTable.from_rows(
            {"dataset": "casme2", "subject": s, "clip": c, "key": k, "fps": 200.0} for s, c, k in rows
        )

    return Prepared()  # type: ignore[return-value]


def test_names_in_files_are_matched_to_clips(tmp_path: Path) -> None:
    data = set_with(
        [("sub01", "EP1", "sub01_EP1"), ("sub02", "EP1", "sub02_EP1"), ("sub03", "EP9", "sub03_EP9")]
    )
    ask = {"question": "What is the coarse class?"}
    rows = read_files(
        [
            lines(
                tmp_path / "q.jsonl",
                [
                    {"filename": "EP1", "subject": "02", **ask},
                    {"video": "sub01_EP1", **ask},
                    {"video": "EP9", **ask},
                    {"video": "EP7", **ask},
                ],
            )
        ]
    )
    assert locate(data, rows) == {"EP1": 1, "sub01_EP1": 0, "EP9": 2}
    ambiguous = read_files([lines(tmp_path / "r.jsonl", [{"video": "EP1", **ask}])])
    assert locate(data, ambiguous) == {}


def counted(path: Path, **answers: str) -> Path:
    rows = []
    for video, total, n in (("1_001_2", "5", "4th"), ("2_003_1", "9", "7th")):
        for asked, answer in (
            ("How many expression events are there?", total),
            ("How many micro-expression events are there?", "2"),
            (f"What is the expression type of the {n} expression event?", "micro-expression"),
        ):
            rows.append(
                {
                    "video_id": "samm_test",
                    "video": video,
                    "question": asked,
                    "answer": answers.get(video, answer),
                }
            )
    return lines(path, rows)


def test_counts_that_the_text_gives_away_are_a_row_of_their_own(tmp_path: Path) -> None:
    truth = counted(tmp_path / "truth.jsonl")
    found = score_files([counted(tmp_path / "pred.jsonl")], [truth])
    scores = found["topics"]["count-all"]["scores"]
    assert scores["pred.jsonl"]["mae"]["value"] == 0
    assert scores[BOUND]["mae"]["value"] == 1.5
    assert BOUND not in found["topics"]["count-micro"]["scores"]


def test_answers_that_are_none_are_invalid(tmp_path: Path) -> None:
    truth = counted(tmp_path / "truth.jsonl")
    found = score_files([counted(tmp_path / "pred.jsonl", **{"1_001_2": "no idea"})], [truth])
    for topic in ("count-all", "count-micro", "event-type"):
        assert found["topics"][topic]["scores"]["pred.jsonl"]["invalid_rate"]["value"] == 0.5
    assert found["topics"]["event-type"]["scores"]["pred.jsonl"]["rouge1_f1"]["value"] == 0.5


def test_a_file_without_truths_scores_nothing(tmp_path: Path) -> None:
    empty = counted(tmp_path / "t.jsonl", **{"1_001_2": "", "2_003_1": ""})
    with pytest.raises(InputError, match="no true answers"):
        score_files([empty], [empty])


def test_two_files_are_scored_together_and_each_for_itself(tmp_path: Path) -> None:
    """As MEGC reports it: overall, SAMM and CAS(ME)^3."""
    files: dict[str, tuple[Path, Path]] = {}
    for name, truths, said in (("samm", "nps", "nps"), ("casme3", "nps", "nnn")):
        words = {"n": "negative", "p": "positive", "s": "surprise"}
        for kind, letters in (("truth", truths), ("pred", said)):
            rows = [
                {"video": f"{name}-{n}", "question": "What is the coarse class?", "answer": words[letter]}
                for n, letter in enumerate(letters)
            ]
            lines(tmp_path / f"me_vqa_{name}_{kind}.jsonl", rows)
        files[name] = (tmp_path / f"me_vqa_{name}_pred.jsonl", tmp_path / f"me_vqa_{name}_truth.jsonl")
    preds, truths_of = [pred for pred, _ in files.values()], [truth for _, truth in files.values()]
    coarse = score_files(preds, truths_of)["topics"]["coarse"]
    title = "me_vqa_samm_pred.jsonl + me_vqa_casme3_pred.jsonl"
    assert coarse["scores"][title]["uar"]["value"] == pytest.approx((1 + 0.5 + 0.5) / 3)
    for name, uar in (("samm", 1), ("casme3", 1 / 3)):
        assert coarse["databases"][name]["scores"][title]["uar"]["value"] == pytest.approx(uar)
        pred, truth = files[name]
        alone = score_files([pred], [truth])["topics"]["coarse"]["scores"][pred.name]
        assert coarse["databases"][name]["scores"][title] == alone
    with pytest.raises(UsageError, match="--truth"):
        score_files(preds, truths_of[:1])


def test_files_are_answered_without_videos_only_if_nothing_is_shown(
    server: Server, how: Callable[..., How], tmp_path: Path
) -> None:
    server.behaviour = lambda request, n: says(
        '{"answer": 3}' if "How many" in request.text else "macro-expression"
    )
    file = counted(tmp_path / "q.jsonl")
    for sources in ({}, {"data": "x", "videos": tmp_path}):
        with pytest.raises(UsageError, match="--videos"), job_of_files([file], how(), **sources):
            pass
    with job_of_files([file], how("none")) as (job, rows):
        outcome = run(job, tmp_path / "run")
    assert [one.value for one in outcome.given] == ["3", "3", "macro-expression"] * 2
    assert len(rows) == 6
    assert json.loads((tmp_path / "run" / "run.json").read_text())["text_leak"] == {
        "1_001_2": 4,
        "2_003_1": 7,
    }
    assert outcome.metrics["consistency"]["at least as many events as the question itself names"] == {
        "clips": 2, "broken": 1.0,
    }  # fmt: skip


def test_files_about_a_set_show_its_clips(
    server: Server, how: Callable[..., How], small_clips: PreparedSet, tmp_path: Path
) -> None:
    keys = small_clips.table.keys[:2].tolist()
    ask = {"question": "What is the coarse class?", "answer": "negative"}
    file = lines(tmp_path / "q.jsonl", [{"video": key, **ask} for key in (*keys, "elsewhere")])
    with job_of_files([file], how(controls=()), data=str(small_clips.path)) as (job, _):
        outcome = run(job, tmp_path / "run")
    assert [len(request.pictures) for request in server.requests] == [3, 3]
    assert len(outcome.gaps) == 1 and "elsewhere" in outcome.gaps[0]
