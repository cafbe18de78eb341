"""One clip, stage by stage: frames, aligned crops, flow; and from them the arrays of a recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.clips.frames import ClipFrames
from mien.face.clip import AlignedClip
from mien.motion import head_motion, interpolation
from mien.motion import flow as optical_flow
from mien.motion.scaling import legacy_flow_image, min_max_to_bytes, resize, resize_flow
from mien.motion.strain import optical_strain
from mien.prepare.prepared import MIN_MAX_UNIT
from mien.prepare.recipe import ArrayStep, Recipe
from mien.prepare.timing import FramePlan

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


@dataclass
class Stages:
    """The crops of one clip and what is computed from them; flow is computed once for each pair of frames."""

    recipe: Recipe
    plan: FramePlan
    aligned: AlignedClip
    _flows: dict[tuple[int, int], Floats] = field(default_factory=dict)

    def crop(self, number: int) -> Bytes:
        """The aligned crop (S, S, 3) of the frame of this number."""
        return self.aligned.crops[self.aligned.numbers.index(number)]

    def grey(self, number: int) -> Bytes:
        return np.asarray(cv2.cvtColor(self.crop(number), cv2.COLOR_RGB2GRAY))

    def flow(self, start: int, end: int) -> Floats:
        """Flow (2, S, S) px from one frame to another, without the motion of the head if the recipe says so."""
        if start == end:
            return np.zeros((2, self.recipe.face.size_px, self.recipe.face.size_px), np.float32)
        if (start, end) not in self._flows:
            found = optical_flow.compute(self.grey(start), self.grey(end), self.recipe.flow.method)
            if self.recipe.flow.remove_head_motion:
                found, _ = head_motion.remove(found, self.aligned.rigid)
            self._flows[start, end] = found
        return self._flows[start, end]

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
    return images


def _rgb(stages: Stages, step: ArrayStep) -> NDArray[Any]:
    size = (step.size_px, step.size_px)
    crops = [cv2.resize(stages.crop(n), size, interpolation=cv2.INTER_AREA) for n in stages.plan.sampled]
    return np.ascontiguousarray(_in_time(np.stack(crops), stages.recipe).transpose(3, 0, 1, 2))


def _flow(stages: Stages, step: ArrayStep) -> NDArray[Any]:
    sized = resize_flow(stages.flow_sequence(), step.size_px, step.size_px)
    return np.ascontiguousarray(_in_time(sized, stages.recipe).transpose(1, 0, 2, 3), dtype=np.float32)


def _onset_apex_flow(stages: Stages, step: ArrayStep) -> NDArray[Any]:
    assert stages.plan.apex is not None
    found = stages.flow(stages.plan.onset, stages.plan.apex)
    if step.scaling == "min-max":
        return legacy_flow_image(found, step.size_px)
    u, v = resize_flow(found, step.size_px, step.size_px)
    strain = resize(optical_strain(*found), step.size_px, step.size_px)
    return np.stack([u, v, strain]).astype(np.float32)


def _onset_apex_grey(stages: Stages, step: ArrayStep) -> NDArray[Any]:
    assert stages.plan.apex is not None
    pair = np.stack([stages.grey(number) for number in (stages.plan.onset, stages.plan.apex)])
    return np.rint(resize(pair, step.size_px, step.size_px)).clip(0, 255).astype(np.uint8)


def _two_part_flow(stages: Stages, step: ArrayStep) -> NDArray[Any]:
    plan = stages.plan
    assert plan.apex is not None
    halves = np.stack([stages.flow(plan.onset, plan.apex), stages.flow(plan.apex, plan.offset)])
    sized = resize_flow(halves, step.size_px, step.size_px).reshape(4, step.size_px, step.size_px)
    return min_max_to_bytes(sized) if step.scaling == "min-max" else sized


@dataclass(frozen=True)
class ArrayKind:
    """How an array is made from the stages of a clip, and what is said about it."""

    make: Callable[[Stages, ArrayStep], NDArray[Any]]
    channels: tuple[str, ...]
    unit: str
    source: str


KINDS: Mapping[str, ArrayKind] = {
    "rgb": ArrayKind(_rgb, ("r", "g", "b"), "0..255", "aligned crops"),
    "flow": ArrayKind(_flow, ("u", "v"), "px", "flow between aligned crops"),
    "onset_apex_flow": ArrayKind(
        _onset_apex_flow, ("u", "v", "strain"), "px; strain in px per px", "flow between aligned crops"
    ),
    "onset_apex_grey": ArrayKind(_onset_apex_grey, ("onset", "apex"), "0..255", "aligned crops"),
    "two_part_flow": ArrayKind(
        _two_part_flow,
        ("onset-apex u", "onset-apex v", "apex-offset u", "apex-offset v"),
        "px",
        "flow between aligned crops",
    ),
}
