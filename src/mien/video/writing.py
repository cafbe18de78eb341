"""Write a video file, frame by frame: H.264 in MP4."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from mien.errors import UsageError
from mien.video.frame import Image

#: Constant quality of x264 (0 lossless, 23 its default): at 14 optical flow loses little of a faint movement.
QUALITY = 14


class VideoWriter:
    """Writes RGB pictures as H.264 video, in a `with` statement; the file is there once all of it is written.

    It is written under a hidden name beside its own; after an error nothing is left. Same pictures, same bytes
    on the same machine and with the same library.

    Args:
        path: the file (`.mp4`); its folder is made if need be.
        fps: frames per second; frame i is shown at i / fps seconds.
        size: width and height, both even.
        quality: see `QUALITY`.

    Raises:
        UsageError: an odd size, or no frame rate.
    """

    def __init__(self, path: Path, fps: float, size: tuple[int, int], *, quality: float = QUALITY) -> None:
        width, height = size
        if fps <= 0 or min(size) < 2 or width % 2 or height % 2:
            raise UsageError(
                "a video needs a frame rate, and an even width and height",
                found=f"{width}x{height}, {fps:g} fps",
            )
        import av

        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
        self._rate = Fraction(fps).limit_denominator(1001)
        # Without the library's version and the time of writing the bytes depend on the pictures alone.
        self._container = av.open(str(self._part), "w", format="mp4", options={"fflags": "+bitexact"})
        stream = self._container.add_stream("libx264", rate=self._rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1
        # x264's mbtree reads beyond small pictures where it has AVX-512, so bytes would differ from run to run. Without
        # B-frames a file holds its frames in the order in which they are shown.
        stream.options = {"crf": f"{quality:g}", "preset": "veryfast", "bf": "0", "x264-params": "mbtree=0"}
        self._stream, self._n = stream, 0

    def __enter__(self) -> Self:
        return self

    def write(self, image: Image) -> None:
        """Add a picture (height, width, 3)."""
        from av import VideoFrame

        frame = VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        frame.pts, frame.time_base = self._n, 1 / self._rate
        self._n += 1
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                for packet in self._stream.encode():
                    self._container.mux(packet)
            self._container.close()
            if kind is None:
                with self._part.open("rb") as written:
                    os.fsync(written.fileno())
                self._part.replace(self._path)
        finally:
            self._part.unlink(missing_ok=True)
