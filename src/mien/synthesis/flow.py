"""Exact optical flow, in pixels, between an onset and an apex face: no estimation, no texture.

A `FaceView` is one identity before one camera. It finds once which point of the skin every pixel sees; after
that a clip is a product of a weight vector with stored displacement images, so thousands of clips take
moments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.spatial.transform import Rotation

from mien.errors import UsageError
from mien.synthesis.head import Floats, Head
from mien.synthesis.raster import visible_triangles

Flow = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Camera:
    """A scaled-orthographic view that frames the face by its eyes, as face crops do.

    With the defaults and 28 rows the brows lie in rows 1-4, the eyes near row 6 and the mouth in rows 19-22:
    where the crops of the MEGC 2019 flow images have them (read off their class means).

    Attributes:
        eye_row: height of the midpoint of the eyes, as a share of the image height.
        eye_column: its horizontal position, as a share of the image width.
        eye_distance: distance of the eyes, as a share of the image width.
        mouth_row: height of the corners of the mouth. Crops that resize the box of the facial landmarks to a
            square scale both axes on their own; so does this one.
        pitch_rad, yaw_rad, roll_rad: pose of the head at the onset (about its x, y and z axis).
    """

    eye_row: float = 0.23
    eye_column: float = 0.5
    eye_distance: float = 0.5
    mouth_row: float = 0.71
    pitch_rad: float = 0.0
    yaw_rad: float = 0.0
    roll_rad: float = 0.0

    def scales(self, interocular: float, eyes_to_mouth: float, size: tuple[int, int]) -> tuple[float, float]:
        """Pixels per decimetre (horizontal, vertical) for a face with these two distances in decimetres."""
        height, width = size
        vertical = (self.mouth_row - self.eye_row) * height / eyes_to_mouth
        return self.eye_distance * width / interocular, vertical


@dataclass(frozen=True)
class HeadMotion:
    """Residual rigid motion of the head from onset to apex, one row per clip.

    Attributes:
        shift_px: (N, 2) right and down.
        rotation_rad: (N, 3) about the axes of the head (x pitch, y yaw, z roll), through its eye midpoint.
        zoom: (N,) apparent size at the apex over that at the onset (weak perspective: the head comes nearer).
    """

    shift_px: Floats
    rotation_rad: Floats
    zoom: Floats

    @classmethod
    def none(cls, n: int) -> HeadMotion:
        """A head that is held still, for `n` clips."""
        return cls(np.zeros((n, 2)), np.zeros((n, 3)), np.ones(n))


class FaceView:
    """One identity before one camera: the skin point of every pixel and how each face unit moves it.

    Args:
        head: the head whose triangles and face units are used.
        vertices: (V, 3) the identity, decimetres.
        camera: how the face is framed.
        size: (height, width) of the images, pixels.
        supersample: samples per pixel and axis. 1 looks at pixel centres; more averages the flow over the
            skin that
            a pixel covers, as a camera or a resized flow image does.
    """

    def __init__(
        self,
        head: Head,
        vertices: Floats,
        camera: Camera | None = None,
        size: tuple[int, int] = (28, 28),
        *,
        supersample: int = 1,
    ) -> None:
        if min(size) < 1 or supersample < 1:
            raise UsageError("an image needs at least one pixel and one sample", found=(size, supersample))
        self.camera = camera or Camera()
        self.size = size
        eyes = head.eyes(vertices)
        self._middle = eyes.mean(axis=0)
        pose = Rotation.from_rotvec([self.camera.pitch_rad, self.camera.yaw_rad, self.camera.roll_rad])
        posed = pose.apply(vertices - self._middle)
        mouth = vertices[[head.landmarks["lip_corner_left"], head.landmarks["lip_corner_right"]]].mean(axis=0)
        interocular = float(np.linalg.norm(eyes[0] - eyes[1]))
        self.scale = self.camera.scales(interocular, float(self._middle[1] - mouth[1]), size)
        seen_by = self._sampling(head, posed, supersample)
        self._skin = np.asarray(seen_by @ posed)
        # (P, K x 3) in one sparse product, then the pose of the head, for P pixels that see the face.
        moves = np.asarray(seen_by @ head.units_by_vertex).reshape(len(self._skin), -1, 3)
        self._moves = (moves @ pose.as_matrix().T).transpose(1, 0, 2).astype(np.float32)

    def project(self, points: Floats) -> Floats:
        """Column and row (..., 2) of points (..., 3) in the posed frame, whose origin is between the eyes."""
        height, width = self.size
        column = self.camera.eye_column * width - 0.5 + points[..., 0] * self.scale[0]
        row = self.camera.eye_row * height - 0.5 - points[..., 1] * self.scale[1]
        return np.stack([column, row], axis=-1)

    def _sampling(self, head: Head, posed: Floats, supersample: int) -> csr_array:
        """Share (P, V) of every vertex in what each pixel that sees the face sees; rows add up to one."""
        height, width = self.size
        fine = (self.project(posed) + 0.5) * supersample - 0.5
        n_columns = width * supersample
        sample, triangle, weights = visible_triangles(
            fine, posed[:, 2], head.triangles, height * supersample, n_columns
        )
        pixel = (sample // n_columns // supersample) * width + sample % n_columns // supersample
        self._pixel, row, count = np.unique(pixel, return_inverse=True, return_counts=True)
        seen = np.bincount(pixel, minlength=height * width) / supersample**2
        self.coverage: Floats = seen.reshape(height, width)
        places = (np.repeat(row, 3), head.triangles[triangle].ravel())
        shares = (weights / count[row][:, None]).ravel()
        return csr_array((shares, places), shape=(len(self._pixel), len(posed)))

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """Pixels (height, width) that see the face at the onset."""
        return self.coverage > 0

    def flow(self, weights: Floats, motion: HeadMotion | None = None) -> Flow:
        """Flow (N, 2, height, width) in pixels: u to the right, v down, zero where no face is seen.

        Args:
            weights: (N, K) change of every face unit from onset to apex.
            motion: residual motion of the head; None holds it still.
        """
        n = len(weights)
        moved = np.tensordot(weights.astype(np.float32), self._moves, axes=1).astype(np.float64)
        motion = motion or HeadMotion.none(n)
        turn = Rotation.from_rotvec(motion.rotation_rad).as_matrix() * motion.zoom[:, None, None]
        change = np.einsum("nij,npj->npi", turn, self._skin + moved) - self._skin
        out = np.zeros((n, 2, self.size[0] * self.size[1]), dtype=np.float32)
        out[:, 0, self._pixel] = change[..., 0] * self.scale[0] + motion.shift_px[:, :1]
        out[:, 1, self._pixel] = -change[..., 1] * self.scale[1] + motion.shift_px[:, 1:]
        return out.reshape(n, 2, *self.size)
