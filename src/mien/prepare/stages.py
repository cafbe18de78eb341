"""One clip, stage by stage: frames, aligned crops, flow; and from them the arrays of a recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import EllipsisType
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.clips.frames import ClipFrames
from mien.errors import InputError
from mien.face.alignment import Matrix
from mien.face.clip import AlignedClip, align_clip
from mien.face.landmarks import Landmarker
from mien.face.quality import FrameQuality
from mien.face.regions import face_share, ibug68, rigid_mask
from mien.motion import flow as optical_flow
from mien.motion import head_motion, interpolation
from mien.motion.scaling import legacy_flow_image, min_max_to_bytes, resize, resize_flow
from mien.motion.strain import optical_strain
from mien.prepare.prepared import MIN_MAX_UNIT
from mien.prepare.recipe import CHANNELS, ArrayStep, Recipe
from mien.prepare.timing import Annotation, FramePlan, NotPreparable, plan_frames
from mien.video.probing import probe
from mien.video.reading import FrameSequence, read_frames

#: With more frames lost than this share, a clip is left out.
LARGEST_LOST_SHARE = 0.25

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


@dataclass
class Stages:
    """The crops of one clip and what is computed from them; flow is computed once for each pair of frames.

    Attributes:
        notes: what was substituted while arrays were made.
    """

    recipe: Recipe
    plan: FramePlan
    aligned: AlignedClip
    landmarker: Landmarker
    notes: list[str] = field(default_factory=list)
    _flows: dict[tuple[int, int], Floats] = field(default_factory=dict)

    @cached_property
    def rigid(self) -> NDArray[np.bool_]:
        """Where the face of the crops moves with the skull only, (S, S)."""
        size = self.recipe.face.size_px
        return rigid_mask(self.aligned.points, size, size) > 0

    @cached_property
    def face(self) -> Floats:
        """Where the face of the crops is, (S, S): 1 on it, 0 outside."""
        size = self.recipe.face.size_px
        return face_share(self.aligned.points, size, size)

    def crop(self, number: int) -> Bytes:
        """The aligned crop (S, S, 3) of the frame of this number."""
        return np.asarray(self.aligned.crops[self.aligned.numbers.index(number)], dtype=np.uint8)

    def matrix(self, number: int) -> Matrix:
        """The transform (2, 3) from the picture of this number to its crop."""
        return np.asarray(self.aligned.matrices[self.aligned.numbers.index(number)])

    def grey(self, number: int) -> Bytes:
        return np.asarray(cv2.cvtColor(self.crop(number), cv2.COLOR_RGB2GRAY), dtype=np.uint8)

    def flow(self, start: int, end: int) -> Floats:
        """Flow (2, S, S) px from one frame to another, without the head's motion or what is no face if the recipe says
        so."""
        if start == end:
            return np.zeros((2, self.recipe.face.size_px, self.recipe.face.size_px), np.float32)
        if (start, end) not in self._flows:
            found = optical_flow.compute(self.grey(start), self.grey(end), self.recipe.flow.method)
            if self.recipe.flow.remove_head_motion:
                found, _ = head_motion.remove(found, self.rigid)
            if self.recipe.flow.outside_face == "still":
                found = found * self.face
            self._flows[start, end] = found
        return self._flows[start, end]

    @cached_property
    def shown(self) -> tuple[EllipsisType, slice, slice]:
        """Index of the part of images (..., S, S) of the crop's size that the arrays show."""
        row, column, side = self.recipe.face.shown_px
        return ..., slice(row, row + side), slice(column, column + side)

    def points68(self, number: int) -> Floats:
        """The 68 points (68, 2) px of the crop of this frame; if none is found, the reference frame's, with a note."""
        faces = self.landmarker.find(self.crop(number))
        if faces:
            return ibug68(faces[0].points)
        self.notes.append(f"no points were found in the crop of frame {number}: those of the onset taken")
        return self.aligned.points68

    def flow_sequence(self) -> Floats:
        """Flow (T, 2, S, S) px of the sampled frames, from the onset or from the frame before."""
        sampled = self.plan.sampled
        if self.recipe.flow.reference == "onset":
            return np.stack([self.flow(self.plan.onset, number) for number in sampled])
        return np.stack([self.flow(a, b) for a, b in zip(sampled[:1] + sampled, sampled, strict=False)])


