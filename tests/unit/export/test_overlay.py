"""What is drawn on a frame, and where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.analysis.result import FrameRow, VideoAnalysis
from mien.export.overlay import COLOURS, Overlay

GROUND = np.full((240, 320, 3), 128, np.uint8)


def near(picture: np.ndarray, colour: tuple[int, ...], within: int = 30) -> np.ndarray:
    return (np.abs(picture.astype(int) - colour) < within).all(axis=-1)


def test_the_box_is_drawn_where_the_face_is_and_the_face_is_left_free(analysis: VideoAnalysis) -> None:
    row = replace(analysis.frames[0], x=100.0, y=80.0, width=90.0, height=100.0)
    drawn = Overlay(replace(analysis, frames=(row, *analysis.frames[1:]))).draw(GROUND, 0)
    green = near(drawn[:240], (120, 220, 140))
    rows, columns = np.nonzero(green)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (80, 180, 100, 190)
    np.testing.assert_array_equal(drawn[90:170, 110:180], GROUND[90:170, 110:180])


def test_a_candidate_is_named_while_it_lasts(analysis: VideoAnalysis) -> None:
    event = analysis.events[0]
    overlay = Overlay(analysis)
    inside, outside = (
        near(overlay.draw(GROUND, index)[:60], COLOURS["micro"]).sum()
        for index in (event.apex_frame, event.offset_frame + 1)
    )
    assert inside > 50
    assert outside == 0


def test_the_strip_lies_below_the_picture_and_shows_the_bands_around_now(analysis: VideoAnalysis) -> None:
    event = analysis.events[0]
    drawn = Overlay(analysis).draw(GROUND, event.apex_frame)
    assert drawn.shape == (240 + 48, 320, 3)
    band = near(drawn[240:], tuple(0.45 * part for part in COLOURS["micro"]), 12)
    columns = np.flatnonzero(band.any(axis=0))
    start, end = (160 + (t - event.apex_s) / 6 * 319 for t in (event.onset_s, event.offset_s))
    assert columns.min() == pytest.approx(start, abs=2)
    assert any(abs(column - end) <= 2 for column in columns)


def test_a_lost_frame_says_why_and_has_no_box(analysis: VideoAnalysis) -> None:
    lost = next(row.frame for row in analysis.frames if not row.success)
    drawn = Overlay(analysis).draw(GROUND, lost)
    assert near(drawn[:60], (240, 80, 90)).sum() > 50
    assert not near(drawn[60:240], (120, 220, 140)).any()


def test_a_frame_that_cannot_be_decoded_is_a_dark_picture(analysis: VideoAnalysis) -> None:
    assert Overlay(analysis).slate((240, 320), 0)[100:200].mean() < 60


def test_a_video_in_which_nothing_was_measured_can_be_drawn() -> None:
    rows = tuple(FrameRow(i, i / 30, -1, 0.0, False, "schwarz – no face") for i in range(3))
    overlay = Overlay(VideoAnalysis("a.mp4", {}, rows, (), {}, {}, {}, {}))
    assert overlay.draw(GROUND, 1).shape == (288, 320, 3)
    untimed = Overlay(
        VideoAnalysis("a.mp4", {}, (replace(rows[0], timestamp=float("nan")),), (), {}, {}, {}, {})
    )
    assert untimed.draw(GROUND, 0).shape == (288, 320, 3)
