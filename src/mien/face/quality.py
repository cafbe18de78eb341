"""How good each frame of a clip is: one row per frame, lost ones included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien.face.landmarks import Face
from mien.face.regions import interocular_px
from mien.face.registration import Method, grey

NAN = float("nan")


@dataclass(frozen=True)
class FrameQuality:
    """One row of the quality table; nan where something was not measured.

    Attributes:
        number: the source's number of the frame.
        lost: why the frame is not among the crops; empty if it is.
        found: whether the face was found in it; None if it was not looked for.
        interocular_px: distance of the outer eye corners in the source picture.
        yaw_deg, pitch_deg, roll_deg: head pose (`mien.face.landmarks.Pose`).
        blur: variance of the Laplacian of the registered crop: small is blurred. Comparable within a clip, and
            between clips of one camera and crop size.
        brightness: mean grey value of the crop, 0 to 255.
        registration: how it was laid on the reference frame.
        agreement: how well (`mien.face.registration.Registration`).
        shift_px: how far registration moved the middle of the crop, crop pixels.
        residual_px: rigid motion that is left after it, crop pixels, measured by ECC.
    """

    number: int
    lost: str = ""
    found: bool | None = None
    interocular_px: float = NAN
    yaw_deg: float = NAN
    pitch_deg: float = NAN
    roll_deg: float = NAN
    blur: float = NAN
    brightness: float = NAN
    registration: Method = "none"
    agreement: float = NAN
    shift_px: float = NAN
    residual_px: float = NAN


def face_values(face: Face | None) -> dict[str, float]:
    """The columns of a row that come from a face; nothing if there is none."""
    if face is None:
        return {}
    return {
        "interocular_px": interocular_px(face.points),
        "yaw_deg": face.pose.yaw_deg,
        "pitch_deg": face.pose.pitch_deg,
        "roll_deg": face.pose.roll_deg,
    }


def blur(crop: npt.NDArray[np.uint8]) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al., 2000) of the grey crop; smaller is more blurred."""
    import cv2

    return float(cv2.Laplacian(grey(crop), cv2.CV_64F).var())


def brightness(crop: npt.NDArray[np.uint8]) -> float:
    """Mean grey value, 0 to 255."""
    return float(grey(crop).mean())