def _in_time(images: NDArray[Any], recipe: Recipe) -> NDArray[Any]:
    """The images (T, ...) at the recipe's number of frames."""
    if recipe.time.sampling == "interpolated":
        return interpolation.interpolate(images, recipe.time.frames)
    if recipe.time.sampling == "around apex":
        return interpolation.fill(images, recipe.time.frames)
    return images


def _colours(stages: Stages, numbers: Sequence[int], size_px: int) -> Bytes:
    """The crops (T, size, size, 3) of these frames, as far as the arrays show them."""
    rows, columns = stages.shown[1:]
    crops = [stages.crop(number)[rows, columns] for number in numbers]
    return np.stack([cv2.resize(crop, (size_px, size_px), interpolation=cv2.INTER_AREA) for crop in crops])


def _rgb(stages: Stages, step: ArrayStep) -> NDArray[Any]:
    crops = _colours(stages, stages.plan.sampled, step.size_px)
    return np.ascontiguousarray(_in_time(crops, stages.recipe).transpose(3, 0, 1, 2))


def _key_frames(stages: Stages, step: ArrayStep) -> NDArray[Any]:
    plan = stages.plan
    assert plan.apex is not None
    numbers = (plan.onset, *plan.beside, plan.apex, plan.offset)
    return np.ascontiguousarray(_colours(stages, numbers, step.size_px).transpose(3, 0, 1, 2))


def _flow(stages: Stages, step: ArrayStep) -> NDArray[Any]:
    sized = resize_flow(stages.flow_sequence()[stages.shown], step.size_px, step.size_px)
    return np.ascontiguousarray(_in_time(sized, stages.recipe).transpose(1, 0, 2, 3), dtype=np.float32)


def _onset_apex_flow(stages: Stages, step: ArrayStep) -> NDArray[Any]:
    assert stages.plan.apex is not None
    found = stages.flow(stages.plan.onset, stages.plan.apex)[stages.shown]
    if step.scaling == "min-max":
        return legacy_flow_image(found)
    u, v = resize_flow(found, step.size_px, step.size_px)
    strain = resize(optical_strain(*found), step.size_px, step.size_px)
    return np.stack([u, v, strain]).astype(np.float32)


def _onset_apex_grey(stages: Stages, step: ArrayStep) -> NDArray[Any]:
    assert stages.plan.apex is not None
    pair = np.stack([stages.grey(n) for n in (stages.plan.onset, stages.plan.apex)])[stages.shown]
    return np.rint(resize(pair, step.size_px, step.size_px)).clip(0, 255).astype(np.uint8)


def _two_part_flow(stages: Stages, step: ArrayStep) -> NDArray[Any]:
    plan = stages.plan
    assert plan.apex is not None
    halves = np.stack([stages.flow(plan.onset, plan.apex), stages.flow(plan.apex, plan.offset)])
    sized = resize_flow(halves[stages.shown], step.size_px, step.size_px).reshape(
        4, step.size_px, step.size_px
    )
    return min_max_to_bytes(sized) if step.scaling == "min-max" else sized


def _landmarks(stages: Stages, step: ArrayStep) -> NDArray[Any]:
    points = np.stack([stages.points68(number) for number in stages.plan.sampled])
    return np.ascontiguousarray(_in_time(points, stages.recipe).transpose(2, 0, 1), dtype=np.float32)


@dataclass(frozen=True)
class ArrayKind:
    """How an array is made from the stages of a clip, and what is said about it."""

    make: Callable[[Stages, ArrayStep], NDArray[Any]]
    unit: str
    source: str


KINDS: Mapping[str, ArrayKind] = {
    "rgb": ArrayKind(_rgb, "0..255", "aligned crops"),
    "flow": ArrayKind(_flow, "px", "flow between aligned crops"),
    "onset_apex_flow": ArrayKind(_onset_apex_flow, "px; strain in px per px", "flow between aligned crops"),
    "onset_apex_grey": ArrayKind(_onset_apex_grey, "0..255", "aligned crops"),
    "two_part_flow": ArrayKind(_two_part_flow, "px", "flow between aligned crops"),
    "key_frames": ArrayKind(
        _key_frames,
        "0..255",
        "aligned crops: onset, shortly after it, shortly before the apex, apex, offset",
    ),
    "landmarks": ArrayKind(_landmarks, "px of the crop", "68 points of MediaPipe's mesh"),
}


