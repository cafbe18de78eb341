"""mien.web.runner: a real analysis in its own process, and how it tells what went wrong."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from web_client import family_is_gone

from mien.web.child import RUNNER, Child, Failed
from mien.web.messages import Problem
from mien.web.runner import STAGES, Progress
from mien.web.settings import ServeSettings

WITHOUT_MODEL = (*RUNNER, "--model", "none")


def analysed(video: Path, out: Path, options: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages of a real run without a model, whose files are in `out`."""
    heard: list[dict[str, Any]] = []
    out.mkdir()
    order = {"video": str(video), "out": str(out), "name": "brows of a friend.mp4", "options": options}
    asyncio.run(Child(WITHOUT_MODEL, order, ServeSettings(), heard.append).run())
    return heard


def test_a_real_video_becomes_all_the_files_of_an_analysis(brow_video: Path, tmp_path: Path) -> None:
    heard = analysed(brow_video, tmp_path / "out", {"exclude": [[0.0, 0.5]]})
    assert heard[0] == {"stages": list(STAGES.values())}
    told = [message["stage"] for message in heard[1:]]
    assert list(dict.fromkeys(told)) == list(STAGES.values())
    files = {
        path.relative_to(tmp_path / "out").as_posix()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    wanted = {
        "events.json",
        "frames.csv",
        "events.csv",
        "dictionary.csv",
        "events.eaf",
        "overlay.mp4",
        "report.html",
    }
    assert wanted | {"pictures/event-001-flow.svg", "magnified/event-001-micro.mp4"} <= files
    text = (tmp_path / "out" / "events.json").read_text("utf-8")
    found = json.loads(text)
    assert (found["source"], found["settings"]["exclude"]) == ("brows of a friend.mp4", [[0.0, 0.5]])
    for file in ("events.json", "events.csv", "events.eaf", "report.html"):
        assert str(tmp_path) not in (tmp_path / "out" / file).read_text("utf-8"), "where it lay is told"
        assert str(brow_video.parent) not in (tmp_path / "out" / file).read_text("utf-8"), (
            "where it lay is told"
        )


def test_what_is_no_video_fails_in_words_without_a_path(tmp_path: Path) -> None:
    (tmp_path / "upload").write_text("I am a text. " * 100)
    with pytest.raises(Failed) as failed:
        analysed(tmp_path / "upload", tmp_path / "out", {})
    problem = failed.value.problem
    assert "no video" in problem.what
    assert "fault of Mien" not in problem.what
    assert str(tmp_path) not in problem.model_dump_json()


def test_a_model_that_cannot_be_used_is_told_before_the_video_is_watched(
    brow_video: Path, tmp_path: Path
) -> None:
    (tmp_path / "model").write_text("no weights")
    heard: list[dict[str, Any]] = []
    order = {"video": str(brow_video), "out": str(tmp_path), "name": "v", "options": {}}
    command = (*RUNNER, "--model", str(tmp_path / "model"))
    with pytest.raises(Failed) as failed:
        asyncio.run(Child(command, order, ServeSettings(), heard.append).run())
    assert isinstance(failed.value.problem, Problem)
    assert STAGES["watch"] not in [message.get("stage") for message in heard]


def test_past_its_time_it_is_gone_and_its_decoder_too(tmp_path: Path) -> None:
    from portraits import picture, write_video

    (tmp_path / "out").mkdir()
    still = picture(0.0)
    video = write_video(tmp_path / "long.mp4", lambda time_s: still, seconds=120)
    order = {"video": str(video), "out": str(tmp_path / "out"), "name": "v", "options": {}}
    leaders: list[int] = []

    def hear(message: dict[str, Any]) -> None:
        if message.get("stage") == STAGES["watch"] and not leaders:
            me = psutil.Process()
            leaders.extend(each.pid for each in me.children() if "mien.web.runner" in each.cmdline())
            assert len(psutil.Process(leaders[0]).children(recursive=True)) >= 1

    with pytest.raises(Failed, match="longer than allowed"):
        asyncio.run(Child(WITHOUT_MODEL, order, ServeSettings(job_s=7), hear).run())
    assert leaders and family_is_gone(leaders[0])


def test_it_leaves_when_the_server_is_gone(brow_video: Path, tmp_path: Path) -> None:
    order = {"video": str(brow_video), "out": str(tmp_path / "out"), "name": "v", "options": {}}
    process = subprocess.Popen(
        [*WITHOUT_MODEL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps(order).encode() + b"\n")
    process.stdin.flush()
    assert b"stages" in process.stdout.readline()
    begin = time.monotonic()
    process.stdin.close()
    assert process.wait(10) != 0
    assert time.monotonic() - begin < 5


def test_progress_is_told_at_every_stage_and_not_too_often() -> None:
    told: list[dict[str, object]] = []
    progress = Progress(lambda **message: told.append(message))
    for done in range(1001):
        progress("watch", done, 1000)
    progress("spot", 0, 1)
    assert told[0] == {"stage": STAGES["watch"], "done": 0, "total": 1000}
    assert {"stage": STAGES["watch"], "done": 1000, "total": 1000} in told
    assert told[-1]["stage"] == STAGES["spot"]
    assert len(told) < 20


def test_what_libraries_print_does_not_reach_the_messages() -> None:
    code = "import mien.web.runner as r\norder, tell = r._line_to_the_server()\nprint('hello')\n"
    code += "import os; os.system('echo hello')\ntell(stage='x', done=order['n'], total=1)\n"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(b'{"n": 7}\n')
        process.stdin.flush()
        assert json.loads(process.stdout.read()) == {"stage": "x", "done": 7, "total": 1}
