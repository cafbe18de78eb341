"""The films: frame-locked on the source, whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis_cases import small_analysis
from mien.analysis.result import VideoAnalysis
from mien.errors import InputError
from mien.export.films import write_films
from mien.video.decoding import VideoFile
from mien.video.reading import iterate


@pytest.fixture(scope="module")
def variable(tmp_path_factory: pytest.TempPathFactory) -> VideoAnalysis:
    return small_analysis(tmp_path_factory.mktemp("variable"), variable=True)


def test_every_frame_of_the_overlay_is_the_analysed_one_at_its_time(
    variable: VideoAnalysis, tmp_path: Path
) -> None:
    source = Path(variable.source)
    (made,) = write_films(variable, source, tmp_path, overlay=True, clips=False)
    with VideoFile(source) as before, VideoFile(made) as after:
        assert before.timeline.variable_rate
        np.testing.assert_allclose(after.timeline.times_s, before.timeline.times_s, atol=1e-4)
    ours, theirs = ([dot_column(frame.image) for frame in iterate(path)] for path in (made, source))
    np.testing.assert_allclose(ours, theirs, atol=0.4)
    assert np.abs(np.diff(theirs)).max() > 0.6, "the dot must move for this test to say anything"


def dot_column(image: np.ndarray) -> float:
    """Where the bright dot of `small_analysis` stands; below the words and off the box's edges."""
    grey = image[42:49, 45:76].astype(float).mean(axis=(0, 2))
    bright = np.clip(grey - 110, 0, None)
    return float((bright * np.arange(len(bright))).sum() / bright.sum())


def test_clips_alone_are_cut_without_the_overlay(variable: VideoAnalysis, tmp_path: Path) -> None:
    made = write_films(variable, Path(variable.source), tmp_path, overlay=False, clips=True)
    assert [path.relative_to(tmp_path).as_posix() for path in made] == [
        "magnified/event-001-micro.mp4",
        "magnified/event-002-macro.mp4",
        "magnified/event-003-micro.mp4",
    ]
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(made)


def test_a_video_that_is_gone_is_told_and_leaves_nothing(variable: VideoAnalysis, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        write_films(variable, tmp_path / "gone.mp4", tmp_path / "out", overlay=True, clips=True)
    assert not (tmp_path / "out").exists()


def test_without_candidates_clips_need_no_video(variable: VideoAnalysis, tmp_path: Path) -> None:
    assert (
        write_films(replace(variable, events=()), tmp_path / "gone.mp4", tmp_path, overlay=False, clips=True)
        == []
    )


def test_a_frame_that_cannot_be_decoded_gets_a_slate_at_its_time(
    variable: VideoAnalysis, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.avi"
    n = _damage(Path(variable.source), damaged)
    (made,) = write_films(variable, damaged, tmp_path / "out", overlay=True, clips=False)
    lost: list[object] = []
    n_seen = sum(1 for _ in iterate(damaged, on_lost=lost.append))
    assert lost, "the damage must show for this test to say anything"
    with VideoFile(made) as after:
        assert len(after.timeline) == n_seen + len(lost) == n


def _damage(source: Path, target: Path) -> int:
    """The video coded with check sums and then spoilt in its middle; the number of its frames."""
    import av

    frames = list(iterate(source))
    with av.open(str(target), "w") as container:
        stream = container.add_stream("ffv1", rate=30, options={"level": "3", "slicecrc": "1", "g": "1"})
        stream.pix_fmt = "yuv420p"
        stream.height, stream.width = frames[0].image.shape[:2]
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame.image, format="rgb24")))
        container.mux(stream.encode())
    content = bytearray(target.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40] = bytes(range(40))
    target.write_bytes(content)
    return len(frames)
