"""Time stamps from packets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien.errors import InputError
from mien.video.decoding import VideoFile
from mien.video.limits import Limits

STEPS_MS = [33, 10, 50, 7, 100]


def test_a_constant_rate(plain_video: Path) -> None:
    with VideoFile(plain_video) as video:
        timeline = video.timeline
    assert len(timeline) == 90 and not timeline.cut and not timeline.variable_rate
    np.testing.assert_allclose(timeline.times_s, np.arange(90) / 30)
    assert timeline.fps == pytest.approx(30) and timeline.duration_s == pytest.approx(3.0)
    keys = np.flatnonzero(timeline.key)
    assert keys[0] == 0 and len(keys) == 4 and np.diff(keys).max() <= 24


def test_a_variable_rate_is_kept_as_it_is(tmp_path: Path, write_video: Callable[..., Path]) -> None:
    times_ms = np.cumsum([0, *STEPS_MS * 6])
    path = write_video(tmp_path / "v.mp4", len(times_ms), times_ms=times_ms.tolist(), bf="3")
    with VideoFile(path) as video:
        timeline = video.timeline
    assert timeline.variable_rate
    np.testing.assert_allclose(timeline.times_s * 1000, times_ms, atol=0.51)


def test_rounding_to_milliseconds_makes_no_variable_rate(
    tmp_path: Path, write_video: Callable[..., Path]
) -> None:
    with VideoFile(write_video(tmp_path / "v.mkv", 31)) as video:
        steps = np.diff(video.timeline.pts)
        assert set(steps.tolist()) == {33, 34}
        assert not video.timeline.variable_rate


def test_a_single_frame_has_no_rate(tmp_path: Path, write_video: Callable[..., Path]) -> None:
    with VideoFile(write_video(tmp_path / "v.mp4", 1)) as video:
        assert np.isnan(video.timeline.fps) and not video.timeline.variable_rate


@pytest.mark.parametrize(
    ("limits", "found"),
    [(Limits(n_frames=89), "90 frames, at most 89"), (Limits(duration_s=2.9), "3 s, at most 2.9")],
)
def test_too_long_is_refused(plain_video: Path, limits: Limits, found: str) -> None:
    with pytest.raises(InputError, match=found):
        VideoFile(plain_video, limits)