def descriptions(recipe: Recipe) -> dict[str, tuple[tuple[str, ...], str, str]]:
    """Channels, unit and source of every array of a recipe."""
    return {
        step.name: (
            CHANNELS[step.name],
            MIN_MAX_UNIT if step.scaling == "min-max" else KINDS[step.name].unit,
            KINDS[step.name].source,
        )
        for step in recipe.arrays
    }


@dataclass(frozen=True, eq=False)
class PreparedClip:
    """The arrays of one clip, the quality of its frames, and what was not as annotated."""

    arrays: Mapping[str, NDArray[Any]]
    quality: tuple[FrameQuality, ...]
    notes: tuple[str, ...]


class PictureSource(Protocol):
    """Where the pictures of a clip come from, if not from its files."""

    @property
    def numbers(self) -> Sequence[int]:
        """The numbers of the frames that are there, rising."""
        ...

    def read(self, numbers: Sequence[int]) -> FrameSequence:
        """As `mien.video.reading.read_frames`."""
        ...


@dataclass(frozen=True)
class _Files:
    """The pictures in the files of a clip."""

    frames: ClipFrames

    @property
    def numbers(self) -> tuple[int, ...]:
        return available_numbers(self.frames)

    def read(self, numbers: Sequence[int]) -> FrameSequence:
        return read_frames(self.frames, numbers)


def prepare_clip(
    frames: ClipFrames | PictureSource, annotation: Annotation, recipe: Recipe, landmarker: Landmarker
) -> PreparedClip:
    """The arrays of one clip.

    Raises:
        NotPreparable: with the reason.
    """
    return arrays_of(stages_of(frames, annotation, recipe, landmarker))


def arrays_of(stages: Stages) -> PreparedClip:
    """The arrays of a clip whose frames are aligned."""
    arrays: dict[str, NDArray[Any]] = {
        step.name: KINDS[step.name].make(stages, step) for step in stages.recipe.arrays
    }
    return PreparedClip(
        arrays, stages.aligned.quality, (*stages.plan.notes, *stages.aligned.notes, *stages.notes)
    )


def stages_of(
    frames: ClipFrames | PictureSource,
    annotation: Annotation,
    recipe: Recipe,
    landmarker: Landmarker,
    *,
    also: Sequence[int] = (),
) -> Stages:
    """The stages of one clip; frames that cannot be read or show no face are replaced by other frames, and said so.

    Args:
        also: numbers of frames that are aligned besides those of the recipe, where they are there.

    Raises:
        NotPreparable: the clip is not annotated well enough, or too many frames are lost.
    """
    source = _Files(frames) if isinstance(frames, ClipFrames) else frames
    available, lost = source.numbers, dict[int, str]()
    while True:
        left = [number for number in available if number not in lost]
        plan = plan_frames(left, annotation, recipe)
        plan = replace(plan, also=tuple(number for number in also if number in left))
        newly = {}
        try:
            read = source.read(plan.wanted)
            newly = {one.number: one.reason for one in read.lost}
            if not newly:
                onset_at = read.numbers.index(plan.onset)
                aligned = align_clip(
                    read.images, read.numbers, onset_at, recipe.face, landmarker=landmarker, lost=lost
                )
                newly = {
                    row.number: row.lost for row in aligned.quality if row.number in plan.wanted and row.lost
                }
        except InputError as refused:
            raise NotPreparable(refused.what) from refused
        if not newly:
            return Stages(recipe, plan, aligned, landmarker)
        lost |= newly
        if len(lost) > LARGEST_LOST_SHARE * len(plan.wanted):
            number, reason = next(iter(lost.items()))
            raise NotPreparable(
                f"{len(lost)} of {len(plan.wanted)} frames are lost, such as {number}: {reason}"
            )


def available_numbers(frames: ClipFrames) -> tuple[int, ...]:
    """The source numbers of the frames that are there, rising."""
    if not frames.is_video:
        return frames.numbers
    return tuple(range(frames.first_number, frames.first_number + probe(frames.files[0]).n_frames))
