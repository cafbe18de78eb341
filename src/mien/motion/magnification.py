"""Eulerian video magnification: small motions made large enough to be seen."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from mien.errors import InputError, UsageError

FloatArray = npt.NDArray[np.float32]

# The pyramid ends before a side would be smaller than this.
_SMALLEST_PX = 4
_BUTTERWORTH_ORDER = 1


class Magnification(BaseModel):
    """How much motion of which frequencies is magnified.

    Attributes:
        alpha: motion in the band becomes about 1 + alpha times as large.
        low_hz: lower end of the band.
        high_hz: upper end, at most half the frame rate.
        shift_px: the largest motion expected. A wavelength shorter than 8 (1 + alpha) shift_px would break
            up, so it is magnified less, as Wu et al. do. 0 magnifies all wavelengths alike.
        temporal: "butterworth" (gentle slopes, run forwards and backwards, so that no peak moves in time), or
            "ideal" (sharp; takes the clip as one period, so its two ends affect each other).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    alpha: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    low_hz: Annotated[float, Field(ge=0)]
    high_hz: Annotated[float, Field(gt=0)]
    shift_px: Annotated[float, Field(ge=0)] = 0.5
    temporal: Literal["butterworth", "ideal"] = "butterworth"


def magnify(frames: npt.ArrayLike, fps: float, how: Magnification) -> npt.NDArray[Any]:
    """The frames with the motion of a frequency band magnified (linear method of Wu et al., SIGGRAPH 2012).

    Each level of a Laplacian pyramid is band-passed over time and added `alpha` times. What is left
    above the pyramid (the slow change of light over the face) is not magnified. A single frame is returned as it is.
    Do not look for expressions with a fixed threshold in magnified frames: noise grows too.

    Args:
        frames: (T, H, W) or (T, H, W, 3), 0..255. uint8 comes back as uint8; else float32; both clipped to 0..255.
        fps: frames per second.

    Raises:
        UsageError: the band does not fit the frame rate.
        InputError: frames of another shape, none, or not finite.
    """
    images = np.asarray(frames)
    if images.ndim not in (3, 4) or 0 in images.shape or not np.isfinite(images).all():
        raise InputError("magnification needs finite frames (T, H, W) or (T, H, W, 3)", found=images.shape)
    magnified = images.astype(np.float32)
    if len(images) > 1:
        band = band_pass(magnified, fps, how)
        gains = _gains(min(images.shape[1:3]), how)
        for frame, change in zip(magnified, band, strict=True):
            frame += _weighted_levels(change, gains)
    if images.dtype == np.uint8:
        return np.rint(magnified).clip(0, 255).astype(np.uint8)
    return magnified.clip(0, 255)


def band_pass(signal: FloatArray, fps: float, how: Magnification) -> FloatArray:
    """The part (T, ...) of a signal (T, ...) that varies within the band.

    Raises:
        UsageError: the band is empty, or reaches above half the frame rate, or (Butterworth) begins at 0.
    """
    if not how.low_hz < how.high_hz <= fps / 2 or (how.temporal == "butterworth" and not how.low_hz > 0):
        raise UsageError(
            "the band of the magnification does not fit the frame rate",
            found=f"{how.low_hz:g} to {how.high_hz:g} Hz ({how.temporal}) at {fps:g} frames per second",
            do="set 0 < low_hz < high_hz <= half the frame rate (an ideal band may begin at 0)",
        )
    if how.temporal == "ideal":
        spectrum = np.fft.rfft(signal, axis=0)
        hz = np.fft.rfftfreq(len(signal), 1 / fps)
        # The mean is no motion, wherever the band begins.
        spectrum[(hz < how.low_hz) | (hz > how.high_hz) | (hz == 0)] = 0
        return np.fft.irfft(spectrum, len(signal), axis=0).astype(np.float32)
    return _butterworth(signal, fps, how.low_hz, how.high_hz)


def _butterworth(signal: FloatArray, fps: float, low_hz: float, high_hz: float) -> FloatArray:
    from scipy.signal import butter, sosfiltfilt

    if high_hz == fps / 2:
        sections = butter(_BUTTERWORTH_ORDER, low_hz, "highpass", fs=fps, output="sos")
    else:
        sections = butter(_BUTTERWORTH_ORDER, (low_hz, high_hz), "bandpass", fs=fps, output="sos")
    # Reflected at both ends by a period of the slowest motion, as far as the clip reaches.
    margin = min(round(fps / low_hz), len(signal) - 1)
    if len(signal) ** 2 > signal.size:
        return np.asarray(sosfiltfilt(sections, signal, axis=0, padlen=margin), dtype=np.float32)
    # The filter is linear: as a matrix over time it serves all pixels at once, many times faster.
    matrix = sosfiltfilt(sections, np.eye(len(signal)), axis=0, padlen=margin).astype(np.float32)
    return np.tensordot(matrix, signal, axes=1)


def _gains(side_px: int, how: Magnification) -> list[float]:
    """The factor of each level of the pyramid, the finest first."""
    levels = max(int(np.log2(side_px / _SMALLEST_PX)), 1)
    # Level l holds wavelengths from 2 to 4 times 2^l pixels; their geometric mean stands for them.
    wavelength_px = np.sqrt(8) * 2.0 ** np.arange(levels)
    if how.shift_px == 0:
        return [how.alpha] * levels
    return [float(gain) for gain in np.clip(wavelength_px / (8 * how.shift_px) - 1, 0, how.alpha)]


def _weighted_levels(image: FloatArray, gains: list[float]) -> FloatArray:
    """The image put together again from its Laplacian levels, each times its gain, without the remainder."""
    import cv2

    if not gains:
        return np.zeros_like(image)
    size = image.shape[1::-1]
    smaller = cv2.pyrDown(image)
    level = image - cv2.pyrUp(smaller, dstsize=size)
    rest = _weighted_levels(np.asarray(smaller, dtype=np.float32), gains[1:])
    return np.asarray(gains[0] * level + cv2.pyrUp(rest, dstsize=size), dtype=np.float32)
