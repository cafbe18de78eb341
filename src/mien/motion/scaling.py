"""Scaling of flow images, as published recipes do it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mien.errors import InputError


def min_max_per_image(images: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Images (..., H, W) whose every channel runs from 0 to 255, as the MEGC 2019 flow images are scaled.

    Each (H, W) plane is scaled on its own, so magnitudes, units and the zero level are gone. A plane that is
    constant carries nothing and becomes all zeros. Scaling twice changes nothing beyond rounding.

    Args:
        images: (..., H, W) any numbers, finite.

    Raises:
        InputError: fewer than two dimensions, no pixels, NaN or infinity.

    Example:
        >>> min_max_per_image([[-1.0, 0.0], [0.0, 1.0]]).tolist()
        [[0.0, 127.5], [127.5, 255.0]]
    """
    values = np.asarray(images, dtype=np.float64)
    if values.ndim < 2 or 0 in values.shape[-2:]:
        raise InputError("images of shape (..., H, W) are needed", found=values.shape)
    if not np.isfinite(values).all():
        raise InputError("the images hold NaN or infinity")
    low = values.min(axis=(-2, -1), keepdims=True)
    extent = values.max(axis=(-2, -1), keepdims=True) - low
    scaled: npt.NDArray[np.float64] = (values - low) / np.where(extent > 0, extent, 1.0) * 255.0
    return scaled.astype(np.float32)


def min_max_to_bytes(images: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """`min_max_per_image` rounded to uint8, as the images are stored."""
    return np.rint(min_max_per_image(images)).astype(np.uint8)
