"""One portrait (NASA, public domain) in many places, and one open landmarker."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
import skimage.data

from mien.face.landmarks import Face, Landmarker

Paste = Callable[..., np.ndarray]


@pytest.fixture(scope="session")
def astronaut() -> np.ndarray:
    """(512, 512, 3): one face, about 90 px wide, a little above the middle."""
    image: np.ndarray = skimage.data.astronaut()
    image.setflags(write=False)
    return image


@pytest.fixture(scope="session")
def landmarker() -> Iterator[Landmarker]:
    with Landmarker() as opened:
        yield opened


@pytest.fixture(scope="session")
def face(astronaut: np.ndarray, landmarker: Landmarker) -> Face:
    (found,) = landmarker.find(astronaut)
    return found


@pytest.fixture(scope="session")
def paste(astronaut: np.ndarray) -> Paste:
    """Puts head and shoulders, `scale` times as large, at (left, top) of an empty picture or of another one."""
    portrait = astronaut[:300, 75:375]

    def put(
        left: int,
        top: int,
        scale: float = 1.0,
        onto: np.ndarray | None = None,
        size: tuple[int, int] = (480, 640),
    ) -> np.ndarray:
        picture = np.full((*size, 3), 90, np.uint8) if onto is None else onto.copy()
        side = round(300 * scale)
        small = cv2.resize(portrait, (side, side), interpolation=cv2.INTER_AREA)
        picture[top : top + side, left : left + side] = small
        return picture

    return put


@pytest.fixture(scope="session")
def shaken(astronaut: np.ndarray, face: Face) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """The portrait shifted and turned about the face, with noise, and the (2, 3) transform that did it."""

    def shake(
        right_px: float, down_px: float, turn_deg: float = 0.0, noise: float = 0.0, seed: int = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        transform = cv2.getRotationMatrix2D(face.centre, turn_deg, 1.0)
        transform[:, 2] += right_px, down_px
        moved = cv2.warpAffine(
            astronaut, transform, (512, 512), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        noisy = moved + np.random.default_rng(seed).normal(0, noise, moved.shape) if noise else moved
        return np.clip(np.round(noisy), 0, 255).astype(np.uint8), transform

    return shake
