"""`mien analyse` on the videos that people have: each ends as stated, with a reason where it fails."""

from __future__ import annotations

import json
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import av
import cv2
import numpy as np
import pandas as pd
import pytest

from mien.cli.app import run
from portraits import picture, write_video

GREY = np.full((240, 320, 3), 90, np.uint8)


class Outcome(NamedTuple):
    code: int
    said: str
    frames: pd.DataFrame | None
    events: dict[str, Any] | None


@pytest.fixture
def analyse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Runs the command on one video without a model and films; reads what it wrote."""

    def go(video: Path, *more: str) -> Outcome:
        out = tmp_path / "out"
        code = run(["analyse", str(video), "--out", str(out), "--model", "none", "--no-films", *more])
        streams = capsys.readouterr()
        folder = out / video.stem
        if not (folder / "frames.csv").is_file():
            return Outcome(code, streams.out + streams.err, None, None)
        events = json.loads((folder / "events.json").read_text("utf-8"))
        return Outcome(code, streams.out + streams.err, pd.read_csv(folder / "frames.csv"), events)

    return go


def notes(outcome: Outcome) -> str:
    assert outcome.events is not None
    return " | ".join(outcome.events["notes"])


def test_a_plain_video_gives_its_candidate(
    brow_video: Path, tmp_path: Path, analyse: Callable[..., Outcome]
) -> None:
    done = analyse(brow_video)
    assert done.code == 0 and done.frames is not None and done.events is not None
    assert list(done.frames.columns[:5]) == ["frame", "timestamp", "face_id", "confidence", "success"]
    assert len(done.frames) == 120 and len(done.events["events"]) == 1
    assert (tmp_path / "out" / "brows" / "report.html").stat().st_size > 10_000
    assert analyse(brow_video).code == 0  # done before: nothing is done again


def test_the_model_that_comes_along_says_how_sure_it_is_and_what_it_is_worth(
    brow_video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["analyse", str(brow_video), "--out", str(tmp_path), "--no-films"]) == 0, (
        capsys.readouterr().err
    )
    (event,) = json.loads((tmp_path / "brows" / "events.json").read_text("utf-8"))["events"]
    assert set(event["prob"]) == {"negative", "positive", "surprise"}
    assert sum(event["prob"].values()) == pytest.approx(1)
    assert event["doubt"] >= 0 and len(event["nearest"]) == 3
    # Raised brows are what surprise is made of, in the databases.
    assert event["label"] == "surprise"
    report = (tmp_path / "brows" / "report.html").read_text("utf-8")
    for words in ("442", "made-up people", "false", "Article 5"):
        assert words in report


def test_the_example_shows_what_was_filmed(tmp_path: Path) -> None:
    """A micro-expression of 1+2 in frames 69 to 82, and a smile in 129 to 189, counted from 0."""
    video = Path(__file__).resolve().parents[2] / "examples" / "made-up-person.mp4"
    assert run(["analyse", str(video), "--out", str(tmp_path), "--no-films"]) == 0
    micro, macro = json.loads((tmp_path / video.stem / "events.json").read_text("utf-8"))["events"]
    assert (micro["kind"], macro["kind"]) == ("micro", "macro")
    assert abs(micro["apex_frame"] - 75) <= 2 and abs(macro["apex_frame"] - 151) <= 6
    assert micro["label"] == "surprise"


@pytest.mark.parametrize("moving", [False, True])
def test_no_face_is_an_error_with_cause_and_fix(
    moving: bool, tmp_path: Path, analyse: Callable[..., Outcome]
) -> None:
    def empty(time_s: float) -> np.ndarray:
        image = GREY.copy()
        if moving:
            cv2.circle(image, (60 + round(50 * time_s), 120), 40, (200, 180, 120), -1)
        return image

    refused = analyse(write_video(tmp_path / "empty.mp4", empty, seconds=1))
    assert refused.code == 3 and refused.frames is None
    assert "no face was found in any frame" in refused.said and "do:" in refused.said


def test_half_the_frames_lost_is_told_and_no_failure(tmp_path: Path, analyse: Callable[..., Outcome]) -> None:
    def half(time_s: float) -> np.ndarray:
        return picture(time_s) if time_s % 2 < 1 else GREY

    done = analyse(write_video(tmp_path / "half.mp4", half))
    assert done.code == 0 and done.frames is not None
    lost = done.frames[done.frames.success == 0]
    assert 0.48 < len(lost) / len(done.frames) < 0.58
    assert lost.lost.str.len().min() > 5 and lost.micro_score.isna().sum() > 0.5 * len(lost)
    assert "% of the frames show no usable face" in notes(done)


def test_two_people_one_is_followed_and_it_is_told(tmp_path: Path, analyse: Callable[..., Outcome]) -> None:
    def two(time_s: float) -> np.ndarray:
        other = cv2.resize(picture(0, seed=1)[20:220, 60:260], (160, 160), interpolation=cv2.INTER_AREA)
        image = np.full((240, 480, 3), 90, np.uint8)
        image[:, :320] = picture(time_s)
        image[60:220, 320:] = other
        return image

    video = write_video(tmp_path / "two.mp4", two, seconds=1.5)
    large = analyse(video)
    assert large.code == 0 and large.frames is not None
    assert "2 faces were seen: the one that is largest was followed" in notes(large)
    assert (large.frames.x < 200).all() and set(large.frames.face_id) == {0}
    right = analyse(video, "--face", "400,130")
    assert right.frames is not None and (right.frames.x > 320).all()


def test_fifteen_frames_per_second(tmp_path: Path, analyse: Callable[..., Outcome]) -> None:
    done = analyse(write_video(tmp_path / "slow.mp4", fps=15))
    assert done.code == 0 and done.frames is not None and len(done.frames) == 60
    assert "15 frames per second are few" in notes(done)
    assert done.frames.micro_px.max() > 0.4


def test_two_hundred_frames_per_second(tmp_path: Path, analyse: Callable[..., Outcome]) -> None:
    done = analyse(write_video(tmp_path / "fast.mp4", lambda t: picture(t + 1.5), fps=200, seconds=1.2))
    assert done.code == 0 and done.frames is not None and len(done.frames) == 240
    assert "motion was measured on every 3. frame" in notes(done)
    peak = done.frames.timestamp[done.frames.micro_px.idxmax()]
    assert 0.5 < peak < 0.9


def test_a_variable_rate_keeps_the_files_own_times(tmp_path: Path, analyse: Callable[..., Outcome]) -> None:
    times = [*np.arange(0, 1.9, 1 / 15), *np.arange(1.9, 3, 1 / 30), *np.arange(3, 4, 1 / 20)]
    done = analyse(write_video(tmp_path / "varying.mp4", times_s=times))
    assert done.code == 0 and done.frames is not None
    np.testing.assert_allclose(done.frames.timestamp, times, atol=0.002)
    assert "frame rate varies" in notes(done)
    assert 1.9 < done.frames.timestamp[done.frames.micro_px.idxmax()] < 2.5


@pytest.mark.parametrize("rotation_deg", [90, -90])
def test_a_portrait_video_of_a_phone_is_turned(
    rotation_deg: int, tmp_path: Path, analyse: Callable[..., Outcome]
) -> None:
    def lying(time_s: float) -> np.ndarray:
        upright = np.full((320, 240, 3), 90, np.uint8)
        upright[40:280] = picture(time_s)[:, 30:270]
        return np.rot90(upright, -rotation_deg // 90)

    done = analyse(write_video(tmp_path / "phone.mp4", lying, seconds=3, rotation_deg=rotation_deg))
    assert done.code == 0 and done.frames is not None and done.events is not None
    assert (done.events["video"]["width"], done.events["video"]["height"]) == (240, 320)
    assert done.frames.success.all() and done.frames.roll_deg.abs().max() < 15
    assert done.frames.height.mean() > done.frames.width.mean()


def test_sound_alone_is_no_video(tmp_path: Path, analyse: Callable[..., Outcome]) -> None:
    sound = tmp_path / "sound.m4a"
    with av.open(str(sound), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    refused = analyse(sound)
    assert refused.code == 3 and "the file holds no video" in refused.said
    with wave.open(str(tmp_path / "sound.wav"), "wb") as plain:
        plain.setparams((1, 2, 8000, 0, "NONE", ""))
        plain.writeframes(bytes(16000))
    assert analyse(tmp_path / "sound.wav").code == 3


def test_a_truncated_video_is_analysed_as_far_as_it_goes(
    brow_video: Path, tmp_path: Path, analyse: Callable[..., Outcome]
) -> None:
    # moov first, as cameras that stream write it: the rest can be cut off
    with (
        av.open(str(brow_video)) as source,
        av.open(str(tmp_path / "whole.mp4"), "w", options={"movflags": "faststart"}) as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    content = (tmp_path / "whole.mp4").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(content[: round(0.6 * len(content))])
    done = analyse(cut)
    assert done.code == 0 and done.frames is not None
    assert 20 < len(done.frames) < 110
    assert "what is missing was not analysed" in notes(done)
    without_index = tmp_path / "headless.mp4"
    without_index.write_bytes(brow_video.read_bytes()[:4000])
    assert analyse(without_index).code == 3


@pytest.mark.parametrize("content", [b"", b"this is no video\n" * 500, bytes(5000)])
def test_what_is_no_video_is_refused(content: bytes, tmp_path: Path, analyse: Callable[..., Outcome]) -> None:
    file = tmp_path / "renamed.mp4"
    file.write_bytes(content)
    refused = analyse(file)
    assert refused.code == 3
    assert ("the file is empty" if not content else "no video that can be read") in refused.said
    assert "Traceback" not in refused.said


def test_four_k_is_watched_smaller_and_told_in_its_own_pixels(
    tmp_path: Path, analyse: Callable[..., Outcome]
) -> None:
    def huge(time_s: float) -> np.ndarray:
        image = np.full((2160, 3840, 3), 90, np.uint8)
        image[600:1560, 1200:2480] = cv2.resize(picture(time_s), (1280, 960), interpolation=cv2.INTER_LINEAR)
        return image

    done = analyse(write_video(tmp_path / "huge.mp4", huge, fps=10, seconds=1.2, crf=28))
    assert done.code == 0 and done.frames is not None
    assert "of their size: the face needs no more" in notes(done)
    assert done.frames.success.all() and 360 < done.frames.width.mean() < 480
    assert 1500 < done.frames.x.mean() < 1800


def test_limits_can_be_set_and_are_kept(brow_video: Path, analyse: Callable[..., Outcome]) -> None:
    refused = analyse(brow_video, "--limit", "duration_s=1")
    assert refused.code == 3 and "longer than allowed" in refused.said
    assert analyse(brow_video, "--limit", "lenght=1").code == 2


@pytest.mark.parametrize(
    "wrong",
    [
        ("--exclude", "5"),
        ("--exclude", "5-2"),
        ("--baseline", "a-b"),
        ("--face", "left"),
        ("--limit", "n_frames"),
        ("--detector", "guess"),
        ("--detector", "softnet"),
        ("--recognise", "none"),
    ],
)
def test_a_wrong_call_is_code_2(
    wrong: tuple[str, str], brow_video: Path, analyse: Callable[..., Outcome]
) -> None:
    assert analyse(brow_video, *wrong).code == 2


def test_what_is_excluded_gives_no_candidate(brow_video: Path, analyse: Callable[..., Outcome]) -> None:
    done = analyse(brow_video, "--exclude", "1.8-2.8")
    assert done.code == 0 and done.events is not None and done.frames is not None
    assert done.events["events"] == []
    assert done.frames.excluded.sum() == 31


def test_a_queue_goes_past_a_bad_file_and_goes_on_where_it_was(
    brow_video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, out = tmp_path / "bad.mp4", tmp_path / "queue"
    bad.write_bytes(b"no")
    command = ["analyse", str(bad), str(brow_video), "--out", str(out), "--model", "none", "--no-films"]
    assert run(command) == 4
    said = capsys.readouterr().out
    assert "1 of 2 videos could not be analysed" in said and "failed" in said
    states = [one["state"] for one in json.loads((out / "status.json").read_text())]
    assert states == ["failed", "done"] and (out / "brows" / "events.csv").is_file()
    before = (out / "brows" / "events.csv").stat().st_mtime_ns
    assert run(command) == 4
    assert "done before" in capsys.readouterr().out
    assert (out / "brows" / "events.csv").stat().st_mtime_ns == before
    assert run(["analyse", str(bad), str(tmp_path / "gone.mp4"), *command[3:]]) == 3


@pytest.mark.slow
def test_a_killed_decoder_is_one_sentence(brow_video: Path, tmp_path: Path) -> None:
    """The program as people start it, with too little memory for its child."""
    done = subprocess.run(
        ["mien", "analyse", brow_video, "--out", tmp_path / "out", "--model", "none", "--limit",
         "child_bytes=200000000"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 3 and "Traceback" not in done.stderr
    assert done.stderr.splitlines()[1].startswith("error: ")
