"""mien.web.child: what it hears, and that nothing of it stays whatever happens."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from web_client import FAKE, family_is_gone

from mien.web.child import Child, Failed
from mien.web.settings import ServeSettings


def run(tmp_path: Path, what: str, command: tuple[str, ...] = FAKE, **settings: Any) -> list[dict[str, Any]]:
    """The messages of one run; the "video" says what the stand-in does."""
    heard: list[dict[str, Any]] = []
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "video").write_text(what)
    order = {"video": str(tmp_path / "video"), "out": str(out), "name": "v", "options": {}}
    asyncio.run(Child(command, order, ServeSettings(**settings), heard.append).run())
    return heard


def pid_of(tmp_path: Path) -> int:
    return int((tmp_path / "out" / "started").read_text())


def test_a_run_that_works_tells_its_stages_and_progress(tmp_path: Path) -> None:
    heard = run(tmp_path, "ok")
    assert heard[0]["stages"][1] == "follow the face"
    assert {"stage": "recognise", "done": 360, "total": 360} in heard
    assert (tmp_path / "out" / "events.json").is_file()


def test_done_with_gaps_is_done_and_warns(tmp_path: Path) -> None:
    assert run(tmp_path, "count")[-1] == {"warning": "the movie with the overlay could not be written"}


def test_what_is_no_message_is_passed_over(tmp_path: Path) -> None:
    assert all(isinstance(message, dict) for message in run(tmp_path, "noise"))


def test_its_own_words_say_why_it_failed(tmp_path: Path) -> None:
    with pytest.raises(Failed) as failed:
        run(tmp_path, "fail")
    problem = failed.value.problem
    assert (problem.what, problem.found, problem.do) == (
        "there is no face in this video",
        "0 of 360 frames",
        "film a face",
    )


def test_an_end_without_words_is_told_by_how_it_ended(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="ended from outside") as failed:
        run(tmp_path, "crash")
    assert failed.value.problem.found == "signal 6"


def test_a_fault_goes_to_the_terminal_and_no_path_to_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Failed, match="fault of Mien") as failed:
        run(tmp_path, "x", (FAKE[0], "-c", "raise RuntimeError('/secret/place')"))
    assert "secret" not in failed.value.problem.model_dump_json()
    assert "/secret/place" in capsys.readouterr().err


@pytest.mark.parametrize("what", ["hang", "fork"])
def test_past_its_time_it_is_ended_with_all_it_started(tmp_path: Path, what: str) -> None:
    begin = time.monotonic()
    with pytest.raises(Failed, match="longer than allowed") as failed:
        run(tmp_path, what, job_s=1.5)
    assert failed.value.problem.found == "more than 1.5 s"
    assert time.monotonic() - begin < 6
    assert family_is_gone(pid_of(tmp_path))


def test_past_its_memory_it_is_ended(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="more memory"):
        run(tmp_path, "grow", job_bytes=400_000_000)
    assert family_is_gone(pid_of(tmp_path))


def test_past_its_room_it_is_ended(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="wrote more"):
        run(tmp_path, "flood", result_bytes=1_000_000)


def test_a_grandchild_that_outlives_it_neither_stays_nor_holds_the_server_up(tmp_path: Path) -> None:
    code = "import os, subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    code += "import json; print(json.dumps({'warning': str(os.getpid())}), flush=True)"
    begin = time.monotonic()
    heard = run(tmp_path, "x", (FAKE[0], "-c", code))
    assert time.monotonic() - begin < 10
    assert family_is_gone(int(heard[0]["warning"]))


def test_killed_before_it_started_it_does_not_run_on(tmp_path: Path) -> None:
    (tmp_path / "video").write_text("hang")
    order = {"video": str(tmp_path / "video"), "out": str(tmp_path), "name": "v", "options": {}}
    child = Child(FAKE, order, ServeSettings(), lambda message: None)
    child.kill()
    with pytest.raises(Failed, match="ended from outside"):
        asyncio.run(child.run())
