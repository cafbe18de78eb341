"""Videos whose frames carry their number as ten black and white squares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

SIDE = 16
N_BITS = 10


def numbered(number: int, height: int = 64) -> np.ndarray:
    """A picture (height, 160, 3) that shows `number` in binary, lowest bit at the left, above a busy ground."""
    image = np.random.default_rng(number).integers(96, 160, (height, SIDE * N_BITS, 3), dtype=np.uint8)
    for bit in range(N_BITS):
        image[:SIDE, bit * SIDE : (bit + 1) * SIDE] = 255 * (number >> bit & 1)
    return image


def number_in(image: np.ndarray) -> int:
    squares = image[4 : SIDE - 4].mean(axis=(0, 2)).reshape(N_BITS, SIDE)[:, 4:-4].mean(axis=1)
    return sum(int(square > 128) << bit for bit, square in enumerate(squares))


def write(
    path: Path,
    n: int = 60,
    *,
    codec: str = "libx264",
    fps: int = 30,
    times_ms: Sequence[int] | None = None,
    height: int = 64,
    rotation_deg: int = 0,
    pix_fmt: str = "yuv420p",
    container_options: dict[str, str] | None = None,
    **options: str,
) -> Path:
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = SIDE * N_BITS, height, pix_fmt
        stream.options = options
        if times_ms is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if rotation_deg:
            stream.set_display_rotation(rotation_deg)
        for number in range(n):
            frame = av.VideoFrame.from_ndarray(numbered(number, height), format="rgb24")
            if times_ms is not None:
                frame.pts, frame.time_base = times_ms[number], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def plain_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """90 frames at 30 fps, H.264 with reordered frames, a key frame every 24."""
    return write(tmp_path_factory.mktemp("video") / "plain.mp4", 90, g="24", bf="3")


@pytest.fixture
def write_video() -> Callable[..., Path]:
    return write


@pytest.fixture
def shown_number() -> Callable[[np.ndarray], int]:
    return number_in


@pytest.fixture
def numbered_picture() -> Callable[..., np.ndarray]:
    return numbered


@pytest.fixture(scope="session")
def small_videos(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bytes]]:
    """Names and bytes of one small video of each common kind."""
    folder = tmp_path_factory.mktemp("small")
    kinds = [
        ("h264.mp4", {"g": "12", "bf": "3"}),
        ("h264.avi", {"g": "12", "bf": "3"}),
        ("h264.mkv", {"g": "12", "bf": "3"}),
        ("h264.ts", {"g": "12", "bf": "3"}),
        ("mpeg4.avi", {"codec": "mpeg4"}),
        ("vp9.webm", {"codec": "libvpx-vp9", "cpu-used": "8", "deadline": "realtime"}),
        ("mjpeg.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}),
        ("ffv1.mkv", {"codec": "ffv1", "pix_fmt": "gray16le"}),
    ]
    return [(name, write(folder / name, 16, **options).read_bytes()) for name, options in kinds]
