"""One clip, aligned: the face found once, one transform for all frames, registered frame by frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from mien.errors import InputError
from mien.face.alignment import Matrix, compose, moved, outside_share, similarity, warp
from mien.face.choice import Choice, Rule, choose
from mien.face.landmarks import Face, Landmarker, Points
from mien.face.quality import FrameQuality, blur, brightness, face_values
from mien.face.regions import ibug68, interocular_px, rigid_mask
from mien.face.registration import Method, Registration, RigidPart, refine
from mien.face.search import find_again, search

Image = npt.NDArray[np.uint8]


class AlignSettings(BaseModel):
    """How the faces of a clip are cut out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size_px: int = Field(128, ge=16, le=2048, description="side of the square crop")
    side_per_interocular: float = Field(2.2, gt=0.5, le=10, description="crop side over outer eye corners")
    eyes_at: float = Field(0.38, gt=0, lt=1, description="height of the eyes, share from the top")
    face: Rule = Field("largest", description="which face: largest, central, or nearest to a point (x, y)")
    search_closer: bool = Field(True, description="search parts of the picture if the whole shows no face")
    register_frames: bool = Field(True, description="undo rigid head motion against the onset frame")
    look_every: int = Field(1, ge=0, description="look for the face in every n-th frame; 0: once per clip")
    small_px: float = Field(40.0, ge=0, description="a note is made of faces with eyes nearer than this")


@dataclass(frozen=True, eq=False)
class AlignedClip:
    """The registered crops of a clip and what is known of them.

    Attributes:
        crops: (T, size, size, 3) uint8 RGB.
        numbers: the source's number of each crop.
        reference: index, among the crops, of the frame that the face was found in: the onset if it could be.
        points: (478, 2) float32, the mesh of the reference frame in crop pixels.
        matrices: (T, 2, 3) from the pixels of each source picture to those of its crop.
        quality: one row for every frame that was asked for, lost ones included, in the order of the numbers.
        choice: the chosen face in source pixels, the rule, and how many faces there were.
        notes: what a user should know, in words.
    """

    crops: npt.NDArray[np.uint8]
    numbers: tuple[int, ...]
    reference: int
    points: Points
    matrices: npt.NDArray[np.float64]
    quality: tuple[FrameQuality, ...]
    choice: Choice
    notes: tuple[str, ...]

    @property
    def points68(self) -> Points:
        """(68, 2) of the iBUG scheme, in crop pixels."""
        return ibug68(self.points)


def align_clip(
    images: Sequence[Image],
    numbers: Sequence[int],
    onset_at: int = 0,
    settings: AlignSettings | None = None,
    *,
    landmarker: Landmarker | None = None,
    lost: Mapping[int, str] | None = None,
) -> AlignedClip:
    """The registered crops of a clip, each cut out of its picture in one interpolation.

    The face is found in the onset frame, or else in the nearest later one, or else in the nearest earlier one,
    and a note says so. A frame without the face that cannot be registered either is lost.

    Args:
        images: T pictures (H, W, 3) uint8 RGB of one size.
        numbers: the source's number of each, rising.
        onset_at: index of the onset frame among the images.
        settings: see `AlignSettings`.
        landmarker: an open one, so that many clips share it; None opens one for this clip.
        lost: frames that could not be read, with reasons: they get their rows in the quality table.

    Raises:
        InputError: no frame, frames that do not fit together, or no face in any frame.
    """
    chosen = settings or AlignSettings()
    _check(images, numbers, onset_at)
    with ExitStack() as stack:
        finder = landmarker or stack.enter_context(Landmarker())
        reference, choice, notes = _first_face(images, numbers, onset_at, chosen, finder)
        frames = _Frames(images, reference, choice.face, chosen)
        seen = frames.look(finder)
    kept, rows = [], [FrameQuality(number, lost=reason) for number, reason in (lost or {}).items()]
    for index, number in enumerate(numbers):
        row = frames.row(index, number, seen)
        rows.append(row)
        if not row.lost:
            kept.append(index)
    notes += frames.notes(choice, [row for row in rows if row.lost])
    return AlignedClip(
        crops=frames.crops[kept],
        numbers=tuple(numbers[index] for index in kept),
        reference=kept.index(reference),
        points=frames.points,
        matrices=frames.matrices[kept],
        quality=tuple(sorted(rows, key=lambda row: row.number)),
        choice=choice,
        notes=tuple(notes),
    )


def _check(images: Sequence[Image], numbers: Sequence[int], onset_at: int) -> None:
    shapes = {(image.shape, str(image.dtype)) for image in images}
    if (
        len(shapes) != 1
        or len(numbers) != len(images)
        or not 0 <= onset_at < len(images)
        or any(later <= earlier for earlier, later in pairwise(numbers))
    ):
        raise InputError(
            "a clip is made of pictures of one size, with rising numbers, and an onset among them",
            found=f"{len(images)} pictures of {len(shapes)} kinds, {len(numbers)} numbers, onset {onset_at}",
        )


