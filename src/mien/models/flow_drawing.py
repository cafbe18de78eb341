"""Flow fields drawn as colour images, for networks made for photographs."""

from __future__ import annotations

from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.motion.scaling import fixed_scale, min_max_to_bytes, resize

Drawing = Literal["hsv", "fixed"]
Bytes = NDArray[np.uint8]


def draw(flow: NDArray[Any], size_px: int, drawing: Drawing, limit: float) -> Bytes:
    """Images (T, 3, size_px, size_px) of the flow fields (2, T, H, W) of one clip.

    Args:
        drawing: "hsv" for direction as hue and magnitude, stretched to 0..255 frame by frame, as value (SLSTT, Zhang
            et al. 2022; weak and strong motion look alike); "fixed" for u, v and magnitude as red, green and blue on
            one scale for all clips, still being (128, 128, 0).
        limit: with "fixed", the largest motion that is told apart, as a share of the image's width.

    Raises:
        InputError: another shape, NaN or infinity.
    """
    fields = np.asarray(flow, dtype=np.float32)
    if fields.ndim != 4 or fields.shape[0] != 2 or 0 in fields.shape:
        raise InputError("a clip of flow (2, T, H, W) is needed", found=fields.shape)
    if not np.isfinite(fields).all():
        raise InputError(
            "the flow of a clip holds NaN or infinity",
            found=f"{int((~np.isfinite(fields)).sum())} values",
            do="prepare the clip again",
        )
    images = _hues(fields) if drawing == "hsv" else _scaled(fields, limit * fields.shape[-1])
    return np.rint(resize(images, size_px, size_px)).clip(0, 255).astype(np.uint8)


def _hues(fields: NDArray[np.float32]) -> Bytes:
    """Images (T, 3, H, W): hue is half the angle in degrees (0 right, 45 down), saturation is full."""
    u, v = fields
    # A tiny negative angle rounds up to 360 degrees, which OpenCV's hues (0 to 179) do not have.
    hue = (np.rad2deg(np.arctan2(v, u)) % 360 / 2).astype(np.uint8) % 180
    value = min_max_to_bytes(np.hypot(u, v))
    hsv = np.stack([hue, np.full_like(hue, 255), value], axis=-1)
    drawn = np.stack([cv2.cvtColor(frame, cv2.COLOR_HSV2RGB) for frame in hsv])
    return np.asarray(drawn.transpose(0, 3, 1, 2), dtype=np.uint8)


def _scaled(fields: NDArray[np.float32], limit_px: float) -> NDArray[np.float32]:
    """Images (T, 3, H, W): u and v from -limit to limit as 1 to 255, magnitude from 0 to limit as 0 to 255."""
    components = 128 + 127 * fixed_scale(fields, limit_px)
    magnitude = 255 * fixed_scale(np.hypot(*fields), limit_px)
    return np.stack([*components, magnitude], axis=1)
