"""A video read through a child process: the same frames, and one clear error when the child is gone."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien.errors import InputError
from mien.video.decoding import VideoFile
from mien.video.frame import Frame, Lost
from mien.video.isolated import IsolatedVideo
from mien.video.limits import Limits
from mien.video.probing import probe


def test_frames_times_and_facts_are_those_of_the_file(plain_video: Path) -> None:
    with IsolatedVideo(plain_video) as isolated, VideoFile(plain_video) as direct:
        assert isolated.facts == probe(plain_video)
        assert isolated.times_s.tolist() == direct.timeline.times_s.tolist()
        for ours, theirs in zip(isolated.frames(), direct.frames(), strict=True):
            assert isinstance(ours, Frame) and isinstance(theirs, Frame)
            assert (ours.index, ours.time_s) == (theirs.index, theirs.time_s)
            assert np.array_equal(ours.image, theirs.image)


def test_chosen_frames_again_and_smaller(plain_video: Path, shown_number: Callable[..., int]) -> None:
    with IsolatedVideo(plain_video) as video:
        begun = video.frames()
        next(begun)
        picked = list(video.frames([70, 3, 99]))
        assert [shown_number(f.image) for f in picked if isinstance(f, Frame)] == [3, 70]
        assert isinstance(picked[-1], Lost) and picked[-1].number == 99
        assert list(begun) == []  # a new iterator ends the one before
        (small,) = video.frames([5], longest_px=80)
        assert isinstance(small, Frame) and small.image.shape == (32, 80, 3)


def test_nothing_is_left_behind(plain_video: Path) -> None:
    shared = Path("/dev/shm")
    before = set(shared.iterdir()) if shared.is_dir() else set()
    with IsolatedVideo(plain_video) as video:
        next(video.frames())
        child = video.pid
    assert not shared.is_dir() or set(shared.iterdir()) <= before
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_refused_file_is_refused_with_the_words_of_the_file(tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("this is no video\n" * 100)
    with pytest.raises(InputError, match="no video that can be read"):
        IsolatedVideo(text)


def test_a_child_that_dies_gives_one_reason(plain_video: Path) -> None:
    with IsolatedVideo(plain_video) as video:
        frames = video.frames()
        next(frames)
        os.kill(video.pid, signal.SIGKILL)
        with pytest.raises(InputError, match=r"process that decodes[\s\S]*SIGKILL"):
            list(frames)
        with pytest.raises(InputError, match="process that decodes"):
            list(video.frames())


def test_a_child_that_hangs_is_given_up(plain_video: Path) -> None:
    with IsolatedVideo(plain_video, Limits(silence_s=10)) as video:
        video.limits = Limits(silence_s=0.3)
        os.kill(video.pid, signal.SIGSTOP)
        with pytest.raises(InputError, match="hangs"):
            list(video.frames())


def test_a_child_without_memory_says_so(plain_video: Path) -> None:
    with pytest.raises(InputError, match=r"memory|process that decodes"):
        IsolatedVideo(plain_video, Limits(child_bytes=200_000_000))