def _first_face(
    images: Sequence[Image],
    numbers: Sequence[int],
    onset_at: int,
    settings: AlignSettings,
    finder: Landmarker,
) -> tuple[int, Choice, list[str]]:
    """The first frame with a face, the chosen face, and notes on how it was come by."""
    for index in (*range(onset_at, len(images)), *range(onset_at - 1, -1, -1)):
        faces, where = search(finder, images[index], closer=settings.search_closer)
        if not faces:
            continue
        notes = []
        if index != onset_at:
            notes.append(
                f"no face was found in the onset frame {numbers[onset_at]}: frame {numbers[index]} took its place"
            )
        if where == "parts":
            notes.append("the face was found in a part of the picture only: it is small")
        height, width = images[index].shape[:2]
        choice = choose(faces, width, height, settings.face)
        # Measured again as in all other frames: MediaPipe's pose depends on where in a picture the face stands.
        again = find_again(finder, images[index], choice.face)
        return index, replace(choice, face=again or choice.face), notes
    raise InputError(
        "no face was found in any frame of the clip",
        found=f"{len(images)} frames, {numbers[0]} to {numbers[-1]}",
        do="look at the frames; cut the picture closer to the face, or turn it upright",
    )


class _Frames:
    """The frames of one clip on the way: crops, matrices and what was measured."""

    def __init__(self, images: Sequence[Image], reference: int, face: Face, settings: AlignSettings) -> None:
        size = settings.size_px
        self.images, self.reference, self.face, self.settings = images, reference, face, settings
        self.matrix: Matrix = similarity(
            face.points, size, side_per_interocular=settings.side_per_interocular, eyes_at=settings.eyes_at
        )
        self.points = moved(face.points, self.matrix)
        mask = rigid_mask(self.points, size, size)
        self.crops = np.stack([warp(image, self.matrix, size) for image in images])
        self.rigid = RigidPart(self.crops[reference], mask)
        self.registration = self._register(mask)
        self.matrices = np.stack([compose(fix, self.matrix) for fix in self.registration.matrices])
        for index, image in enumerate(images):
            if self.registration.methods[index] in ("tracked", "ecc"):
                self.crops[index] = warp(image, self.matrices[index], size)

    def _register(self, mask: npt.NDArray[np.uint8]) -> Registration:
        if self.settings.register_frames:
            return refine(self.crops, mask, reference=self.reference)
        n_frames = len(self.crops)
        none: Method = "none"
        return Registration(
            np.tile(np.eye(2, 3), (n_frames, 1, 1)), (none,) * n_frames, np.full(n_frames, np.nan)
        )

    def look(self, finder: Landmarker) -> dict[int, Face | None]:
        """The face in the frames that are looked at: every n-th, and all that could not be registered."""
        every = self.settings.look_every
        seen: dict[int, Face | None] = {self.reference: self.face}
        for index, image in enumerate(self.images):
            due = every and (index - self.reference) % every == 0
            if index != self.reference and (due or self.registration.methods[index] == "none"):
                seen[index] = find_again(finder, image, self.face)
        return seen

    def row(self, index: int, number: int, seen: Mapping[int, Face | None]) -> FrameQuality:
        method, crop = self.registration.methods[index], self.crops[index]
        face = seen.get(index)
        gone = index in seen and face is None and method == "none"
        middle = np.full((1, 2), (self.settings.size_px - 1) / 2, dtype=np.float32)
        shift = moved(middle, self.registration.matrices[index]) - middle
        return FrameQuality(
            number=number,
            lost="the face was not found, and nothing to register it by" if gone else "",
            found=face is not None if index in seen else None,
            blur=blur(crop),
            brightness=brightness(crop),
            registration=method,
            agreement=float(self.registration.agreement[index]),
            shift_px=float(np.hypot(*shift[0])),
            residual_px=self.rigid.residual_px(crop) if method in ("tracked", "ecc") else float("nan"),
            **face_values(face),
        )

    def notes(self, choice: Choice, lost: Sequence[FrameQuality]) -> list[str]:
        notes = []
        if choice.n_faces > 1:
            rule = choice.rule if isinstance(choice.rule, str) else f"nearest to {choice.rule}"
            notes.append(f"{choice.n_faces} faces were found: the one that is {rule} was taken")
        apart_px = interocular_px(self.face.points)
        if apart_px < self.settings.small_px:
            notes.append(f"the face is small: its eyes are {apart_px:.0f} px apart")
        height, width = self.images[0].shape[:2]
        outside = outside_share(self.matrix, self.settings.size_px, width, height)
        if outside > 0:
            notes.append(f"{outside:.0%} of the crop lies outside the picture and repeats its border")
        loose = sum(method == "none" for method in self.registration.methods)
        if self.settings.register_frames and loose:
            notes.append(
                f"{loose} frames could not be registered and stay as the onset's transform cuts them"
            )
        if lost:
            notes.append("lost frames: " + ", ".join(f"{row.number} ({row.lost})" for row in lost))
        return notes
