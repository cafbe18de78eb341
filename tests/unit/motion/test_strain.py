"""Optical strain: the cases of the survey, and the real images' own strain channel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import InputError
from mien.motion.strain import optical_strain

Y, X = np.mgrid[0:12, 0:17].astype(float)
NUMBER = st.floats(-5, 5, allow_nan=False)


@given(a=NUMBER, b=NUMBER)
def test_a_translation_strains_nothing(a: float, b: float) -> None:
    np.testing.assert_allclose(optical_strain(np.full_like(X, a), np.full_like(X, b)), 0, atol=1e-6)


@given(turn=st.floats(-0.1, 0.1))
def test_a_small_rotation_strains_nothing(turn: float) -> None:
    np.testing.assert_allclose(optical_strain(-turn * Y, turn * X), 0, atol=1e-6)


@given(a=NUMBER)
def test_a_stretch_gives_its_own_size(a: float) -> None:
    np.testing.assert_allclose(optical_strain(a * X, 0 * X), abs(a), atol=1e-5)
    np.testing.assert_allclose(optical_strain(0 * X, a * Y), abs(a), atol=1e-5)


def test_a_shear_counts_half_its_square() -> None:
    np.testing.assert_allclose(optical_strain(0.3 * Y, 0 * X), 0.3 / np.sqrt(2), rtol=1e-6)


def test_a_stack_is_taken_image_by_image() -> None:
    rng = np.random.default_rng(0)
    u, v = rng.normal(size=(2, 4, 3, 9, 8))
    stacked = optical_strain(u, v)
    assert stacked.shape == (4, 3, 9, 8) and stacked.dtype == np.float32
    np.testing.assert_array_equal(stacked[2, 1], optical_strain(u[2, 1], v[2, 1]))


@pytest.mark.parametrize(("u", "v"), [((4, 4), (4, 5)), ((4,), (4,)), ((1, 4), (1, 4))])
def test_shapes_without_gradients_are_refused(u: tuple[int, ...], v: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="one shape"):
        optical_strain(np.zeros(u), np.zeros(v))


def test_it_resembles_the_strain_channel_of_the_real_images(shared_data: Path) -> None:
    with np.load(shared_data / "megc2019_flow" / "flow.npz") as archive:
        flow = archive["flow"].astype(float)
    strain = optical_strain(flow[..., 0], flow[..., 1])
    alike = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(strain, flow[..., 2], strict=True)]
    assert np.median(alike) > 0.85
