"""The legacy scaling of flow images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mien.errors import InputError
from mien.motion.scaling import min_max_per_image, min_max_to_bytes

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
