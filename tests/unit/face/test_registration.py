"""Known motion comes back; expressions are not mistaken for it; what was done is said."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from mien.errors import InputError
from mien.face.alignment import compose, inverse, moved, similarity, warp
from mien.face.landmarks import Face
from mien.face.regions import FOREHEAD, NOSE_BRIDGE, rigid_mask
from mien.face.registration import RigidPart, grey, refine, rigid_fit

SIZE = 128
Shake = Callable[..., tuple[np.ndarray, np.ndarray]]


class Cut:
    """The crop of the portrait and what belongs to it."""

    def __init__(self, face: Face) -> None:
        self.matrix = similarity(face.points, SIZE)
        points = moved(face.points, self.matrix)
        self.mask = rigid_mask(points, SIZE, SIZE)
        self.points = points[[*FOREHEAD, *NOSE_BRIDGE]]

    def error_px(self, found: np.ndarray, transform: np.ndarray) -> float:
        """Mean distance on the rigid part between what was done to the picture and its correction."""
        in_crop = compose(self.matrix, compose(transform, inverse(self.matrix)))
        back = moved(moved(self.points, in_crop), found)
        return float(np.linalg.norm(back - self.points, axis=1).mean())


@pytest.fixture(scope="module")
def cut(face: Face) -> Cut:
    return Cut(face)


@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_known_motion_comes_back_within_a_tenth_of_a_pixel(
    astronaut: np.ndarray, shaken: Shake, cut: Cut, noise: float
) -> None:
    draw = np.random.default_rng(1)
    motions = [(*draw.uniform(-2, 2, 2), draw.uniform(-1, 1)) for _ in range(10)]
    still, _ = shaken(0, 0, noise=noise)
    shaky = [shaken(*motion, noise=noise, seed=seed) for seed, motion in enumerate(motions, start=1)]
    crops = np.stack([warp(picture, cut.matrix, SIZE) for picture, _ in [(still, None), *shaky]])
    found = refine(crops, cut.mask)
    assert found.methods == ("reference", *["tracked"] * 10)
    np.testing.assert_array_equal(found.matrices[0], np.eye(2, 3))
    errors = [cut.error_px(found.matrices[t + 1], transform) for t, (_, transform) in enumerate(shaky)]
    assert max(errors) < 0.1 and np.mean(errors) < 0.06


def test_large_motion_and_another_reference(shaken: Shake, cut: Cut) -> None:
    far, transform = shaken(12.0, -9.0, 4.0)
    crops = np.stack([warp(picture, cut.matrix, SIZE) for picture in (far, shaken(0, 0)[0])])
    found = refine(crops, cut.mask, reference=1)
    assert found.methods == ("tracked", "reference")
    assert cut.error_px(found.matrices[0], transform) < 0.15


def test_grey_and_colour_crops_give_the_same(shaken: Shake, cut: Cut) -> None:
    crops = np.stack([warp(shaken(x, 0)[0], cut.matrix, SIZE) for x in (0.0, 0.7)])
    one_channel = np.stack([grey(crop) for crop in crops])
    colour = refine(crops, cut.mask)
    for other in (one_channel, one_channel[..., None]):
        np.testing.assert_array_equal(refine(other, cut.mask).matrices, colour.matrices)


def test_an_expression_moves_the_head_by_little(astronaut: np.ndarray, face: Face, cut: Cut) -> None:
    """Brows lowered and lip corners raised by a pixel, the head still."""
    down, columns = np.mgrid[0:512, 0:512].astype(np.float32)
    right_px, down_px = np.zeros((2, 512, 512), np.float32)
    for point, (x, y) in {
        107: (0.3, 1),
        336: (-0.3, 1),
        105: (0, 0.6),
        334: (0, 0.6),
        61: (-0.5, -1),
        291: (0.5, -1),
    }.items():
        away = (columns - face.points[point, 0]) ** 2 + (down - face.points[point, 1]) ** 2
        bump = np.exp(-away / 2 / 5.4**2)
        right_px, down_px = right_px + np.float32(x) * bump, down_px + np.float32(y) * bump
    frowning = cv2.remap(astronaut, columns - right_px, down - down_px, cv2.INTER_CUBIC)
    crops = np.stack([warp(picture, cut.matrix, SIZE) for picture in (astronaut, frowning)])
    assert cut.error_px(refine(crops, cut.mask).matrices[1], np.eye(2, 3)) < 0.2


def test_a_covered_brow_does_not_matter(shaken: Shake, cut: Cut) -> None:
    picture, transform = shaken(1.3, -0.8, 0.5)
    crops = np.stack([warp(shaken(0, 0)[0], cut.matrix, SIZE), warp(picture, cut.matrix, SIZE)])
    crops[1, :40, :50] = (120, 90, 70)
    found = refine(crops, cut.mask)
    assert found.methods[1] == "tracked" and found.agreement[1] < 0.9
    assert cut.error_px(found.matrices[1], transform) < 0.15


def test_where_corners_do_not_agree_ecc_takes_over_and_says_so(
    shaken: Shake, cut: Cut, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, transform = shaken(0.8, 0.5)
    crops = np.stack([warp(one, cut.matrix, SIZE) for one in (shaken(0, 0)[0], picture)])
    assert refine(crops, cut.mask, least_agreement=1.01).methods[1] == "none"
    monkeypatch.setattr(RigidPart, "by_tracking", lambda *_: (None, 0.0))
    found = refine(crops, cut.mask)
    assert found.methods[1] == "ecc" and found.agreement[1] > 0.9
    assert cut.error_px(found.matrices[1], transform) < 0.1


def test_without_corners_there_is_nothing_to_track(cut: Cut) -> None:
    flat = np.full((SIZE, SIZE), 90, np.uint8)
    assert RigidPart(flat, cut.mask).by_tracking(flat) == (None, 0.0)


def test_a_frame_that_shows_something_else_stays_as_it_is(shaken: Shake, cut: Cut) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (2, SIZE, SIZE, 3), np.uint8)
    noise[0] = warp(shaken(0, 0)[0], cut.matrix, SIZE)
    found = refine(noise, cut.mask)
    assert found.methods[1] == "none" and np.isnan(found.agreement[1])
    np.testing.assert_array_equal(found.matrices[1], np.eye(2, 3))


def test_the_residual_is_the_motion_that_is_left(shaken: Shake, cut: Cut) -> None:
    rigid = RigidPart(warp(shaken(0, 0)[0], cut.matrix, SIZE), cut.mask)
    for shift_px in (0.0, 0.5, 1.5):
        picture, _ = shaken(shift_px, 0)
        scale = np.sqrt(np.linalg.det(cut.matrix[:, :2]))
        assert rigid.residual_px(warp(picture, cut.matrix, SIZE)) == pytest.approx(shift_px * scale, abs=0.08)
    assert np.isnan(rigid.residual_px(np.zeros((SIZE, SIZE, 3), np.uint8)))


def test_a_rigid_fit_has_no_scale() -> None:
    start = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    turn = cv2.getRotationMatrix2D((0, 0), 20, 1.0)
    turn[:, 2] = 3, -2
    np.testing.assert_allclose(rigid_fit(start, moved(start, turn)), turn, atol=1e-5)
    assert np.linalg.det(rigid_fit(start, 2 * start)[:, :2]) == pytest.approx(1)


def test_what_does_not_fit_together_is_refused(cut: Cut) -> None:
    crops = np.zeros((2, SIZE, SIZE), np.uint8)
    for arguments in [
        (crops[:, :64], cut.mask),
        (crops, np.zeros_like(cut.mask)),
        (crops[:0], cut.mask),
        (crops[0, 0], cut.mask),
    ]:
        with pytest.raises(InputError, match="registration needs"):
            refine(*arguments)
    with pytest.raises(InputError, match="reference 2"):
        refine(crops, cut.mask, reference=2)
