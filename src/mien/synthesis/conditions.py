"""Recording conditions of synthetic clips: how strong, how still, how noisy; and the noise itself.

None of these numbers is published. Lengths are shares of the image width, so one setting serves every size.
The defaults were chosen by eye and by a few statistics so that the images, min-max scaled, look like the MEGC
2019 ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from mien.synthesis.flow import Flow
from mien.synthesis.head import Floats


@dataclass(frozen=True)
class Conditions:
    """What differs between the exact displacement of coded actions and what a flow method would see.

    Attributes:
        strength: median intensity (0..1) of an action at the apex; micro-expressions are faint.
        strength_spread: standard deviation of its logarithm, over clips and actions.
        idiosyncrasy: standard deviation of the logarithm of a person's gain per face unit, and of left over
            right.
        blink: standard deviation of uncoded lid motion (share of a full blink) in the clips that have it.
        gaze: the same for uncoded eye turns.
        head_shift: standard deviation of residual head translation per axis, share of the width.
        head_turn_rad: standard deviation of residual head rotation per axis.
        head_zoom: standard deviation of residual relative change of size.
        pose_rad: standard deviation of the head pose at the onset, per axis.
        framing: standard deviation of where the crop puts eyes and mouth, share of the image.
        blur: standard deviation of the Gaussian by which flow estimation smears motion, share of the width.
        noise: median standard deviation of flow error, share of the width.
        noise_spread: standard deviation of its logarithm over clips: a few clips are very noisy.
        noise_scale: standard deviation of the Gaussian that correlates the error, share of the width.
        white_share: share of the error's variance that is uncorrelated from pixel to pixel.
        patchiness: standard deviation of the logarithm of a gain that varies over the face: an estimator
            follows motion where there is texture and loses some of it on smooth skin.
        patch_scale: standard deviation of the Gaussian that correlates that gain, share of the width.
        deadband: motion against the rest of the face, share of the width, at which half of it is lost. Total-
            variation methods (TV-L1) flatten small differences: most of a face comes out as one constant.
    """

    strength: float = 0.16
    strength_spread: float = 0.5
    idiosyncrasy: float = 0.25
    blink: float = 0.07
    gaze: float = 0.25
    head_shift: float = 0.003
    head_turn_rad: float = 0.004
    head_zoom: float = 0.002
    pose_rad: float = 0.06
    framing: float = 0.02
    blur: float = 0.015
    noise: float = 0.0008
    noise_spread: float = 0.9
    noise_scale: float = 0.055
    white_share: float = 0.03
    patchiness: float = 0.3
    patch_scale: float = 0.035
    deadband: float = 0.005

    @classmethod
    def exact(cls, strength: float = 0.16, strength_spread: float = 0.5) -> Conditions:
        """Coded actions alone: symmetric, a still head, no noise, the flow exact at every pixel."""
        stillness = dict.fromkeys(cls.__dataclass_fields__, 0.0)
        return cls(**stillness | {"strength": strength, "strength_spread": strength_spread})


def correlated_noise(white: Floats, sigma_px: float) -> Floats:
    """Smooth noise of unit variance from `white` (..., H, W), correlated over about `sigma_px` pixels.

    The filter wraps around the image, so that the variance is the same everywhere.
    """
    if sigma_px <= 0:
        return white
    spike = np.zeros(white.shape[-2:])
    spike[0, 0] = 1.0
    kernel = gaussian_filter(spike, sigma_px, mode="wrap")
    sigmas = (0.0,) * (white.ndim - 2) + (sigma_px, sigma_px)
    return np.asarray(gaussian_filter(white, sigmas, mode="wrap") / np.sqrt((kernel**2).sum()))


def _spread_over_background(flow: Floats, face: Floats, sigma_px: float) -> Floats:
    """Flow (N, 2, H, W) continued outside `face` (H, W): a blank background moves with the rim."""
    sigmas = (0.0, 0.0, sigma_px, sigma_px)
    nearby = gaussian_filter(flow * face, sigmas) / np.maximum(gaussian_filter(face, sigma_px), 1e-6)
    return np.asarray(np.where(face > 0, flow, nearby))


def _flatten(flow: Floats, gain: Floats, deadband_px: float) -> Floats:
    """Flow whose deviation from the median motion is scaled by `gain` and squeezed where it is small."""
    rest = np.median(flow, axis=(2, 3), keepdims=True)
    deviation = (flow - rest) * gain
    length = np.sqrt((deviation**2).sum(axis=1, keepdims=True))
    return np.asarray(rest + deviation * (length / np.maximum(length + deadband_px, 1e-12)))


def observe(
    flow: Flow, face: npt.NDArray[np.bool_], conditions: Conditions, noise: Floats, loudness: Floats
) -> Flow:
    """Flow (N, 2, H, W) in pixels as an estimator would give it: smeared, erring, flat where little moves.

    Args:
        flow: exact flow, pixels.
        face: (H, W) pixels that see the face.
        conditions: how much of each.
        noise: (N, 5, H, W) independent standard normal numbers: correlated error (u, v), white error (u, v),
            gain.
        loudness: (N,) standard normal: how noisy each clip is.
    """
    width = flow.shape[-1]
    seen = flow.astype(np.float64)
    if conditions.blur > 0:
        seen = _spread_over_background(seen, face.astype(np.float64), 4 * conditions.blur * width)
        sigma = conditions.blur * width
        seen = gaussian_filter(seen, (0.0, 0.0, sigma, sigma), mode="nearest")
    if conditions.noise > 0:
        white_share = conditions.white_share
        error = np.sqrt(1 - white_share) * correlated_noise(noise[:, :2], conditions.noise_scale * width)
        error += np.sqrt(white_share) * noise[:, 2:4]
        level = conditions.noise * width * np.exp(conditions.noise_spread * loudness)
        seen = seen + error * level[:, None, None, None]
    if conditions.deadband > 0 or conditions.patchiness > 0:
        gain = np.exp(conditions.patchiness * correlated_noise(noise[:, 4:], conditions.patch_scale * width))
        seen = _flatten(seen, gain, conditions.deadband * width)
    return np.asarray(seen, dtype=np.float32)
