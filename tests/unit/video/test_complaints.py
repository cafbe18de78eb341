"""What FFmpeg says in its log only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import av.logging

from mien.video.complaints import complaints


def test_the_first_error_of_the_named_part_is_told(tmp_path: Path, write_video: Callable[..., Path]) -> None:
    path = write_video(tmp_path / "a.mkv", 8, codec="ffv1", pix_fmt="gray16le")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    for part, words in [("ffv1", "slice CRC mismatch"), ("h264", "")]:
        with av.open(str(path)) as container, complaints(part) as told:
            container.streams.video[0].thread_type = "NONE"
            assert told() == ""
            for _ in container.decode(video=0):
                pass
            assert told()[: len("slice CRC mismatch")] == words


def test_the_log_level_is_put_back_after_an_error() -> None:
    level = av.logging.get_level()
    try:
        with complaints("ffv1"):
            assert av.logging.get_level() == av.logging.ERROR
            raise KeyError
    except KeyError:
        pass
    assert av.logging.get_level() == level
