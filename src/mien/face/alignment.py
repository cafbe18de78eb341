"""The face cut out of a picture: one similarity transform that levels the eyes and fixes their distance."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mien.errors import InputError
from mien.face.landmarks import Points
from mien.face.regions import eye_centres, interocular_px

Matrix = npt.NDArray[np.float64]


def similarity(
    points: Points, size_px: int, *, side_per_interocular: float = 2.2, eyes_at: float = 0.38
) -> Matrix:
    """(2, 3) from picture to crop pixels: level eyes, centred, at a fixed distance and height.

    AIE-CMCL's "crop square, side = 2.2 x inter-ocular distance to each side" is read as the side of the square
    with the distance between the outer eye corners: it shows forehead to chin with a margin of a few percent.
    (With the distance of the pupils it would cut off the chin; with twice the side, half of it is background.)

    Args:
        points: (478, 2) mesh points of the onset frame.
        size_px: side of the square crop.
        side_per_interocular: side of the crop over the inter-ocular distance (outer corners).
        eyes_at: height of the eyes in the crop, as a share from its top.

    Raises:
        InputError: the two eyes fall together.
    """
    left, right = eye_centres(points)
    distance = interocular_px(points)
    if distance < 1.0:
        raise InputError("the eyes of this face are less than a pixel apart", found=f"{distance:.2f} px")
    scale = size_px / side_per_interocular / distance
    angle = math.atan2(right[1] - left[1], right[0] - left[0])
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    turn = np.array([[cos, sin], [-sin, cos]])
    # Pixel centres are whole numbers: the middle of the crop is at (size - 1) / 2.
    target = np.array([(size_px - 1) / 2, eyes_at * size_px - 0.5])
    return np.column_stack([turn, target - turn @ ((left + right) / 2)])


def warp(image: npt.NDArray[np.uint8], matrix: Matrix, size_px: int) -> npt.NDArray[np.uint8]:
    """The square crop, (size_px, size_px, ...) uint8, that `matrix` cuts out of a picture.

    Bilinear when it enlarges; when it shrinks, several samples a pixel are averaged (area), else fine texture
    would shimmer from frame to frame. What lies outside the picture repeats its border: a black edge would be
    the strongest feature of the crop.
    """
    import cv2

    scale = math.sqrt(abs(np.linalg.det(matrix[:, :2])))
    n_samples = max(1, math.ceil(1 / scale - 0.05))
    finer = n_samples * matrix
    finer[:, 2] += (n_samples - 1) / 2
    side = n_samples * size_px
    crop = cv2.warpAffine(image, finer, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if n_samples > 1:
        crop = cv2.resize(crop, (size_px, size_px), interpolation=cv2.INTER_AREA)
    return np.asarray(crop, dtype=np.uint8)


def moved(points: Points, matrix: Matrix) -> Points:
    """Points (N, 2) after a (2, 3) transform."""
    return (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)


def compose(second: Matrix, first: Matrix) -> Matrix:
    """The (2, 3) transform that does `first`, then `second`."""
    return np.column_stack([second[:, :2] @ first[:, :2], second[:, :2] @ first[:, 2] + second[:, 2]])


def inverse(matrix: Matrix) -> Matrix:
    """The (2, 3) transform that undoes another."""
    back = np.linalg.inv(matrix[:, :2])
    return np.column_stack([back, -back @ matrix[:, 2]])


def outside_share(matrix: Matrix, size_px: int, width: int, height: int) -> float:
    """The share of the crop that lies outside a picture of `width` x `height`, from 0 to 1."""
    rows, columns = np.mgrid[0:size_px, 0:size_px]
    crop_points = np.column_stack([columns.ravel(), rows.ravel()])
    x, y = moved(crop_points.astype(np.float32), inverse(matrix)).T
    inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    return float(1 - inside.mean())
