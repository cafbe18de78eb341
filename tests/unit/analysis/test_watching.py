"""One pass over a video: every frame judged once, at the size the face needs, with words for what is not as usual."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.analysis.watching import Watched, watch
from mien.errors import InputError
from mien.face.landmarks import Landmarker
from mien.video.isolated import IsolatedVideo
from portraits import picture, write_video

See = Callable[..., Watched]


@pytest.fixture
def see(tmp_path: Path, open_landmarker: Landmarker) -> See:
    def go(pictures: Callable[[float], np.ndarray] = picture, **given: object) -> Watched:
        face = given.pop("face", "largest")
        video = write_video(tmp_path / "film.mp4", pictures, **given)  # type: ignore[arg-type]
        with IsolatedVideo(video) as opened:
            return watch(opened, open_landmarker, face=face)  # type: ignore[arg-type]

    return go


def test_a_frame_a_row_and_nothing_to_remark(see: See) -> None:
    seen = see(seconds=1.5)
    assert len(seen.log) == len(seen.signal) == 45 and seen.log.success.all()
    assert seen.notes == () and seen.longest_px is None
    assert set(seen.stages_s) == {"decode", "face", "motion"} and min(seen.stages_s.values()) >= 0


def test_a_large_picture_is_watched_as_large_as_its_face_needs(see: See) -> None:
    def large(scale: float) -> Callable[[float], np.ndarray]:
        def shown(time_s: float) -> np.ndarray:
            image = np.full((1080, 1920, 3), 90, np.uint8)
            size = (round(320 * scale), round(240 * scale))
            image[40 : 40 + size[1], 200 : 200 + size[0]] = cv2.resize(picture(time_s), size)
            return image

        return shown

    near, far = see(large(4), seconds=0.4, fps=10), see(large(1.5), seconds=0.4, fps=10)
    assert near.longest_px is not None and near.longest_px < 1700
    assert far.longest_px == 1920 and far.log.success.all()
    x, _ = near.log.centre(0)
    assert x * 1920 / near.longest_px == pytest.approx(200 + 4 * 161, abs=25)


def test_a_cut_to_another_place_is_told_and_no_motion_is_taken_across_it(see: See) -> None:
    ground = np.random.default_rng(1).integers(0, 255, (6, 8, 3), np.uint8).repeat(40, 0).repeat(40, 1)

    def shown(time_s: float) -> np.ndarray:
        if time_s < 1:
            return picture(time_s)
        image = ground.copy()
        image[:, 100:] = picture(time_s)[:, 40:260]
        return image

    seen = see(shown, seconds=2)
    assert any("may be another person" in note for note in seen.notes)
    rows = np.isfinite(seen.signal.region_flow["micro"]).all(axis=(1, 2))
    assert not rows[30:36].any() and rows[37:].all()
    assert seen.log.faces() == {0, 1}


def test_no_face_anywhere_is_refused(see: See) -> None:
    with pytest.raises(InputError, match="no face was found in any frame"):
        see(lambda _: np.full((120, 160, 3), 90, np.uint8), seconds=0.5)
