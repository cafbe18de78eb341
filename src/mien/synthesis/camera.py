"""What a camera does to a picture: exposure, blur, noise, flicker, grey, and the compression when it is written."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mien.errors import UsageError

Image = npt.NDArray[np.uint8]

#: The noise of a frame is cut at random from a larger field, drawn once: far cheaper than drawing it anew.
SPARE_PX = 61


@dataclass(frozen=True)
class CameraLook:
    """One camera and its settings.

    Attributes:
        exposure: factor on the brightness.
        flicker: standard deviation of its relative change from frame to frame.
        blur_px: standard deviation of the blur of lens and sensor.
        read_noise: standard deviation of the noise in the dark, grey levels.
        shot_noise: variance of the noise per grey level of brightness.
        grey: whether the camera sees no colour.
        quality: of JPEG files, 1..100.
    """

    exposure: float = 1.0
    flicker: float = 0.003
    blur_px: float = 0.55
    read_noise: float = 0.9
    shot_noise: float = 0.012
    grey: bool = False
    quality: int = 92

    def __post_init__(self) -> None:
        if min(self.flicker, self.blur_px, self.read_noise, self.shot_noise) < 0 or self.exposure <= 0:
            raise UsageError("a camera has positive exposure and no negative noise or blur", found=self)
        if not 1 <= self.quality <= 100:
            raise UsageError("the quality of a JPEG file lies between 1 and 100", found=self.quality)

    @classmethod
    def perfect(cls, *, grey: bool = False) -> CameraLook:
        """A camera that adds nothing."""
        return cls(1.0, 0.0, 0.0, 0.0, 0.0, grey, 100)


def draw_camera(rng: np.random.Generator, *, grey: bool = False) -> CameraLook:
    """The camera of one recording session, a little different each time."""
    return CameraLook(
        exposure=float(np.exp(rng.normal(0, 0.05))),
        flicker=float(rng.uniform(0.0005, 0.003)),
        blur_px=float(rng.uniform(0.45, 0.75)),
        read_noise=float(rng.uniform(0.5, 1.2)),
        shot_noise=float(rng.uniform(0.004, 0.016)),
        grey=grey,
    )


class Camera:
    """Develops the pictures of one session.

    Args:
        look: the camera and its settings.
        width, height: of the pictures, pixels.
        rng: draws the field of noise.
    """

    def __init__(self, look: CameraLook, width: int, height: int, rng: np.random.Generator) -> None:
        self.look = look
        shape = (height + SPARE_PX, width + SPARE_PX, 1 if look.grey else 3)
        self._noise = rng.standard_normal(shape, dtype=np.float32)
        levels = np.arange(256, dtype=np.float32)
        self._deviation = np.sqrt(look.read_noise**2 + look.shot_noise * levels)

    def develop(self, picture: Image, rng: np.random.Generator) -> Image:
        """The frame (height, width, 3) a camera would deliver; grey ones have three equal channels."""
        look = self.look
        image = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None] if look.grey else picture
        if look.blur_px > 0:
            image = cv2.GaussianBlur(image, (0, 0), look.blur_px).reshape(image.shape)
        gain = look.exposure * (1 + look.flicker * rng.normal())
        levels = np.ascontiguousarray(image)
        error = np.asarray(cv2.LUT(levels, self._deviation), dtype=np.float32).reshape(image.shape)
        down, right = rng.integers(0, SPARE_PX, 2)
        height, width, _ = image.shape
        error *= self._noise[down : down + height, right : right + width]
        frame = cv2.addWeighted(levels.astype(np.float32), gain, error, 1.0, 0.0, dtype=cv2.CV_8U)
        frame = np.asarray(frame, dtype=np.uint8).reshape(image.shape)
        return np.repeat(frame, 3, axis=2) if look.grey else frame


def encode(image: Image, suffix: str, quality: int) -> bytes:
    """The bytes of an image file (`.jpg`, `.png`, `.bmp`) of an RGB image (height, width, 3); JPEG has a quality."""
    done, data = cv2.imencode(suffix, image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise UsageError(f"this picture cannot be written as {suffix}", found=image.shape)
    return bytes(data)
