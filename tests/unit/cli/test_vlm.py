"""`mien vlm`: what it prints and writes, who has to agree, and each wrong call with its code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mien.prepare.prepared import PreparedSet
from mien.vlm.endpoint import KEY_VARIABLE
from vlm_server import Reply, Server, says

ELSEWHERE = "https://example.org/v1"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with Server(lambda request, n: says('{"answer": "negative"}')).running() as running:
        yield running


@pytest.fixture
def ask(mien: Callable, server: Server, small_set: PreparedSet, tmp_path: Path) -> Callable:
    """Call `mien vlm ask` about four clips of the small set; the run is `tmp_path / "run"`."""

    def call(*more: object, topic: str = "micro-expression", url: str = server.url) -> tuple[int, str, str]:
        task = [] if topic == "action-units" else ["--task", "megc-3"]
        fixed = ["--endpoint", url, "--model", "tiny", "--out", tmp_path / "run", "--data", small_set.path]
        given = [*fixed, "--clips", 4, "--encoding", "flow", "--set", "first_wait_s=0", "--set", "tries=2"]
        return mien("vlm", "ask", topic, *given, *task, *more)

    return call


def test_a_run_is_told_with_its_baselines(ask: Callable, server: Server, tmp_path: Path) -> None:
    code, out, err = ask()
    assert code == 0, err
    for row in ("the model ", "the model without pictures", "majority", "prior", "uniform"):
        assert row in out
    assert str(tmp_path / "run") in out
    assert "LEAVE" not in err
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    accuracy = metrics["topics"]["micro-expression"]["scores"]["the model"]["accuracy"]["value"]
    assert f"{accuracy:.3f}" in out
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["options"]["endpoint"] == server.url
    assert "openai" in record["versions"]


def test_a_page_is_made_of_a_run(ask: Callable, mien: Callable, tmp_path: Path) -> None:
    assert ask()[0] == 0
    code, out, err = mien("report", tmp_path / "run")
    assert (code, err) == (0, "") and out == f"report: {tmp_path / 'run' / 'report.html'}\n"
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "the model without pictures" in page and "Which of these is it" in page


def test_repeating_a_finished_command_asks_nothing(ask: Callable, server: Server, tmp_path: Path) -> None:
    first = ask()
    kept = (tmp_path / "run" / "predictions.csv").read_bytes()
    server.requests.clear()
    assert ask()[:2] == first[:2]
    assert server.requests == []
    assert (tmp_path / "run" / "predictions.csv").read_bytes() == kept


@pytest.mark.parametrize("form", ["open", "choice", "judge", "rank"])
def test_every_form(ask: Callable, form: str) -> None:
    code, out, err = ask("--form", form)
    assert code == 0, err
    assert ("yes rate" if form == "judge" else "accuracy") in out


def test_action_units(ask: Callable, server: Server) -> None:
    server.behaviour = lambda request, n: says('{"answer": [4, 7]}')
    code, out, err = ask(topic="action-units")
    assert code == 0, err
    for word in ("micro f1", "jaccard", "exact match"):
        assert word in out


def test_orders_tell_a_position_bias(ask: Callable, server: Server) -> None:
    server.behaviour = lambda request, n: says(request.text.split("is it: ")[1].split(",")[0])
    code, out, _ = ask("--orders", 3, "--control", "off")
    assert code == 0
    assert "changes with the order of the options for 100% of the clips" in out


def test_clips_are_not_sent_elsewhere_without_consent(ask: Callable, tmp_path: Path) -> None:
    code, _, err = ask(url=ELSEWHERE)
    assert code == 2
    assert "--i-may-send-these-clips" in err and "example.org" in err and "licence" in err
    assert not (tmp_path / "run").exists()


def test_with_consent_the_warning_stays_and_a_key_is_wanted(ask: Callable, tmp_path: Path) -> None:
    code, _, err = ask("--i-may-send-these-clips", url=ELSEWHERE)
    assert code == 2
    assert "LEAVE THIS MACHINE" in err and KEY_VARIABLE in err


def test_gaps_are_code_4_and_listed(ask: Callable, server: Server) -> None:
    server.behaviour = lambda request, n: Reply(b"", 500) if n in (1, 2) else says("negative")
    code, _, err = ask("--control", "off")
    assert code == 4
    assert "unanswered: 1 questions" in err and "500" in err
    code, _, _ = ask("--control", "off")
    assert code == 0


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (["--endpoint", "nowhere"], "--endpoint"),
        (["--endpoint", "https://user:word@example.org/v1"], KEY_VARIABLE),
        (["--encoding", "hologram"], "overlay"),
        (["--control", "twice"], "shuffled"),
        (["--set", "temprature=1"], "temprature"),
        (["--set", "tries=0"], "tries"),
        (["--set", "tries"], "KEY=VALUE"),
        (["--form", "riddle"], "judge"),
        (["--form", "open", "--orders", "3"], "orders"),
        (["--data", "nowhere"], "nowhere"),
        (["--task", "megc3"], "megc-3"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_call_is_code_2_and_asks_nothing(
    ask: Callable, server: Server, args: list[str], named: str
) -> None:
    code, _, err = ask(*args)
    assert code == 2, err
    assert named in err
    assert server.requests == []


def test_an_endpoint_has_no_default(mien: Callable, tmp_path: Path) -> None:
    code, _, err = mien("vlm", "ask", "expression", "--data", "x", "--model", "m", "--out", tmp_path)
    assert code == 2
    assert "--endpoint" in err


MEGC = (("What is the coarse class?", "negative"), ("What are the action units?", "brow lowerer"))


def megc_file(folder: Path, answer: str) -> Path:
    path = folder / "me_vqa_samm_v2_test_to_answer.jsonl"
    rows = [
        {"video_id": f"samm_{clip}", "video": clip, "question": question, "answer": answer and truth}
        for clip in ("SAMM-1", "SAMM-2")
        for question, truth in MEGC
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def answering(request: object, n: int) -> Reply:
    return says('{"answer": "negative"}' if "coarse" in request.text else '{"answer": [4]}')  # type: ignore[attr-defined]


@pytest.mark.parametrize("answers", ["", "known"])
def test_megc_files_come_back_answered(mien: Callable, server: Server, tmp_path: Path, answers: str) -> None:
    server.behaviour = answering
    file = megc_file(tmp_path, answers)
    fixed = ["--endpoint", server.url, "--model", "tiny", "--encoding", "none", "--out", tmp_path / "run"]
    code, out, err = mien("vlm", "megc", file, *fixed)
    assert code == 0, err
    written = tmp_path / "run" / "me_vqa_samm_v2_test_pred.jsonl"
    assert str(written) in out
    assert [json.loads(line)["answer"] for line in written.read_text().splitlines()] == [
        "negative",
        "brow lowerer",
    ] * 2
    assert ("rouge" in (tmp_path / "run" / "metrics.json").read_text()) == bool(answers)
    assert ("nothing was scored" in out) != bool(answers)
    if answers:
        code, out, _ = mien("vlm", "score", written, "--truth", file, "--out", tmp_path / "scores.json")
        assert code == 0 and "1.000" in out
        assert json.loads((tmp_path / "scores.json").read_text())["topics"]["units"]["n_questions"] == 2


def test_two_databases_have_a_table_for_each(mien: Callable, tmp_path: Path) -> None:
    files = []
    for name in ("samm", "casme3"):
        path = tmp_path / f"me_vqa_{name}_test_pred.jsonl"
        rows = [{"video": f"{name}-{n}", "question": MEGC[0][0], "answer": "negative"} for n in range(3)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        files.append(path)
    code, out, err = mien("vlm", "score", *files, "--truth", files[0], "--truth", files[1])
    assert code == 0, err
    for title in ("coarse: 6 questions", "coarse, samm: 3 questions", "coarse, casme3: 3 questions"):
        assert title in out
    code, _, err = mien("vlm", "score", *files, "--truth", files[0])
    assert code == 2 and "--truth" in err


def test_what_would_be_sent_is_written_and_nothing_is_sent(
    mien: Callable, server: Server, small_set: PreparedSet, tmp_path: Path
) -> None:
    key = small_set.table.keys[0]
    given = ["--data", small_set.path, "--clip", key, "--encoding", "flow", "--out", tmp_path / "x"]
    code, out, err = mien("vlm", "show", "action-units", *given)
    assert code == 0, err
    assert "AU12 (lip corner puller)" in out
    assert sorted(path.name for path in (tmp_path / "x").iterdir()) == ["1.png", "words.txt"]
    assert server.requests == []


def test_the_encodings_are_listed(mien: Callable) -> None:
    code, out, _ = mien("vlm", "encodings")
    assert code == 0
    assert all(name in out for name in ("apex", "strip", "frames", "flow", "overlay", "numbers", "none"))
