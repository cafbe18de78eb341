"""Damaged videos: each is analysed with what was lost told, or refused with a reason; no crash, no hang, no trace."""

from __future__ import annotations

import time
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from mien.analysis.running import analyse
from mien.analysis.settings import AnalyseSettings
from mien.errors import InputError
from mien.face.landmarks import Landmarker
from mien.spotting.registry import create
from mien.video.limits import Limits
from portraits import picture

LIMIT_S = 60.0
CODINGS = (("mp4", "libx264"), ("mkv", "mpeg4"), ("avi", "mjpeg"), ("webm", "libvpx"))


def _small_video(path: Path, codec: str) -> bytes:
    """Half a second of a face, 160 x 120."""
    import cv2

    face = cv2.resize(picture(0.0), (160, 120), interpolation=cv2.INTER_AREA)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30)
        stream.width, stream.height = 160, 120  # type: ignore[union-attr]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"  # type: ignore[union-attr]
        for number in range(15):
            shown = np.roll(face, number // 5, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown, "rgb24")))  # type: ignore[union-attr]
        container.mux(stream.encode(None))  # type: ignore[union-attr]
    return path.read_bytes()


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """The file with damage of one kind: flipped bits, a cut, a hole, pieces moved, written twice or overwritten."""
    data = bytearray(content)
    at, length = int(rng.integers(len(data))), int(rng.integers(1, max(2, len(data) // 4)))
    kind = rng.integers(7)
    if kind == 0:
        for place in rng.integers(len(data), size=int(rng.integers(1, 60))):
            data[place] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        del data[at:]
    elif kind == 2:
        del data[at : at + length]
    elif kind == 3:
        data[at : at + length] = rng.bytes(len(data[at : at + length]))
    elif kind == 4:
        data[at:at] = data[at : at + length]
    elif kind == 5:
        data[at : at + length] = bytes(len(data[at : at + length]))
    else:
        # The first kilobyte holds what says how large everything is.
        for place in rng.integers(min(1024, len(data)), size=8):
            data[place] = int(rng.choice([0, 0x7F, 0x80, 0xFF]))
    return bytes(data)


def _outcomes(folder: Path, n: int, seed: int) -> list[str]:
    """What became of each of `n` damaged videos: the reason, or how many frames it gave."""
    rng = np.random.default_rng(seed)
    whole = [(kind, _small_video(folder / f"whole.{kind}", codec)) for kind, codec in CODINGS]
    settings = AnalyseSettings(limits=Limits(silence_s=20.0))
    found = []
    with Landmarker() as finder:
        for number in range(n):
            kind, content = whole[number % len(whole)]
            file = folder / f"damaged.{kind}"
            file.write_bytes(mutated(content, rng))
            start = time.monotonic()
            try:
                analysis = analyse(file, create("contrast"), None, settings, landmarker=finder)
            except InputError as refused:
                assert refused.what and "\n" not in refused.what
                found.append(refused.what)
            else:
                assert all(row.success or row.lost for row in analysis.frames)
                times = [row.timestamp for row in analysis.frames]
                assert times == sorted(times)
                found.append(f"{len(analysis.frames)} frames")
            assert time.monotonic() - start < LIMIT_S, (number, found[-1])
    return found


def _left_behind() -> list[str]:
    return [" ".join(one.cmdline()) for one in psutil.Process().children(recursive=True) if "spawn_main" in
            " ".join(one.cmdline())]  # fmt: skip


@pytest.mark.parametrize(("n", "seed"), [(8, 0), pytest.param(300, 1, marks=pytest.mark.slow)])
def test_no_damage_is_a_crash_a_hang_or_silence(tmp_path: Path, n: int, seed: int) -> None:
    found = _outcomes(tmp_path, n, seed)
    assert len(found) == n
    # Damage of every depth: some files still give frames, some are refused.
    assert any(one.endswith("frames") for one in found) and not all(one.endswith("frames") for one in found)
    assert _left_behind() == []
