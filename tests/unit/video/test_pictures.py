"""Image files of all kinds as RGB."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.errors import InputError
from mien.video.limits import Limits
from mien.video.pictures import UnreadablePicture, read_picture

RAMP = np.arange(0, 240, dtype=np.uint8).reshape(12, 20)
COLOURS = np.stack([RAMP, RAMP[::-1], 255 - RAMP], axis=2)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif"])
def test_colours_come_back_as_they_were_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(COLOURS).save(path)
    image = read_picture(path)
    assert image.dtype == np.uint8 and image.flags.writeable
    np.testing.assert_array_equal(image, COLOURS)


def test_a_jpeg_comes_back_nearly(tmp_path: Path) -> None:
    smooth = np.full((32, 48, 3), (200, 100, 50), np.uint8)
    Image.fromarray(smooth).save(tmp_path / "a.jpg", quality=95)
    assert np.abs(read_picture(tmp_path / "a.jpg").astype(int) - smooth).max() <= 3


def test_grey_gives_three_equal_channels(tmp_path: Path) -> None:
    Image.fromarray(RAMP).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), np.repeat(RAMP[..., None], 3, axis=2))


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_are_scaled_by_257_whatever_range_is_used(tmp_path: Path, suffix: str) -> None:
    Image.fromarray(RAMP.astype(np.uint16) * 257).save(tmp_path / f"a.{suffix}")
    np.testing.assert_array_equal(read_picture(tmp_path / f"a.{suffix}")[..., 0], RAMP)
    Image.fromarray(np.full((4, 4), 4095, np.uint16)).save(tmp_path / f"dark.{suffix}")
    assert read_picture(tmp_path / f"dark.{suffix}").max() == 16


def test_transparency_is_dropped(tmp_path: Path) -> None:
    Image.fromarray(np.dstack([COLOURS, RAMP])).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), COLOURS)


def test_an_exif_turn_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # "rotate 90 clockwise to show"
    Image.fromarray(COLOURS).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), np.rot90(COLOURS, -1))


def test_a_cut_off_image_is_refused_not_filled_with_grey(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:-800])
    with pytest.raises(UnreadablePicture, match="truncated"):
        read_picture(path)


@pytest.mark.parametrize("content", [b"", b"hello\n" * 50, b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(40)])
def test_what_is_no_image_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(UnreadablePicture):
        read_picture(tmp_path / "a.jpg")


def test_a_huge_declared_size_is_refused_before_a_pixel_is_made(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 9000, 9000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(bomb)
    with pytest.raises(InputError, match="9000 x 9000") as raised:
        read_picture(tmp_path / "a.png")
    assert not isinstance(raised.value, UnreadablePicture)
    larger = bomb.replace(header, chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)))
    (tmp_path / "a.png").write_bytes(larger)
    with pytest.raises(InputError, match="larger than allowed"):
        read_picture(tmp_path / "a.png", Limits(frame_pixels=10**10))
