"""Optical strain: how much the flow deforms the face, whatever part of it is shift or turn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mien.errors import InputError


def optical_strain(u: npt.ArrayLike, v: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Strain magnitude (..., H, W), pixels per pixel: sqrt(u_x^2 + v_y^2 + (u_y + v_x)^2 / 2).

    The norm of the infinitesimal strain tensor of Shreve et al. (2011), with central differences (one-sided
    at the border). Zero for a translation and for a small rotation; |a| for u = a x.

    Args:
        u: (..., H, W) flow to the right, pixels.
        v: (..., H, W) flow down, pixels.

    Raises:
        InputError: the shapes differ, or the images are smaller than 2 x 2.

    Example:
        >>> optical_strain([[0.0, 0.5], [0.0, 0.5]], [[0.0, 0.0], [0.0, 0.0]]).tolist()
        [[0.5, 0.5], [0.5, 0.5]]
    """
    right, down = np.asarray(u, dtype=np.float64), np.asarray(v, dtype=np.float64)
    if right.shape != down.shape or right.ndim < 2 or min(right.shape[-2:]) < 2:
        raise InputError(
            "strain needs u and v of one shape (..., H, W), at least 2 x 2",
            found=f"u {right.shape}, v {down.shape}",
        )
    u_y, u_x = np.gradient(right, axis=(-2, -1))
    v_y, v_x = np.gradient(down, axis=(-2, -1))
    strain: npt.NDArray[np.float64] = np.sqrt(u_x**2 + v_y**2 + (u_y + v_x) ** 2 / 2)
    return strain.astype(np.float32)
