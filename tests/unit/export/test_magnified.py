"""Magnified clips: the right frames, in bounded memory, with larger motion."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.analysis.result import Event, FrameRow, VideoAnalysis
from mien.export.magnified import LEAD_S, MOST_FRAMES, SIDE_PX, SLOWER, band, event_clips
from mien.video.reading import iterate


def test_a_clip_wants_the_frames_around_its_candidate(analysis: VideoAnalysis) -> None:
    for clip, event in zip(event_clips(analysis), analysis.events, strict=True):
        times = [analysis.frames[i].timestamp for i in clip.wanted]
        assert times[0] >= event.onset_s - LEAD_S
        assert times[-1] <= event.offset_s + LEAD_S
        assert {event.onset_frame, event.apex_frame, event.offset_frame} <= set(clip.wanted)


def test_of_a_long_candidate_every_nth_frame_is_held(analysis: VideoAnalysis) -> None:
    rows = tuple(replace(analysis.frames[0], frame=i, timestamp=i / 200) for i in range(2000))
    event = replace(analysis.events[1], onset_frame=100, offset_frame=1500, onset_s=0.5, offset_s=7.5)
    (clip,) = event_clips(replace(analysis, frames=rows, events=(event,)))
    assert len(clip.wanted) <= MOST_FRAMES
    assert clip.wanted[-1] > 1500


def test_without_a_box_there_is_no_clip(analysis: VideoAnalysis) -> None:
    rows = tuple(FrameRow(r.frame, r.timestamp, -1, 0.0, False, "gone") for r in analysis.frames)
    assert list(event_clips(replace(analysis, frames=rows))) == []


@pytest.mark.parametrize("fps", [5.0, 15.0, 30.0, 200.0])
@pytest.mark.parametrize("duration_s", [0.0, 0.04, 0.3, 5.0])
def test_the_band_always_fits_the_frame_rate(fps: float, duration_s: float) -> None:
    how = band(duration_s, fps)
    assert 0 < how.low_hz < how.high_hz <= fps / 2


def test_the_film_shows_larger_motion_beside_the_filmed_one_slower(tmp_path: Path) -> None:
    rows = tuple(FrameRow(i, i / 30, 0, 1.0, True, x=10, y=10, width=60, height=60) for i in range(40))
    event = Event(1, "micro", 5.0, 14, 18, 24, 14 / 30, 18 / 30, 24 / 30)
    (clip,) = event_clips(VideoAnalysis("v.mp4", {}, rows, (event,), {}, {}, {}, {}))
    columns = np.arange(80)[None, :]
    for i in range(40):
        shift = 0.5 * np.exp(-(((i - 18) / 3) ** 2))
        wave = 128 + 60 * np.sin((columns - shift) / 6)
        clip.see(np.repeat(np.repeat(wave, 80, axis=0)[..., None], 3, axis=2).astype(np.uint8), i, i / 30)
    clip.write(tmp_path / "clip.mp4")
    frames = list(iterate(tmp_path / "clip.mp4"))
    assert frames[0].image.shape == (SIDE_PX + 24, 2 * SIDE_PX, 3)
    assert [f.time_s for f in frames[:2]] == pytest.approx([0, SLOWER / 30], abs=1e-4)
    apex = list(clip.wanted).index(18)
    change = np.abs(frames[apex].image[:SIDE_PX].astype(float) - frames[0].image[:SIDE_PX]).mean(axis=(0, 2))
    assert change[SIDE_PX:].mean() > 3 * change[:SIDE_PX].mean()
    assert clip.pictures == []
