"""MP4 files whose frames stand where they were put."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.export.encoding import TICK_S, mp4
from mien.video.decoding import VideoFile
from mien.video.reading import iterate

TIMES_S = (0.0, 0.04, 0.1, 0.101, 0.35, 0.4)


def test_times_are_kept_where_the_rate_varies_and_odd_sides_grow_by_one(tmp_path: Path) -> None:
    with mp4(tmp_path / "new" / "film.mp4", 15.0) as film:
        for level, time_s in enumerate(TIMES_S):
            film.add(np.full((45, 61, 3), 40 * level, np.uint8), time_s)
    with VideoFile(tmp_path / "new" / "film.mp4") as video:
        np.testing.assert_allclose(video.timeline.times_s, TIMES_S, atol=float(TICK_S))
        assert video.size == (62, 46)
    levels = [frame.image[:40, :40].mean() for frame in iterate(tmp_path / "new" / "film.mp4")]
    np.testing.assert_allclose(levels, 40 * np.arange(6), atol=4)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["film.mp4"]


def test_a_film_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"old")
    with pytest.raises(RuntimeError, match="stop"), mp4(tmp_path / "film.mp4", 30.0) as film:
        film.add(np.zeros((16, 16, 3), np.uint8), 0.0)
        raise RuntimeError("stop")
    assert (tmp_path / "film.mp4").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1
