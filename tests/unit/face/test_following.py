"""A face is followed: tied to its key frame, cut out anew when it must be, lost and found with reasons."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
import pytest

from mien.face.following import FaceFollower, Followed, FollowSettings
from mien.face.landmarks import Face, Landmarker


class Counting:
    """A landmarker that counts how often it is asked."""

    def __init__(self, landmarker: Landmarker) -> None:
        self._landmarker, self.n = landmarker, 0

    def find(self, image: np.ndarray) -> list[Face]:
        self.n += 1
        return self._landmarker.find(image)


def follow(
    landmarker: object, images: list[np.ndarray], fps: float = 30, **settings: object
) -> list[Followed]:
    follower = FaceFollower(landmarker, FollowSettings(**settings))  # type: ignore[arg-type]
    return [follower.step(image, index / fps) for index, image in enumerate(images)]


def test_a_moving_head_stays_in_place_in_the_crop(
    landmarker: Landmarker, shaken: Callable[..., tuple[np.ndarray, np.ndarray]]
) -> None:
    counting = Counting(landmarker)
    path = [shaken(0.4 * t, -0.2 * t, 0.1 * t, noise=2, seed=t)[0] for t in range(30)]
    seen = follow(counting, path)
    assert all(not one.lost and one.face_id == 0 for one in seen)
    assert [one.broken for one in seen] == [True] + [False] * 29
    assert counting.n <= 4  # once to find it, once to measure it, then twice a second
    first, last = seen[0], seen[-1]
    assert last.crop is not None and first.crop is not None
    middle = np.s_[20:110, 20:110]
    off = np.abs(last.crop[middle].astype(float) - first.crop[middle]).mean()
    unregistered = np.abs(np.roll(first.crop, 3, axis=1)[middle].astype(float) - first.crop[middle]).mean()
    assert off < unregistered / 2
    assert last.box[0] - first.box[0] == pytest.approx(0.4 * 29, abs=1.5)
    assert last.roll_deg - first.roll_deg == pytest.approx(0.1 * 29, abs=1.0)
    assert np.isfinite([last.yaw_deg, last.pitch_deg, last.blur, last.brightness, last.interocular_px]).all()


def test_a_face_that_comes_nearer_is_cut_out_anew_and_the_crops_before_can_be_laid_on_it(
    landmarker: Landmarker, paste: Callable[..., np.ndarray]
) -> None:
    images = [paste(180 - 2 * t, 40 - t, 1.0 + 0.012 * t) for t in range(40)]
    seen = follow(landmarker, images)
    rebased = [(before, now) for before, now in pairwise(seen) if now.rebase is not None]
    assert rebased and not any(one.lost for one in seen)
    before, now = rebased[0]
    assert before.crop is not None and now.crop is not None and now.rebase is not None
    laid = cv2.warpAffine(before.crop, now.rebase, (128, 128), borderMode=cv2.BORDER_REPLICATE)
    off = [
        np.abs(one[20:110, 20:110].astype(float) - now.crop[20:110, 20:110]).mean()
        for one in (laid, before.crop)
    ]
    assert off[0] < off[1] / 2
    # in the crop it is as large at the end as at the beginning
    width = [np.ptp(one.points[:, 0]) for one in (seen[0], seen[-1]) if one.points is not None]
    assert width[1] == pytest.approx(width[0], rel=0.04)
    assert seen[-1].interocular_px > 1.3 * seen[0].interocular_px


def test_a_lost_face_has_a_reason_and_is_found_again_as_the_same(
    landmarker: Landmarker, paste: Callable[..., np.ndarray]
) -> None:
    there, gone = paste(180, 100), np.full((480, 640, 3), 90, np.uint8)
    gone[:200, :320] = 140
    seen = follow(landmarker, [there] * 5 + [gone] * 10 + [there] * 5, cut_below=-1)
    lost = [bool(one.lost) for one in seen]
    assert lost[:15] == [False] * 5 + [True] * 10 and not any(lost[18:])
    again = seen[lost.index(False, 5)]
    assert seen[7].crop is None and np.isnan(seen[7].blur) and seen[7].face_id == -1
    assert again.broken and again.face_id == 0


def test_a_cut_to_another_picture_is_a_break_and_another_face(
    landmarker: Landmarker, paste: Callable[..., np.ndarray]
) -> None:
    ground = np.random.default_rng(1).integers(0, 255, (12, 16, 3), np.uint8).repeat(40, 0).repeat(40, 1)
    one, other = paste(180, 100), paste(30, 180, onto=ground)
    seen = follow(landmarker, [one] * 4 + [other] * 4)
    assert seen[4].broken and seen[4].face_id == 1 and seen[7].face_id == 1


def test_of_two_faces_the_chosen_one_is_followed(
    landmarker: Landmarker, paste: Callable[..., np.ndarray]
) -> None:
    both = paste(380, 120, 0.8, onto=paste(20, 60, 1.1))
    large = follow(landmarker, [both] * 3)[-1]
    small = follow(landmarker, [both] * 3, face=(500, 240))[-1]
    assert large.box[0] < 320 < small.box[0]
    follower = FaceFollower(landmarker)
    follower.step(both, 0.0)
    assert follower.n_faces == 2


def test_it_is_not_looked_for_in_every_frame_without_a_face(landmarker: Landmarker) -> None:
    counting = Counting(landmarker)
    seen = follow(counting, [np.full((120, 160, 3), 90, np.uint8)] * 60)
    assert all(one.lost for one in seen)
    whole, parts = 20, 100
    assert counting.n < whole + parts
