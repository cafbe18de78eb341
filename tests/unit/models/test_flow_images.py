"""How flow images enter a network."""

from __future__ import annotations

import numpy as np
import torch

from mien.models.flow_images import augment, centred, draw_augmentation, legacy_pixels, mirror
from mien.motion.scaling import min_max_per_image

RNG = np.random.default_rng(0)
FLOW_PX = RNG.normal(size=(4, 3, 28, 28)).astype(np.float32)


def test_mirror_twice_is_the_original_and_negates_u() -> None:
    x = torch.randn(3, 3, 28, 28)
    torch.testing.assert_close(mirror(mirror(x)), x)
    torch.testing.assert_close(mirror(x)[:, 0], -x[:, 0].flip(-1))
    torch.testing.assert_close(mirror(x)[:, 1:], x[:, 1:].flip(-1))


def test_centred_is_the_same_for_pixels_and_their_min_max_form() -> None:
    eight_bit = min_max_per_image(FLOW_PX)
    np.testing.assert_allclose(centred(FLOW_PX), centred(np.asarray(eight_bit)), atol=0.02)
    assert np.abs(np.median(centred(FLOW_PX).numpy(), axis=(2, 3))).max() < 1e-5


def test_centred_depends_on_the_clip_alone() -> None:
    torch.testing.assert_close(centred(FLOW_PX)[1:2], centred(FLOW_PX[1:2]))


def test_still_images_stay_finite() -> None:
    assert torch.isfinite(centred(np.zeros((2, 3, 28, 28), np.float32))).all()
    assert torch.isfinite(legacy_pixels(np.zeros((2, 3, 28, 28), np.float32))).all()


def test_a_few_moving_pixels_stay_in_range() -> None:
    flow = np.zeros((1, 3, 28, 28), np.float32)
    flow[0, 0, 3:6, 3:7] = 1.5
    assert float(centred(flow).abs().max()) == 1


def test_legacy_pixels_keep_what_is_in_that_form() -> None:
    images = RNG.integers(0, 256, (2, 3, 28, 28)).astype(np.uint8)
    images[:, :, 0, 0], images[:, :, 0, 1] = 0, 255
    np.testing.assert_allclose(legacy_pixels(images), images, atol=0.51)


def test_shifts_move_the_image_and_bring_in_zeros() -> None:
    x = torch.randn(2, 3, 8, 8)
    moved = augment(x, {"shift": torch.tensor([[1, 0], [0, -2]])})
    torch.testing.assert_close(moved[0, :, :-1], x[0, :, 1:])
    assert moved[0, :, -1].abs().max() == 0
    torch.testing.assert_close(moved[1, :, :, 2:], x[1, :, :, :-2])
    assert moved[1, :, :, :2].abs().max() == 0


def test_flips_are_drawn_per_clip_and_applied_to_those_alone() -> None:
    x = torch.randn(2, 3, 8, 8)
    flipped = augment(x, {"flip": torch.tensor([1.0, 0.0])})
    torch.testing.assert_close(flipped[0], mirror(x)[0])
    torch.testing.assert_close(flipped[1], x[1])
    drawn = draw_augmentation(2000, 0.5, 2, torch.Generator().manual_seed(0))
    assert 0.45 < float(drawn["flip"].mean()) < 0.55
    assert set(drawn["shift"].unique().tolist()) == {-2, -1, 0, 1, 2}
