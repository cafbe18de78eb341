"""How clips of pictures enter the descriptors: grey, optionally magnified, at a fixed number of frames."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mien.errors import InputError, UsageError
from mien.models.base import Needs
from mien.models.clip_images import RGB
from mien.models.support_vectors import SvmOptions
from mien.motion.interpolation import interpolate
from mien.motion.magnification import Magnification, magnify

#: Rec. 601 luma.
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class GreyOptions(SvmOptions):
    frames: int = Field(
        10, ge=0, le=256, description="frames after temporal interpolation (TIM); 0 = as they are stored"
    )
    alpha: float = Field(
        0.0, ge=0, le=50, description="Eulerian magnification of the motion before TIM; 0 = none"
    )
    cycles: float = Field(
        3.0, gt=0, description="highest frequency that is magnified, in cycles per clip; the mean is not"
    )


def grey_clip(rgb: NDArray[Any], options: GreyOptions) -> NDArray[np.float32]:
    """Grey frames (T, H, W), 0..255, of one stored clip (3, T, H, W).

    Raises:
        InputError: its values are no bytes.
    """
    if rgb.dtype != np.uint8:
        raise InputError(
            f"the array '{RGB}' has values of another type", found=rgb.dtype, do="prepare it as uint8"
        )
    grey = np.tensordot(LUMA, rgb.astype(np.float32), axes=1)
    if options.alpha > 0:
        grey = magnify(grey, len(grey), _band(len(grey), options))
    if options.frames and options.frames != len(grey):
        grey = interpolate(grey, options.frames).clip(0, 255)
    return np.asarray(grey, np.float32)


def _band(n_frames: int, options: GreyOptions) -> Magnification:
    """What is magnified: everything that varies slowly over the clip, whose length serves as the unit of time."""
    # Prepared frames are spread evenly over a clip, so a rate in Hz is not known here.
    return Magnification(
        alpha=options.alpha, low_hz=0, high_hz=min(options.cycles, n_frames / 2), temporal="ideal"
    )


def grey_needs(options: GreyOptions, *, frames: int, side: int) -> Needs:
    """The needs of a descriptor of pictures of `side` px and so many frames; TIM makes them from any two.

    Raises:
        UsageError: TIM is to make fewer.
    """
    if 0 < options.frames < frames:
        raise UsageError(
            "the frames after TIM are too few for the neighbours in time",
            found=f"frames {options.frames}, needed {frames}",
            do="set frames higher, or radius_t or blocks_t lower",
        )
    least = 2 if options.frames else max(2, frames)
    return Needs({RGB: "(N, 3, T, H, W) uint8"}, at_least={RGB: (3, least, side, side)})
