"""The queue: a status for each video, one bad file stops none, what is done is not done again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mien.analysis.queue import DONE, STATUS, folder_names, run_queue
from mien.analysis.result import VideoAnalysis
from mien.errors import InputError, MienError, UsageError


def analysis_of(path: Path) -> VideoAnalysis:
    if "bad" in path.name:
        raise InputError("no face was found", where=path, found="90 frames")
    return VideoAnalysis(str(path), {}, (), (), {}, {}, {}, {})


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Any]:
    """Runs a queue of files of these names; gives the statuses and the names that were analysed."""

    def go(*names: str, made_of: dict[str, Any] | None = None, analyse: Callable = analysis_of) -> Any:
        videos, done = [], []
        for name in names:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            if not (tmp_path / name).exists():
                (tmp_path / name).write_text(name)
            videos.append(tmp_path / name)

        def noted(path: Path) -> VideoAnalysis:
            done.append(path.name)
            return analyse(path)

        def export(analysis: VideoAnalysis, folder: Path) -> None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "events.csv").write_text(analysis.source)

        outcomes = list(run_queue(videos, tmp_path / "out", noted, export, made_of or {"a": 1}))
        return outcomes, done

    return go


def test_one_bad_file_does_not_stop_the_others(run: Callable, tmp_path: Path) -> None:
    outcomes, _ = run("a.mp4", "bad.mp4", "c.mp4")
    assert [status.state for status, _ in outcomes] == ["done", "failed", "done"]
    assert isinstance(outcomes[1][1], InputError)
    assert outcomes[1][0].reason == "no face was found (90 frames)"
    told = json.loads((tmp_path / "out" / STATUS).read_text())
    assert [one["state"] for one in told] == ["done", "failed", "done"]
    assert (tmp_path / "out" / "c" / "events.csv").is_file() and not (tmp_path / "out" / "bad").exists()


def test_what_is_done_is_skipped_until_file_or_settings_change(run: Callable, tmp_path: Path) -> None:
    run("a.mp4", "b.mp4")
    outcomes, done = run("a.mp4", "b.mp4")
    assert done == [] and all(status.skipped and status.state == "done" for status, _ in outcomes)
    (tmp_path / "a.mp4").write_text("another film")
    assert run("a.mp4", "b.mp4")[1] == ["a.mp4"]
    assert run("a.mp4", "b.mp4", made_of={"a": 2})[1] == ["a.mp4", "b.mp4"]


def test_a_killed_queue_goes_on(run: Callable, tmp_path: Path) -> None:
    def killed(path: Path) -> VideoAnalysis:
        if path.name == "b.mp4":
            raise KeyboardInterrupt
        return analysis_of(path)

    with pytest.raises(KeyboardInterrupt):
        run("a.mp4", "b.mp4", analyse=killed)
    assert [one["state"] for one in json.loads((tmp_path / "out" / STATUS).read_text())] == [
        "done",
        "running",
    ]
    assert run("a.mp4", "b.mp4")[1] == ["b.mp4"]


def test_a_damaged_record_is_not_believed(run: Callable, tmp_path: Path) -> None:
    run("a.mp4")
    (tmp_path / "out" / "a" / DONE).write_text("{")
    assert run("a.mp4")[1] == ["a.mp4"]


def test_faults_of_ours_and_wrong_calls_stop_it(run: Callable) -> None:
    def wrong(path: Path) -> VideoAnalysis:
        raise UsageError("no such thing")

    with pytest.raises(MienError, match="no such thing"):
        run("a.mp4", analyse=wrong)


def test_folders_have_the_names_of_the_videos(tmp_path: Path) -> None:
    named = [Path("x/a.mp4"), Path("x/a.mov"), Path("y/a.mov"), Path("b.mp4")]
    assert folder_names(named) == ["a.mp4", "a.mov", "a.mov-2", "b"]
    with pytest.raises(UsageError, match="twice"):
        folder_names([Path("a.mp4"), Path("x/../a.mp4")])
