"""Scales of flow: fixed, resized, and the legacy recipe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mien.errors import InputError, UsageError
from mien.motion.scaling import (
    fixed_scale,
    legacy_flow_image,
    min_max_per_image,
    min_max_to_bytes,
    resize,
    resize_flow,
)
from mien.motion.strain import optical_strain

IMAGES = arrays(np.float64, (2, 3, 4, 5), elements=st.floats(-1e3, 1e3, allow_nan=False))


@given(IMAGES)
def test_every_channel_runs_from_0_to_255_or_is_zero(images: np.ndarray) -> None:
    scaled = min_max_per_image(images)
    assert scaled.shape == images.shape and scaled.dtype == np.float32
    constant = images.max(axis=(-2, -1)) == images.min(axis=(-2, -1))
    assert (scaled.min(axis=(-2, -1)) == 0).all()
    np.testing.assert_allclose(scaled.max(axis=(-2, -1))[~constant], 255, rtol=1e-6)
    assert not scaled[constant].any()


@given(IMAGES)
def test_scaling_again_changes_nothing(images: np.ndarray) -> None:
    once = min_max_per_image(images)
    np.testing.assert_allclose(min_max_per_image(once), once, atol=1e-3)
    as_bytes = min_max_to_bytes(images)
    np.testing.assert_array_equal(min_max_to_bytes(as_bytes), as_bytes)


def test_images_and_channels_do_not_see_each_other() -> None:
    rng = np.random.default_rng(0)
    images = rng.normal(size=(3, 2, 6, 6)) * np.array([1, 100]).reshape(1, 2, 1, 1)
    np.testing.assert_array_equal(min_max_per_image(images)[1, 0], min_max_per_image(images[1, 0]))


@pytest.mark.parametrize(
    "images", [np.zeros(4), np.zeros((3, 0, 4)), np.array([[0.0, np.nan]]), np.array([[np.inf]])]
)
def test_what_is_no_image_is_refused(images: np.ndarray) -> None:
    with pytest.raises(InputError):
        min_max_per_image(images)


def test_a_fixed_scale_keeps_zero_and_clips() -> None:
    scaled = fixed_scale([[-6.0, -1.5], [0.0, 3.0]], 3)
    np.testing.assert_array_equal(scaled, [[-1, -0.5], [0, 1]])
    assert scaled.dtype == np.float32
    with pytest.raises(UsageError, match="positive"):
        fixed_scale([[1.0]], 0)


@pytest.mark.parametrize(("height_px", "width_px"), [(12, 20), (48, 30), (24, 80), (24, 40)])
def test_a_resized_flow_moves_the_same_part_of_the_image(height_px: int, width_px: int) -> None:
    """A stretch by a tenth is a stretch by a tenth at every size: u = x / 10, v = -y / 10 from the centre."""

    def stretch(height: int, width: int) -> np.ndarray:
        x, y = np.arange(width) - (width - 1) / 2, np.arange(height) - (height - 1) / 2
        return np.stack(np.broadcast_arrays(x / 10, -y[:, None] / 10))

    resized = resize_flow(np.stack([stretch(24, 40)] * 3), height_px, width_px)
    assert resized.shape == (3, 2, height_px, width_px)
    # Enlarging cannot go beyond the outermost pixel: half a pixel of it at the border.
    np.testing.assert_allclose(resized[1], stretch(height_px, width_px), atol=0.05)


def test_a_smaller_image_has_the_means() -> None:
    images = np.random.default_rng(0).normal(size=(2, 3, 28, 42))
    means = images.reshape(2, 3, 14, 2, 14, 3).mean(axis=(3, 5))
    np.testing.assert_allclose(resize(images, 14, 14), means, atol=1e-6)


def test_the_legacy_image_is_u_v_and_strain_stretched_to_bytes() -> None:
    rows, columns = np.mgrid[:112, :112]
    flow = np.zeros((2, 112, 112))
    flow[1] = -0.8 * np.exp(-((columns - 40) ** 2 + (rows - 30) ** 2) / 200)
    image = legacy_flow_image(np.stack([flow, 2 * flow]))
    assert image.shape == (2, 3, 28, 28) and image.dtype == np.uint8
    np.testing.assert_array_equal(image[0], image[1])  # the size of the motion is gone
    assert not image[0, 0].any()
    assert np.unravel_index(image[0, 1].argmin(), (28, 28)) == (7, 10)
    assert image[0, 1].max() == image[0, 2].max() == 255
    # Strain is taken at full size: that of the small flow differs.
    strain = min_max_to_bytes(resize(optical_strain(*flow), 28, 28))
    np.testing.assert_array_equal(image[0, 2], strain)
    late = min_max_to_bytes(optical_strain(*resize_flow(flow, 28, 28)))
    assert np.abs(late.astype(int) - strain).max() > 20


def test_the_strain_of_the_real_images_was_not_taken_at_their_size(shared_data: Path) -> None:
    """Else it would be that of their u and v, at some ratio of the scales that the stretching has hidden."""
    with np.load(shared_data / "megc2019_flow" / "flow.npz") as archive:
        u, v, stored = np.moveaxis(archive["flow"].astype(float), -1, 0)
    ratios = np.exp(np.linspace(-1.6, 1.6, 17))
    best = np.max([correlation(optical_strain(ratio * u, v), stored) for ratio in ratios], axis=0)
    assert best.max() < 0.96
    assert np.median(best) == pytest.approx(0.88, abs=0.005)


def correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each image of two stacks (N, H, W)."""
    a, b = (image - image.mean(axis=(1, 2), keepdims=True) for image in (a, b))
    return (a * b).mean(axis=(1, 2)) / (a.std(axis=(1, 2)) * b.std(axis=(1, 2)))


@pytest.mark.parametrize("call", [legacy_flow_image, lambda flow: resize_flow(flow, 28, 28)])
def test_what_is_no_flow_has_no_other_size(call: Callable[[np.ndarray], object]) -> None:
    for flow in (np.zeros((3, 30, 30)), np.zeros((30, 30))):
        with pytest.raises(InputError, match="2, H, W"):
            call(flow)
