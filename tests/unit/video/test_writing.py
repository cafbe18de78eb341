"""Writing videos: what was written is read back, frame by frame, at its time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.errors import UsageError
from mien.video.decoding import VideoFile
from mien.video.frame import Frame
from mien.video.probing import probe
from mien.video.writing import VideoWriter


def picture(number: int) -> np.ndarray:
    """A smooth picture whose brightness is its number."""
    slope = np.linspace(0, 60, 96)[None, :, None] * [1.0, 0.8, 0.6]
    return np.broadcast_to(slope + 4 * number, (64, 96, 3)).astype(np.uint8)


def write(path: Path, n: int = 30, fps: float = 30.0) -> Path:
    with VideoWriter(path, fps, (96, 64)) as writer:
        for number in range(n):
            writer.write(picture(number))
    return path


@pytest.mark.parametrize("fps", [30.0, 29.97, 200.0])
def test_frames_and_times_are_read_back(tmp_path: Path, fps: float) -> None:
    path = write(tmp_path / "new" / "a.mp4", fps=fps)
    with VideoFile(path) as video:
        assert (video.n_frames, video.size, video.codec) == (30, (96, 64), "h264")
        for index, frame in enumerate(video.frames()):
            assert isinstance(frame, Frame)
            assert frame.time_s == pytest.approx(index / fps, abs=2e-3)
            assert np.abs(frame.image.astype(float) - picture(index)).mean() < 2
    assert probe(path).fps == pytest.approx(fps, rel=1e-3)
    assert [file.name for file in path.parent.iterdir()] == ["a.mp4"]


def test_the_same_pictures_give_the_same_bytes(tmp_path: Path) -> None:
    assert write(tmp_path / "a.mp4").read_bytes() == write(tmp_path / "b.mp4").read_bytes()


def test_after_an_error_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), VideoWriter(tmp_path / "a.mp4", 30.0, (96, 64)) as writer:
        writer.write(picture(0))
        raise RuntimeError
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("fps", "size"), [(0.0, (96, 64)), (30.0, (95, 64)), (30.0, (0, 0))])
def test_what_cannot_be_written_is_refused(tmp_path: Path, fps: float, size: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="frame rate"):
        VideoWriter(tmp_path / "a.mp4", fps, size)
    assert not list(tmp_path.iterdir())
