"""One face followed through a video in constant memory: found now and then, laid on a key frame in between.

Landmarks jitter by some tenths of a pixel of the crop; corners tracked from a key frame do not. So landmarks only
say where the face is about, twice a second, and the crop stays tied to the key frame as long as they agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from mien.face.alignment import Matrix, compose, inverse, moved, similarity, warp
from mien.face.choice import Rule, choose
from mien.face.landmarks import Face, Landmarker, Points
from mien.face.quality import blur, brightness
from mien.face.regions import FOREHEAD, NOSE_BRIDGE, interocular_px, rigid_mask
from mien.face.registration import RigidPart, grey
from mien.face.search import find_again, search

NAN = float("nan")
#: Points that say how one key frame's crop lies on another's: skull only, and the corners of the eyes.
_STEADY = [*NOSE_BRIDGE, *FOREHEAD, 33, 133, 362, 263]
_THUMBNAIL_PX = 32


class FollowSettings(BaseModel):
    """How a face is followed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size_px: int = Field(128, ge=32, le=1024, description="side of the square crop")
    face: Rule = Field("largest", description="which face: largest, central, or nearest to a point (x, y)")
    look_every_s: float = Field(0.5, gt=0, description="landmarks of a face that is followed")
    lost_look_every_s: float = Field(0.1, gt=0, description="looking for a face that is lost")
    closer_every_s: float = Field(5.0, gt=0, description="looking for it in parts of the picture")
    least_agreement: float = Field(
        0.5, gt=0, le=1, description="share of the tracked corners that must agree"
    )
    fresh_agreement: float = Field(0.75, gt=0, le=1, description="below it the key frame is renewed")
    drift: float = Field(0.02, gt=0, description="of the crop's side; a crop off by more is cut out anew")
    forget_after_s: float = Field(2.0, gt=0, description="a face found later than this counts as another")
    cut_below: float = Field(
        0.5, description="correlation of successive pictures below which the scene was cut"
    )


@dataclass(frozen=True, eq=False)
class Followed:
    """What is known of the face in one frame; nan where there is no face.

    Attributes:
        crop: (S, S) uint8 grey, laid on the key frame; None without a face. points: (478, 2) of the key frame in it.
        rebase: (2, 3) from the crop pixels of the frames before to those from here on, if they changed.
        broken: frames before must not be compared with this one: the face was lost, or the scene was cut.
        face_id: 0 for the face chosen first; another number after a break that it may not have survived.
        confidence: share of the tracked corners that agree; 1 where the face was found anew.
        box: left, top, right, bottom in the picture, pixels.
        yaw_deg, pitch_deg: as last seen (`look_every_s`); roll_deg: of this frame.
    """

    lost: str = ""
    crop: npt.NDArray[np.uint8] | None = None
    points: Points | None = None
    rebase: Matrix | None = None
    broken: bool = False
    face_id: int = -1
    confidence: float = 0.0
    box: tuple[float, float, float, float] = (NAN, NAN, NAN, NAN)
    interocular_px: float = NAN
    yaw_deg: float = NAN
    pitch_deg: float = NAN
    roll_deg: float = NAN
    blur: float = NAN
    brightness: float = NAN


@dataclass(eq=False)
class _Hold:
    """The face that is being followed.

    Attributes:
        matrix: from the picture to the crop, of the last frame. points: the mesh in the crop.
        tilt_rad: of `matrix` when the pose was measured.
    """

    face: Face
    matrix: Matrix
    points: Points
    rigid: RigidPart
    looked_s: float
    tilt_rad: float
    misses: int = 0

    def in_picture(self) -> Face:
        """The face where it is now."""
        return replace(self.face, points=moved(self.points, inverse(self.matrix)))


