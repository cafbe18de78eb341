"""Recipes: how the frames of a clip become arrays; TOML files with a fixed set of keys."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mien.errors import InputError, Problems, unknown
from mien.face.clip import AlignSettings
from mien.motion.scaling import LEGACY_PX
from mien.motion.settings import METHODS

FOLDER = Path(__file__).parent / "recipes"
ArrayName = Literal[
    "rgb", "flow", "onset_apex_flow", "onset_apex_grey", "two_part_flow", "landmarks", "key_frames"
]
#: The channels of every array, in the order in which they are stored.
CHANNELS: Mapping[ArrayName, tuple[str, ...]] = {
    "rgb": ("r", "g", "b"),
    "flow": ("u", "v"),
    "onset_apex_flow": ("u", "v", "strain"),
    "onset_apex_grey": ("onset", "apex"),
    "two_part_flow": ("onset-apex u", "onset-apex v", "apex-offset u", "apex-offset v"),
    "key_frames": ("r", "g", "b"),
    "landmarks": ("x", "y"),
}
N_KEY_FRAMES, N_LANDMARKS = 5, 68
#: Arrays with one entry per sampled frame; the others read the annotated frames alone.
SEQUENCES = frozenset({"rgb", "flow", "landmarks"})
#: Arrays that cannot be made without an apex.
OF_THE_APEX = frozenset({"onset_apex_flow", "onset_apex_grey", "two_part_flow", "key_frames"})
#: Arrays that also show the frames beside onset and apex.
WITH_BESIDE = frozenset({"key_frames"})


class _Step(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FaceStep(AlignSettings):
    """The crop: one similarity transform for the whole clip, from the onset frame."""

    look_every: int = Field(
        0, ge=0, description="look for the face in every n-th frame, to tell its pose; 0: once per clip"
    )
    shown_per_interocular: float | None = Field(
        None,
        gt=0.5,
        le=10,
        description="side of the part of the crop that the arrays show, over outer eye corners; none: all of it. Head "
        "motion is measured on the whole crop, forehead included",
    )
    shown_eyes_at: float = Field(
        0.25, gt=0, lt=1, description="height of the eyes in that part, share from the top"
    )

    @property
    def shown_px(self) -> tuple[int, int, int]:
        """First row, first column and side of the part of the crop that the arrays show."""
        if self.shown_per_interocular is None:
            return 0, 0, self.size_px
        side = self.shown_per_interocular / self.side_per_interocular
        top, left = self.eyes_at - self.shown_eyes_at * side, (1 - side) / 2
        return round(top * self.size_px), round(left * self.size_px), round(side * self.size_px)

    @model_validator(mode="after")
    def _shows_a_part_of_itself(self) -> FaceStep:
        row, column, side = self.shown_px
        if min(row, column) < 0 or max(row, column) + side > self.size_px:
            raise ValueError("the part that is shown lies partly outside the crop")
        return self


class TimeStep(_Step):
    """The frames that are kept of a clip."""

    frames: int = Field(16, ge=1, le=512, description="frames per clip")
    sampling: Literal["nearest", "interpolated", "around apex"] = Field(
        "nearest",
        description="the nearest frames to equal steps from onset to offset; DCT interpolation of all; or those next "
        "to the apex, behind the onset, blends filling up what a short clip lacks",
    )
    missing_apex: Literal["leave out", "middle"] = Field(
        "leave out", description="what becomes of a clip without an apex, where an array needs one"
    )


class FlowStep(_Step):
    """Optical flow on the grey crops, at the crop's size."""

    method: str = Field("dis", description="tvl1, tvl1-fast, dis, farneback or tvl1-torch")
    reference: Literal["onset", "consecutive"] = Field("onset", description="the frame that flow starts from")
    remove_head_motion: bool = Field(
        True, description="subtract the rigid motion of nose bridge and forehead from each field"
    )
    outside_face: Literal["keep", "still"] = Field(
        "keep",
        description="flow of hair, neck and background as it is, or 0: once the head's motion is removed, what stood "
        "still seems to move",
    )


