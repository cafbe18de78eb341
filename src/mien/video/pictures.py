"""Image files as RGB pictures: grey, 16-bit, transparent and turned ones too; damaged ones are refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mien.errors import InputError
from mien.video.frame import Image
from mien.video.limits import Limits

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

#: The formats that databases come in; Pillow's many others are not offered to foreign files.
FORMATS = ("JPEG", "PNG", "BMP", "TIFF")


class UnreadablePicture(InputError):
    """One image file is damaged or none: its clip can do without it."""


def read_picture(path: Path, limits: Limits | None = None) -> Image:
    """The picture in an image file, uint8 (H, W, 3) RGB, turned as its EXIF orientation says.

    Grey becomes three equal channels; 16-bit values are divided by 257 (65535 becomes 255), whatever part of
    the range is used; transparency is dropped.

    Raises:
        UnreadablePicture: absent, empty, cut off, or not one of FORMATS.
        InputError: larger than the limits allow.
    """
    from PIL import Image as pillow
    from PIL import ImageOps

    limits = limits or Limits()
    if not path.is_file() or path.stat().st_size == 0:
        raise UnreadablePicture("the image file is absent or empty", where=path)
    limits.check_file(path)
    try:
        with pillow.open(path, formats=FORMATS) as opened:
            limits.check_size(opened.width, opened.height, path)
            return _rgb(ImageOps.exif_transpose(opened))
    except pillow.DecompressionBombError as error:
        raise InputError("the picture is larger than allowed", where=path, found=error) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        reason = str(error).replace(str(path), path.name)
        raise UnreadablePicture("the image file cannot be read", where=path, found=reason) from error


def _rgb(picture: Picture) -> Image:
    if picture.mode.startswith("I"):  # I;16, I;16B: grey of 16 bits; I: the same, widened by Pillow
        deep = np.asarray(picture).astype(np.int64)
        grey = np.clip((deep + 128) // 257, 0, 255).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if picture.mode == "F":
        raise ValueError("floating-point pictures have no fixed range of brightness")
    return np.array(picture.convert("RGB"))