class FaceFollower:
    """Follows one face from frame to frame.

    Args:
        landmarker: an open one.
        settings: see `FollowSettings`.

    Attributes:
        n_faces: how many there were at most where the face was chosen.
        restarts: (time_s, face_id) of every time a face was chosen.
    """

    def __init__(self, landmarker: Landmarker, settings: FollowSettings | None = None) -> None:
        self.settings = settings or FollowSettings()
        self._landmarker = landmarker
        self._hold: _Hold | None = None
        self._before: npt.NDArray[np.float32] | None = None
        self._last: tuple[float, Face, int] | None = None
        self._looked_s = self._closer_s = -math.inf
        self._n_closer = 0
        self.n_faces = 0
        self.restarts: list[tuple[float, int]] = []

    def step(self, image: npt.NDArray[np.uint8], time_s: float) -> Followed:
        """What is known of the face in the next frame, (H, W, 3) uint8 RGB, shown at `time_s`."""
        picture = grey(image)
        cut = self._is_cut(picture)
        if cut:
            self._hold = self._last = None
            self._looked_s = -math.inf
        if self._hold is not None:
            followed = self._follow(self._hold, image, picture, time_s)
            if followed is not None:
                return followed
            self._hold = None
        return self._find(image, picture, time_s)

    def _is_cut(self, picture: npt.NDArray[np.uint8]) -> bool:
        """Whether this picture has little in common with the one before."""
        import cv2

        small = cv2.resize(picture, (_THUMBNAIL_PX, _THUMBNAIL_PX), interpolation=cv2.INTER_AREA)
        small = small.astype(np.float32) - small.mean()
        before, self._before = self._before, small
        if before is None:
            return False
        size = float(np.linalg.norm(small) * np.linalg.norm(before))
        # Two pictures without any structure (black, white) have no correlation; they are no cut.
        return size > 1e3 and float((small * before).sum()) / size < self.settings.cut_below

    def _follow(
        self, hold: _Hold, image: npt.NDArray[np.uint8], picture: npt.NDArray[np.uint8], time_s: float
    ) -> Followed | None:
        """The frame of a face that was there in the one before; None if it is gone."""
        size = self.settings.size_px
        fix, method, agreement = hold.rigid.register(
            warp(picture, hold.matrix, size), self.settings.least_agreement
        )
        tracked = method != "none"
        if tracked:
            hold.matrix = compose(fix, hold.matrix)
        rebase = None
        if not tracked or time_s - hold.looked_s >= self.settings.look_every_s:
            seen = find_again(self._landmarker, image, hold.in_picture())
            hold.misses = 0 if seen else hold.misses + 1
            hold.looked_s = time_s
            if seen is None and (not tracked or hold.misses > 1):
                return None
            if seen is not None:
                rebase = self._agree(hold, seen, picture, tracked)
        crop = warp(picture, hold.matrix, size)
        if rebase is not None or (tracked and agreement < self.settings.fresh_agreement):
            hold.rigid = RigidPart(crop, rigid_mask(hold.points, size, size))
        return self._seen(hold, crop, agreement if tracked else 1.0, time_s, rebase=rebase)

    def _agree(self, hold: _Hold, seen: Face, picture: npt.NDArray[np.uint8], tracked: bool) -> Matrix | None:
        """Take the pose of the landmarks; the new crop's place on the old one if it had to be cut out anew."""
        size = self.settings.size_px
        matrix = similarity(seen.points, size)
        steady = seen.points[_STEADY]
        off_px = np.linalg.norm(moved(steady, matrix) - moved(steady, hold.matrix), axis=1).mean()
        before = hold.matrix, hold.points
        hold.face = seen
        if not tracked or off_px > self.settings.drift * size:
            hold.matrix, hold.points = matrix, moved(seen.points, matrix)
        hold.tilt_rad = _tilt(hold.matrix)
        if hold.matrix is before[0]:
            return None
        return compose(matrix, inverse(before[0])) if tracked else _onto(before[1], hold.points)

    def _find(self, image: npt.NDArray[np.uint8], picture: npt.NDArray[np.uint8], time_s: float) -> Followed:
        """The frame of a face that is looked for; lost if it is not found, or not looked for this time."""
        if time_s - self._looked_s < self.settings.lost_look_every_s:
            return Followed(lost="no face was found a moment before")
        self._looked_s = time_s
        # Looking closer costs a second or so: where it found nothing, less and less often.
        wait_s = self.settings.closer_every_s * self._n_closer
        closer = time_s - self._closer_s >= wait_s
        faces, _ = search(self._landmarker, image, closer=closer)
        if closer:
            self._closer_s = time_s
            self._n_closer = 0 if faces else self._n_closer + 1
        if not faces:
            return Followed(lost="no face was found")
        face, face_id = self._which(faces, image, time_s)
        face = find_again(self._landmarker, image, face) or face
        size = self.settings.size_px
        matrix = similarity(face.points, size)
        points, crop = moved(face.points, matrix), warp(picture, matrix, size)
        rigid = RigidPart(crop, rigid_mask(points, size, size))
        self._hold = _Hold(face, matrix, points, rigid, time_s, _tilt(matrix))
        self._last = (time_s, face, face_id)
        self._n_closer = 0
        return self._seen(self._hold, crop, 1.0, time_s, broken=True)

    def _which(self, faces: list[Face], image: npt.NDArray[np.uint8], time_s: float) -> tuple[Face, int]:
        """The face to follow and its number: the one that was lost if it is near and not long ago."""
        if self._last is not None and time_s - self._last[0] <= self.settings.forget_after_s:
            known = self._last[1]
            near = min(faces, key=lambda face: math.dist(face.centre, known.centre))
            if math.dist(near.centre, known.centre) < known.width_px:
                return near, self._last[2]
        height, width = image.shape[:2]
        face = choose(faces, width, height, self.settings.face).face
        self.n_faces = max(self.n_faces, len(faces))
        face_id = len(self.restarts)
        self.restarts.append((time_s, face_id))
        return face, face_id

    def _seen(
        self,
        hold: _Hold,
        crop: npt.NDArray[np.uint8],
        confidence: float,
        time_s: float,
        *,
        rebase: Matrix | None = None,
        broken: bool = False,
    ) -> Followed:
        now = hold.in_picture()
        face_id = self._last[2] if self._last is not None else 0
        self._last = (time_s, now, face_id)
        return Followed(
            crop=crop,
            points=hold.points,
            rebase=rebase,
            broken=broken,
            face_id=face_id,
            confidence=confidence,
            box=now.box,
            interocular_px=interocular_px(now.points),
            yaw_deg=hold.face.pose.yaw_deg,
            pitch_deg=hold.face.pose.pitch_deg,
            roll_deg=hold.face.pose.roll_deg + math.degrees(_tilt(hold.matrix) - hold.tilt_rad),
            blur=blur(crop),
            brightness=brightness(crop),
        )


def _tilt(matrix: Matrix) -> float:
    """By how much the crop is turned clockwise against the picture, that is, the head counter-clockwise in it."""
    return math.atan2(matrix[1, 0], matrix[0, 0])


def _onto(before: Points, after: Points) -> Matrix:
    """The similarity (2, 3) that takes the steady points of one crop nearest to those of another."""
    import cv2

    found, _ = cv2.estimateAffinePartial2D(before[_STEADY], after[_STEADY], method=cv2.LMEDS)
    return np.eye(2, 3) if found is None else np.asarray(found, dtype=np.float64)