class ArrayStep(_Step):
    """One array of the prepared set."""

    name: ArrayName = Field(description="which array")
    size_px: int = Field(112, ge=8, le=1024, description="edge of the images; landmarks have none")
    scaling: Literal["px", "min-max"] = Field(
        "px",
        description="flow in pixels, or (legacy) each image and channel scaled to 0..255, its zero lost",
    )

    @model_validator(mode="after")
    def _scaling_is_for_flow_images(self) -> ArrayStep:
        if self.scaling == "min-max" and self.name not in ("onset_apex_flow", "two_part_flow"):
            raise ValueError(f"scaling 'min-max' is for onset_apex_flow and two_part_flow, not {self.name}")
        if self.scaling == "min-max" and self.name == "onset_apex_flow" and self.size_px != LEGACY_PX:
            raise ValueError(f"the legacy images are {LEGACY_PX} px wide: set size_px = {LEGACY_PX}")
        return self


class Recipe(_Step):
    """Everything that decides what a prepared set holds, besides the clips themselves."""

    name: str = Field(pattern="^[a-z0-9][a-z0-9-]*$")
    title: str
    face: FaceStep = FaceStep()
    time: TimeStep = TimeStep()
    flow: FlowStep = FlowStep()
    arrays: tuple[ArrayStep, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits_together(self) -> Recipe:
        names = [array.name for array in self.arrays]
        if len(set(names)) < len(names):
            raise ValueError("an array is named twice")
        if self.face.shown_per_interocular is not None and "landmarks" in names:
            raise ValueError("landmarks are pixels of the whole crop: leave out shown_per_interocular")
        if self.flow.method not in METHODS:
            raise ValueError(f"flow method '{self.flow.method}' is none of {', '.join(METHODS)}")
        return self

    @property
    def needs_apex(self) -> bool:
        around = self.time.sampling == "around apex" and self.needs_sequence
        return around or any(array.name in OF_THE_APEX for array in self.arrays)

    @property
    def needs_beside(self) -> bool:
        return any(array.name in WITH_BESIDE for array in self.arrays)

    @property
    def needs_sequence(self) -> bool:
        return any(array.name in SEQUENCES for array in self.arrays)

    @property
    def clip_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every array per clip: channels, frames where there are any, then pixels or points."""
        shapes: dict[str, tuple[int, ...]] = {}
        for step in self.arrays:
            frames = self.time.frames if step.name in SEQUENCES else N_KEY_FRAMES
            time = (frames,) if step.name in SEQUENCES or step.name == "key_frames" else ()
            space = (N_LANDMARKS,) if step.name == "landmarks" else (step.size_px, step.size_px)
            shapes[step.name] = (len(CHANNELS[step.name]), *time, *space)
        return shapes

    def canonical(self) -> str:
        """The recipe as JSON with a fixed order: the same text for the same recipe."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True)


def names() -> list[str]:
    """The recipes that come with Mien."""
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


def load(name_or_file: str | Path) -> Recipe:
    """The recipe of this name, or in this TOML file.

    Raises:
        UsageError: there is no recipe of this name.
        InputError: the file is no recipe; every wrong key at once.
    """
    text = str(name_or_file)
    file = Path(text) if text.endswith(".toml") else FOLDER / f"{text}.toml"
    if not file.is_file():
        raise unknown(f"there is no recipe '{text}'", text, names(), also="or the path of a .toml file")
    try:
        content: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # TOML and decoding errors are ValueErrors
        raise InputError("the recipe cannot be read", where=file, found=str(error)) from error
    try:
        return Recipe.model_validate({"name": file.stem, **content})
    except ValidationError as error:
        problems = Problems()
        problems.extend(
            f"{'.'.join(str(part) for part in item['loc']) or 'the recipe'}: {item['msg']}"
            for item in error.errors()
        )
        problems.raise_if_any("this is no recipe", where=file, do="`mien recipes` names all keys")
        raise
