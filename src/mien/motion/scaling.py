"""Scales of flow: fixed pixels, another size, and the 8-bit images of the legacy recipe."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mien.errors import InputError, UsageError
from mien.motion.strain import optical_strain

LEGACY_PX = 28


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


def fixed_scale(flow: npt.ArrayLike, limit_px: float) -> npt.NDArray[np.float32]:
    """Flow in -1..1: clipped to +-`limit_px` and divided by it, so that zero and magnitude keep their meaning.

    About 3 px suit flow from the onset at 112 to 128 px, 20 px is the custom of two-stream networks.

    Raises:
        UsageError: the limit is not positive.
    """
    if not limit_px > 0:
        raise UsageError("the scale of the flow is a positive number of pixels", found=limit_px)
    return np.asarray(np.clip(np.asarray(flow, np.float32) / np.float32(limit_px), -1, 1))


def resize_flow(flow: npt.ArrayLike, height_px: int, width_px: int) -> npt.NDArray[np.float32]:
    """Flow (..., 2, height_px, width_px), in pixels of the new size: u and v shrink or grow with the image.

    Args:
        flow: (..., 2, H, W), u right and v down.

    Raises:
        InputError: another shape.
    """
    field = np.asarray(flow, dtype=np.float32)
    if field.ndim < 3 or field.shape[-3] != 2 or 0 in field.shape[-2:]:
        raise InputError("flow of shape (..., 2, H, W) is needed", found=field.shape)
    factor = np.array([width_px / field.shape[-1], height_px / field.shape[-2]], np.float32)
    return resize(field, height_px, width_px) * factor[:, None, None]


def resize(images: npt.ArrayLike, height_px: int, width_px: int) -> npt.NDArray[np.float32]:
    """Images (..., height_px, width_px): means of the pixels that a new one covers, linear where it enlarges."""
    import cv2

    values = np.asarray(images, dtype=np.float32)
    smaller = height_px <= values.shape[-2] and width_px <= values.shape[-1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    planes = values.reshape(-1, *values.shape[-2:])
    sized = np.stack([cv2.resize(plane, (width_px, height_px), interpolation=way) for plane in planes])
    return sized.reshape(*values.shape[:-2], height_px, width_px)


def legacy_flow_image(flow: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """The legacy recipe: onset-to-apex flow as 28 x 28 images (..., 3, 28, 28) of u, v and strain, 0..255.

    Each channel of each image is stretched to 0..255 on its own, as in the images of MEGC 2019 (STSTNet, HTNet):
    units and the zero level are lost. For comparison with those only; elsewhere use `fixed_scale`.

    Known of those images: TV-L1, the channels, their order, the size, the stretching. Not known: the crop of
    the face, the size at which the flow was computed, and how it was made smaller (here: means over the pixels
    covered). That strain was taken before the images were made smaller is inferred: the strain of the stored u
    and v correlates with the stored one by .88 only (median of the 442, at the best ratio of their scales).

    Args:
        flow: (..., 2, H, W) pixels, at the size at which it was computed.

    Raises:
        InputError: another shape, or not finite.
    """
    field = np.asarray(flow, dtype=np.float32)
    if field.ndim < 3 or field.shape[-3] != 2:
        raise InputError("flow of shape (..., 2, H, W) is needed", found=field.shape)
    strain = optical_strain(field[..., 0, :, :], field[..., 1, :, :])
    channels = np.concatenate([field, strain[..., None, :, :]], axis=-3)
    return min_max_to_bytes(resize(channels, LEGACY_PX, LEGACY_PX))
