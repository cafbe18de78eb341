"""Faces in a picture: 478 points, head pose and 52 blendshapes, by MediaPipe's Face Landmarker."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mien.errors import InputError
from mien.face.model import check_mediapipe, find_model
from mien.face.quiet import without

if TYPE_CHECKING:
    from mediapipe.tasks.python.vision import FaceLandmarkerResult

N_POINTS = 478
#: (x, y) in pixels; whole numbers are pixel centres.
Points = npt.NDArray[np.float32]

_NOISE = re.compile(
    rb"before absl::InitializeLog|Created TensorFlow Lite XNNPACK delegate"
    rb"|^[WI]0000 .*(face_landmarker_graph|inference_feedback_manager|gl_context)"
)


@dataclass(frozen=True)
class Pose:
    """Where a face looks, in degrees; all zero for a face that looks into the camera.

    Attributes:
        yaw_deg: the nose points to the right of the picture.
        pitch_deg: the nose points up. MediaPipe's zero is not every face's: the upright, frontal portrait of the tests
            comes out at about -9. Compare frames of one person.
        roll_deg: the head is turned counter-clockwise in the picture.
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float

    @classmethod
    def of(cls, matrix: npt.ArrayLike) -> Pose:
        """From MediaPipe's (4, 4) matrix of the canonical face: x right, y up, z towards the camera."""
        turn = np.asarray(matrix, dtype=np.float64)[:3, :3]
        turn = turn / np.linalg.norm(turn, axis=0)
        right, forward = turn[:, 0], turn[:, 2]
        return cls(
            yaw_deg=math.degrees(math.atan2(forward[0], forward[2])),
            pitch_deg=math.degrees(math.asin(float(np.clip(forward[1], -1.0, 1.0)))),
            roll_deg=math.degrees(math.atan2(right[1], right[0])),
        )


@dataclass(frozen=True, eq=False)
class Face:
    """One face of a picture.

    Attributes:
        points: (478, 2) float32 pixels; points of a face that is partly outside lie outside the picture.
        pose: where it looks.
        blendshapes: 52 scores from 0 to 1 by MediaPipe's names (`browInnerUp`, `mouthSmileLeft`, ... and `_neutral`).
    """

    points: Points
    pose: Pose
    blendshapes: Mapping[str, float]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of the points, pixels."""
        left, top = self.points.min(axis=0)
        right, bottom = self.points.max(axis=0)
        return float(left), float(top), float(right), float(bottom)

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the box, (x, y) pixels."""
        left, top, right, bottom = self.box
        return (left + right) / 2, (top + bottom) / 2

    @property
    def width_px(self) -> float:
        """Width of the box."""
        return self.box[2] - self.box[0]


class Landmarker:
    """Finds faces; to be used in a `with` statement. One picture at a time, without memory of the last.

    MediaPipe's video mode is not offered: its smoothing makes an apex late by 15 to 20 ms.

    Args:
        model_path: a face_landmarker.task; None takes the packaged one (`mien.face.model.find_model`).
        most_faces: how many faces of a picture are found at most.
        confidence: least score of the face detector and of the mesh, 0 to 1.

    Attributes:
        model: the file that is used, with its checksum.

    Raises:
        InputError: another MediaPipe than the pinned one, no model, or a file that is none.
    """

    def __init__(
        self, model_path: Path | None = None, *, most_faces: int = 4, confidence: float = 0.5
    ) -> None:
        check_mediapipe()
        self.model = find_model(model_path)
        from mediapipe.tasks.python import BaseOptions, vision

        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(self.model.path)),
            running_mode=vision.RunningMode.IMAGE,
            num_faces=most_faces,
            min_face_detection_confidence=confidence,
            min_face_presence_confidence=confidence,
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
        )
        with without(_NOISE):
            try:
                self._landmarker = vision.FaceLandmarker.create_from_options(options)
            except (RuntimeError, ValueError) as error:
                raise InputError(
                    "the face model cannot be loaded", where=self.model.path, found=str(error)[:200]
                ) from error
            # The graph's own threads start with the first picture, and log then.
            self.find(np.zeros((64, 64, 3), np.uint8))

    def __enter__(self) -> Landmarker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the graph; without it MediaPipe complains when the program ends."""
        self._landmarker.close()

    def find(self, image: npt.NDArray[np.uint8]) -> list[Face]:
        """All faces of a picture (H, W, 3) uint8 RGB, in MediaPipe's order; an empty list if there is none.

        The detector looks at the whole picture at 128 x 128: a face narrower than about 15 % of the longer
        side is not seen (`mien.face.search` looks closer).

        Raises:
            InputError: not a uint8 RGB picture.
        """
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise InputError(
                "faces are found in uint8 RGB pictures", found=f"{image.dtype} of shape {image.shape}"
            )
        import mediapipe

        picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(image))
        return _faces(self._landmarker.detect(picture), image.shape[1], image.shape[0])


def _faces(result: FaceLandmarkerResult, width: int, height: int) -> list[Face]:
    # MediaPipe's x * width was found to count from the pixel centres (to about 0.15 px, by mirroring).
    return [
        Face(
            points=np.array([(point.x * width, point.y * height) for point in mesh], dtype=np.float32),
            pose=Pose.of(matrix),
            blendshapes={shape.category_name: float(shape.score) for shape in shapes},
        )
        for mesh, matrix, shapes in zip(
            result.face_landmarks,
            result.facial_transformation_matrixes,
            result.face_blendshapes,
            strict=True,
        )
    ]
