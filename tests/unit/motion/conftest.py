"""Pairs of textured images whose flow is known exactly."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates

SIZE_PX = 96


class KnownPair(NamedTuple):
    """Two uint8 images (H, W), the flow (2, H, W) from the first to the second, and masks of its parts."""

    first: np.ndarray
    second: np.ndarray
    flow: np.ndarray
    moving: np.ndarray
    still: np.ndarray


def textured(size_px: int, random: np.random.Generator) -> np.ndarray:
    """Grain of three sizes, 0..255 as float."""
    noise = sum(s * gaussian_filter(random.normal(size=(size_px, size_px)), s) for s in (1.5, 3, 6))
    return (noise - noise.min()) / np.ptp(noise) * 255


def warped(second: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """The first image: what stands at x in it stands at x + flow(x) in `second`."""
    rows, columns = np.mgrid[: second.shape[0], : second.shape[1]]
    return map_coordinates(second, [rows + flow[1], columns + flow[0]], order=5, mode="nearest")


@pytest.fixture(scope="package")
def known_pair() -> KnownPair:
    """Three bumps of about a pixel on an image that is still elsewhere."""
    texture = textured(SIZE_PX, np.random.default_rng(0))
    rows, columns = np.mgrid[:SIZE_PX, :SIZE_PX]
    flow = np.zeros((2, SIZE_PX, SIZE_PX))
    for x, y, u, v in ((30, 30, 0.9, 0.3), (66, 34, -0.5, 0.7), (48, 70, 0.2, -0.9)):
        bump = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 8**2))
        flow += np.array([u, v])[:, None, None] * bump
    images = (np.rint(image.clip(0, 255)).astype(np.uint8) for image in (warped(texture, flow), texture))
    size = np.hypot(*flow)
    return KnownPair(*images, flow, size > 0.2, size < 0.02)
