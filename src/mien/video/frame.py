"""One frame, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

#: A picture: uint8 (H, W, 3), RGB.
Image = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Frame:
    """A decoded frame.

    Attributes:
        index: its place in the video or folder, from 0.
        number: the source's own number of it.
        time_s: presentation time from the first frame; None for image files, which carry none.
        image: uint8 (H, W, 3), RGB.
    """

    index: int
    number: int
    time_s: float | None
    image: Image


@dataclass(frozen=True)
class Lost:
    """A frame that cannot be shown: its number in the source and the reason, in words."""

    number: int
    reason: str
