"""Short videos of one portrait (NASA, public domain) that raises its brows, for the tests of an analysis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
import skimage.data

#: Where the brows are in the portrait below, and how far they move, pixels.
BROWS, LIFT_PX = ((121, 77), (146, 78), (186, 80), (203, 82)), 4.0
#: When they rise and fall, seconds: onset, apex, offset.
RAISED_S = (2.0, 2.2, 2.45)


@cache
def _portrait() -> np.ndarray:
    """(240, 320, 3): a face about 105 px wide in the middle."""
    return np.asarray(
        cv2.resize(skimage.data.astronaut()[20:230, 85:365], (320, 240), interpolation=cv2.INTER_CUBIC)
    )


def picture(time_s: float, seed: int = 0, *, moving: bool = True) -> np.ndarray:
    """The portrait at a time, with camera noise: uint8 (240, 320, 3)."""
    image = _portrait()
    onset, apex, offset = RAISED_S
    lifted = float(np.interp(time_s, (onset, apex, offset), (0, LIFT_PX, 0))) if moving else 0.0
    if lifted:
        down, right = np.mgrid[0:240, 0:320].astype(np.float32)
        lift = sum(np.exp(-((right - x) ** 2 + (down - y) ** 2) / 2 / 9**2) for x, y in BROWS)
        image = cv2.remap(image, right, (down + lifted * lift).astype(np.float32), cv2.INTER_CUBIC)
    noise = np.random.default_rng([seed, round(1000 * time_s)]).normal(0, 1.5, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def write_video(
    path: Path,
    pictures: Callable[[float], np.ndarray] = picture,
    *,
    fps: float = 30,
    seconds: float = 4.0,
    times_s: Sequence[float] | None = None,
    rotation_deg: int = 0,
    crf: int = 16,
) -> Path:
    """An H.264 video of the pictures at their times."""
    times = np.arange(round(seconds * fps)) / fps if times_s is None else times_s
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=round(fps))
        stream.codec_context.time_base = Fraction(1, 3000)
        first = pictures(float(times[0]))
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt, stream.options = "yuv420p", {"crf": str(crf), "preset": "veryfast"}
        if rotation_deg:
            stream.set_display_rotation(rotation_deg)
        for time_s in times:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pictures(float(time_s))), format="rgb24")
            frame.pts, frame.time_base = round(3000 * time_s), Fraction(1, 3000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
