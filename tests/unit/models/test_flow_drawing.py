"""Flow as colour images: hand-made directions, still frames, scales."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien.errors import InputError
from mien.models.flow_drawing import draw


def _even(u: float, v: float, size: int = 8) -> np.ndarray:
    """One frame of flow (2, 1, size, size): (u, v) in the right half, nothing in the left."""
    flow = np.zeros((2, 1, size, size), np.float32)
    flow[:, 0, :, size // 2 :] = np.array([u, v], np.float32)[:, None, None]
    return flow


@pytest.mark.parametrize(
    ("u", "v", "colour"),
    [(1, 0, (255, 0, 0)), (-1, 0, (0, 255, 255)), (0, 1, (127, 255, 0)), (0, -1, (128, 0, 255))],
)
def test_direction_is_hue_and_magnitude_value(u: float, v: float, colour: tuple[int, int, int]) -> None:
    drawn = draw(_even(u, v), 8, "hsv", 1.0)
    assert drawn.shape == (1, 3, 8, 8) and drawn.dtype == np.uint8
    np.testing.assert_allclose(drawn[0, :, 4, 6], colour, atol=1)
    assert (drawn[0, :, :, :4] == 0).all()


def test_hues_are_those_of_the_published_code() -> None:
    """Its steps: cartToPolar, half the angle in degrees, min-max of the magnitude, HSV to BGR (read back as RGB)."""
    rng = np.random.default_rng(0)
    flow = rng.normal(size=(2, 3, 16, 16)).astype(np.float32)
    for t, found in enumerate(draw(flow, 16, "hsv", 1.0)):
        magnitude, angle = cv2.cartToPolar(flow[0, t], flow[1, t])
        hsv = np.zeros((16, 16, 3), np.uint8)
        hsv[..., 0], hsv[..., 1] = angle * 180 / np.pi / 2, 255
        hsv[..., 2] = cv2.normalize(magnitude, None, 0, 255, cv2.NORM_MINMAX)
        wanted = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)[..., ::-1].transpose(2, 0, 1)
        # Angles and values are truncated there after arithmetic in other precision: a step or two of 255.
        assert np.abs(found.astype(int) - wanted).max() <= 10
        assert np.abs(found.astype(int) - wanted).mean() < 1


@pytest.mark.parametrize("drawing", ["hsv", "fixed"])
def test_a_frame_like_the_onset_is_drawn_without_nan(drawing: str) -> None:
    drawn = draw(np.zeros((2, 2, 8, 8), np.float32), 16, drawing, 0.1)  # type: ignore[arg-type]
    still = (0, 0, 0) if drawing == "hsv" else (128, 128, 0)
    assert drawn.shape == (2, 3, 16, 16)
    assert (drawn == np.array(still)[:, None, None]).all()


def test_hsv_loses_the_strength_of_a_motion_and_the_fixed_scale_keeps_it() -> None:
    flow = np.random.default_rng(1).normal(size=(2, 1, 8, 8)).astype(np.float32)
    assert np.array_equal(draw(flow, 8, "hsv", 1.0), draw(flow * 0.25, 8, "hsv", 1.0))
    weak, strong = (draw(_even(u, 0), 8, "fixed", 0.5)[0, :, 4, 6] for u in (1, 4))
    assert weak.tolist() == [160, 128, 64] and strong.tolist() == [255, 128, 255]
    assert draw(_even(-40, 0), 8, "fixed", 0.5)[0, 0].min() == 1


def test_the_limit_follows_the_size_of_the_image() -> None:
    """The same motion of the same face, stored at twice the size, looks the same."""
    small, large = draw(_even(1, 2), 4, "fixed", 0.5), draw(_even(2, 4, size=16), 4, "fixed", 0.5)
    assert np.array_equal(small, large)


def test_frames_are_drawn_one_by_one() -> None:
    flow = np.random.default_rng(2).normal(size=(2, 3, 8, 8)).astype(np.float32)
    together = draw(flow, 8, "hsv", 1.0)
    for t in range(3):
        assert np.array_equal(draw(flow[:, t : t + 1], 8, "hsv", 1.0)[0], together[t])


def test_flow_that_is_not_finite_or_of_another_shape_is_refused() -> None:
    flow = _even(1, 0)
    flow[0, 0, 0, 0] = np.nan
    with pytest.raises(InputError, match=r"NaN or infinity(.|\n)*1 values"):
        draw(flow, 8, "fixed", 0.5)
    with pytest.raises(InputError, match="a clip of flow"):
        draw(np.zeros((3, 1, 8, 8)), 8, "hsv", 0.5)
