"""Pictures to an MP4 file, each shown at the time it is given, written frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mien.files import written_whole

if TYPE_CHECKING:
    from av.container import OutputContainer

Image = npt.NDArray[np.uint8]
#: The usual clock of video: fine enough for every frame rate, coarse enough for hours.
TICK_S = Fraction(1, 90_000)


@contextmanager
def mp4(path: Path, fps: float) -> Iterator[Film]:
    """An MP4 file (H.264) to add pictures to; it appears when the block has ended well.

    Args:
        path: the file.
        fps: mean frames per second, which players show; the times of the frames are their own.
    """
    import av

    # the index stands in front, so that a browser can show the film before it has all of it
    options = {"movflags": "+faststart"}
    with written_whole(path) as temporary, av.open(str(temporary), "w", options=options) as container:
        film = Film(container, fps)
        yield film
        film.finish()


class Film:
    """Pictures on their way into an opened file. Sides of odd length get one more row or column, as H.264 wants."""

    def __init__(self, container: OutputContainer, fps: float) -> None:
        self._container = container
        self._stream = container.add_stream(
            "libx264",
            rate=Fraction(fps).limit_denominator(1000),
            options={"preset": "veryfast", "crf": "20"},
        )
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = TICK_S
        self._last_pts = -1

    def add(self, image: Image, time_s: float) -> None:
        """Show a picture (H, W, 3) RGB from `time_s` on; all of one size, times rising."""
        import av

        if self._last_pts < 0:
            height, width = image.shape[:2]
            self._stream.height, self._stream.width = height + height % 2, width + width % 2
        even = np.zeros((self._stream.height, self._stream.width, 3), np.uint8)
        even[: image.shape[0], : image.shape[1]] = image
        frame = av.VideoFrame.from_ndarray(even, format="rgb24")
        frame.pts, frame.time_base = max(round(time_s / TICK_S), self._last_pts + 1), TICK_S
        self._last_pts = frame.pts
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Write what the coder still holds."""
        self._container.mux(self._stream.encode())
