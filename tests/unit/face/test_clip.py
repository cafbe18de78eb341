"""A clip from pictures to registered crops, with every outcome that is promised."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pydantic import ValidationError

from mien.errors import InputError
from mien.face.alignment import warp
from mien.face.clip import AlignedClip, AlignSettings, align_clip
from mien.face.landmarks import Landmarker

Shake = Callable[..., tuple[np.ndarray, np.ndarray]]
Paste = Callable[..., np.ndarray]
EMPTY = np.full((512, 512, 3), 90, np.uint8)


@pytest.fixture(scope="module")
def drifting(shaken: Shake) -> list[np.ndarray]:
    """Six frames of a head that drifts by a third of a pixel a frame."""
    return [shaken(0.35 * t, 0.2 * t)[0] for t in range(6)]


@pytest.fixture(scope="module")
def aligned(drifting: list[np.ndarray], landmarker: Landmarker) -> AlignedClip:
    return align_clip(drifting, [46, 47, 49, 50, 51, 52], landmarker=landmarker, lost={48: "damaged"})


def test_a_drifting_head_stands_still_in_the_crops(aligned: AlignedClip, drifting: list[np.ndarray]) -> None:
    assert aligned.crops.shape == (6, 128, 128, 3) and aligned.crops.dtype == np.uint8
    assert aligned.numbers == (46, 47, 49, 50, 51, 52) and aligned.reference == 0
    assert aligned.notes == ("lost frames: 48 (damaged)",)
    fixed = np.stack([warp(image, aligned.matrices[0], 128) for image in drifting])
    before = np.abs(fixed[-1].astype(int) - fixed[0]).mean()
    after = np.abs(aligned.crops[-1].astype(int) - aligned.crops[0]).mean()
    assert after < 0.4 * before


def test_each_crop_is_cut_out_once_by_its_matrix(aligned: AlignedClip, drifting: list[np.ndarray]) -> None:
    for crop, matrix, image in zip(aligned.crops, aligned.matrices, drifting, strict=True):
        np.testing.assert_array_equal(crop, warp(image, matrix, 128))


def test_points_are_those_of_the_reference_in_crop_pixels(aligned: AlignedClip) -> None:
    assert aligned.points.shape == (478, 2) and aligned.points68.shape == (68, 2)
    assert aligned.points.min() > 0 and aligned.points.max() < 128
    assert aligned.points[133, 1] == pytest.approx(aligned.points[362, 1], abs=3)


def test_every_frame_has_a_row(aligned: AlignedClip) -> None:
    assert [row.number for row in aligned.quality] == [46, 47, 48, 49, 50, 51, 52]
    lost = aligned.quality[2]
    assert lost.lost == "damaged" and lost.found is None and np.isnan(lost.blur)
    rows = [row for row in aligned.quality if not row.lost]
    assert [row.registration for row in rows] == ["reference", *["tracked"] * 5]
    assert all(row.found and row.interocular_px == pytest.approx(60, abs=2) for row in rows)
    scale = np.sqrt(np.linalg.det(aligned.matrices[0][:, :2]))
    assert rows[-1].shift_px == pytest.approx(5 * np.hypot(0.35, 0.2) * scale, abs=0.1)
    assert max(row.residual_px for row in rows[1:]) < 0.1
    assert np.ptp([row.pitch_deg for row in rows]) < 2


def test_the_same_clip_gives_the_same_bytes(
    aligned: AlignedClip, drifting: list[np.ndarray], landmarker: Landmarker
) -> None:
    again = align_clip(drifting, aligned.numbers, landmarker=landmarker)
    assert again.crops.tobytes() == aligned.crops.tobytes()
    assert again.matrices.tobytes() == aligned.matrices.tobytes()


def test_without_a_face_in_the_onset_frame_the_next_one_is_taken_and_said(
    drifting: list[np.ndarray], landmarker: Landmarker
) -> None:
    clip = align_clip([EMPTY, *drifting[:3]], [1, 2, 3, 4], landmarker=landmarker)
    assert clip.numbers == (2, 3, 4) and clip.reference == 0
    assert "onset frame 1: frame 2 took its place" in clip.notes[0]
    assert "face was not found" in clip.quality[0].lost and "lost frames: 1" in clip.notes[-1]


def test_a_frame_before_the_onset_is_the_last_resort(
    drifting: list[np.ndarray], landmarker: Landmarker
) -> None:
    clip = align_clip([drifting[0], EMPTY, EMPTY], [1, 2, 3], onset_at=1, landmarker=landmarker)
    assert clip.numbers == (1,) and "onset frame 2: frame 1" in clip.notes[0]


def test_a_face_that_leaves_is_lost_by_name(drifting: list[np.ndarray], landmarker: Landmarker) -> None:
    for settings in (AlignSettings(), AlignSettings(look_every=0)):
        clip = align_clip([*drifting[:2], EMPTY], [7, 8, 9], settings=settings, landmarker=landmarker)
        assert clip.numbers == (7, 8) and len(clip.crops) == len(clip.matrices) == 2
        assert [bool(row.lost) for row in clip.quality] == [False, False, True]
        assert clip.quality[2].found is False


def test_no_face_anywhere_is_an_error(landmarker: Landmarker) -> None:
    with pytest.raises(InputError, match="no face was found in any frame") as raised:
        align_clip([EMPTY, EMPTY], [1, 2], landmarker=landmarker)
    assert "2 frames, 1 to 2" in str(raised.value)


def test_two_faces_the_choice_is_recorded(paste: Paste, landmarker: Landmarker) -> None:
    pair = paste(220, 150, 0.85, onto=paste(0, 0, 1.0, size=(420, 480)))
    for rule, on_the_left in [("largest", True), ("central", False), ((470.0, 400.0), False)]:
        clip = align_clip([pair, pair], [1, 2], settings=AlignSettings(face=rule), landmarker=landmarker)
        assert (clip.choice.face.centre[0] < 240) == on_the_left
        assert clip.choice.n_faces == 2 and clip.notes[0].startswith("2 faces were found")


def test_a_face_partly_outside_is_aligned_and_noted(astronaut: np.ndarray, landmarker: Landmarker) -> None:
    clip = align_clip([astronaut[:300, 195:495]], [1], landmarker=landmarker)
    assert len(clip.crops) == 1 and "of the crop lies outside the picture" in clip.notes[0]


def test_a_small_face_is_aligned_and_noted(paste: Paste, landmarker: Landmarker) -> None:
    picture = paste(330, 100, 0.4)
    clip = align_clip([picture], [1], landmarker=landmarker)
    assert any("in a part of the picture only" in note for note in clip.notes)
    assert any("eyes are 24 px apart" in note or "eyes are 25 px apart" in note for note in clip.notes)
    with pytest.raises(InputError, match="no face"):
        align_clip([picture], [1], settings=AlignSettings(search_closer=False), landmarker=landmarker)


def test_registration_and_looking_can_be_left_out(drifting: list[np.ndarray], landmarker: Landmarker) -> None:
    settings = AlignSettings(register_frames=False, look_every=3, size_px=64)
    clip = align_clip(drifting, range(6), settings=settings, landmarker=landmarker)
    assert clip.crops.shape == (6, 64, 64, 3) and (clip.matrices == clip.matrices[0]).all()
    assert {row.registration for row in clip.quality} == {"none"}


def test_the_face_is_looked_for_in_every_nth_frame(
    drifting: list[np.ndarray], landmarker: Landmarker
) -> None:
    clip = align_clip(drifting, range(6), settings=AlignSettings(look_every=2), landmarker=landmarker)
    assert [row.found for row in clip.quality] == [True, None, True, None, True, None]


def test_a_clip_of_one_frame_opens_its_own_landmarker(astronaut: np.ndarray) -> None:
    assert align_clip([astronaut], [46]).crops.shape == (1, 128, 128, 3)


def test_what_makes_no_clip_is_refused(astronaut: np.ndarray, landmarker: Landmarker) -> None:
    for images, numbers, onset in [
        ([], [], 0),
        ([astronaut, astronaut[:100]], [1, 2], 0),
        ([astronaut, astronaut], [1], 0),
        ([astronaut, astronaut], [2, 2], 0),
        ([astronaut], [1], 1),
    ]:
        with pytest.raises(InputError, match="a clip is made of"):
            align_clip(images, numbers, onset, landmarker=landmarker)


@pytest.mark.parametrize("wrong", [{"size_px": 4}, {"face": "nicest"}, {"side": 2.2}, {"eyes_at": 1.5}])
def test_settings_that_mean_nothing_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AlignSettings(**wrong)
