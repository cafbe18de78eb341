"""What can be shown of one clip: its marked frames and the flow between onset and apex, from a set or from a video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.prepare.prepared import FLOW, MIN_MAX_UNIT, PreparedSet

if TYPE_CHECKING:
    from mien.face.landmarks import Landmarker

#: The recipe by which clips are prepared for pictures, and videos of challenges are read.
RECIPE = "vlm"
VIDEO_FRAMES = 12


@dataclass(frozen=True)
class Framing:
    """Where the eyes are in the pictures of aligned faces.

    Attributes:
        eyes_at: their height, as a share from the top; they lie level and centred.
        side_per_interocular: side of the picture over the distance of the outer eye corners.
    """

    eyes_at: float
    side_per_interocular: float


@dataclass(frozen=True, eq=False)
class Material:
    """What can be shown of ONE clip or video.

    Attributes:
        clip: its key or name.
        frames: (H, W, 3) uint8 RGB by name: "onset", "apex", "offset", or the frames of a long video in order.
        flow: (3, H, W) u, v, strain from onset to apex, None if there is none.
        flow_in_px: whether u and v are pixels; else each channel was stretched to 0..255 and its zero is lost.
        framing: how the face lies in frames and flow, None if not known.
        notes: what was substituted, in words.
    """

    clip: str
    frames: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    flow: NDArray[np.float32] | None = None
    flow_in_px: bool = True
    framing: Framing | None = None
    notes: tuple[str, ...] = ()


def of_set(data: PreparedSet, at: int) -> Material:
    """The material of a clip of a prepared set; arrays that the set does not hold are left out.

    The sequence holds few frames of a clip: as the apex, the one nearest to the annotated apex is taken.
    """
    row = data.table.rows()[at]
    frames: dict[str, NDArray[np.uint8]] = {}
    notes: tuple[str, ...] = ()
    if "rgb" in data.arrays:
        frames, notes = _marked(data.arrays["rgb"][at], row["onset"], row["apex"], row["offset"])
    elif "onset_apex_grey" in data.arrays:
        pair = data.arrays["onset_apex_grey"][at]
        frames = {name: _grey(picture) for name, picture in zip(("onset", "apex"), pair, strict=True)}
    flow = np.array(data.arrays[FLOW][at], np.float32) if FLOW in data.arrays else None
    in_px = FLOW not in data.specs or data.specs[FLOW].unit != MIN_MAX_UNIT
    return Material(str(row["key"]), frames, flow, in_px, _framing(data.recipe), notes)


def _marked(
    rgb: NDArray[Any], onset: int | None, apex: int | None, offset: int | None
) -> tuple[dict[str, NDArray[np.uint8]], tuple[str, ...]]:
    """Onset, apex and offset of a sequence (3, T, H, W) that runs in equal steps from onset to offset."""
    last = rgb.shape[1] - 1
    notes: tuple[str, ...] = ()
    if None in (onset, apex, offset) or offset == onset:
        middle, notes = (
            last // 2,
            ("onset, apex or offset is not annotated: the middle frame taken as the apex",),
        )
    else:
        assert onset is not None and apex is not None and offset is not None
        middle = round(float(np.clip((apex - onset) / (offset - onset), 0, 1)) * last)
    marks = {"onset": 0, "apex": middle, "offset": last}
    return {name: np.ascontiguousarray(np.moveaxis(rgb[:, t], 0, -1)) for name, t in marks.items()}, notes


def _grey(picture: NDArray[Any]) -> NDArray[np.uint8]:
    return np.repeat(np.asarray(picture, np.uint8)[..., None], 3, axis=2)


def _framing(recipe: Mapping[str, Any]) -> Framing | None:
    """How a recipe lays the face into its pictures; None for sets that were not cut out by Mien."""
    face = recipe.get("face")
    if not isinstance(face, Mapping) or "side_per_interocular" not in face:
        return None
    if face.get("shown_per_interocular") is not None:
        return Framing(float(face["shown_eyes_at"]), float(face["shown_per_interocular"]))
    return Framing(float(face["eyes_at"]), float(face["side_per_interocular"]))


class Videos:
    """The clips or long videos of a challenge in a folder: `NAME.mp4` and its like, or a folder of images `NAME`."""

    def __init__(self, folder: Path, *, whole: bool) -> None:
        """Args:
        whole: take frames in equal steps over the whole (long videos) instead of onset, apex and offset.

        Raises:
            InputError: there is no such folder.
        """
        if not folder.is_dir():
            raise InputError("there is no such folder of videos", where=folder)
        self.folder, self.whole = folder, whole
        self._landmarker: Landmarker | None = None

    def find(self, name: str) -> Path | None:
        """The file or folder of a video, None if there is none; a name never leads out of the folder."""
        if not name or Path(name).name != name:
            return None
        for place in sorted(self.folder.iterdir()):
            if place.name == name or (place.is_file() and place.stem == name):
                return place
        return None

    def material(self, name: str) -> Material:
        """The material of one video: the face cut out once; whole, or with the middle frame as its apex.

        Raises:
            InputError: it is not there, cannot be read, or shows no face.
        """
        from mien.face.landmarks import Landmarker
        from mien.prepare.recipe import load
        from mien.prepare.stages import prepare_clip
        from mien.prepare.timing import Annotation, NotPreparable

        place = self.find(name)
        if place is None:
            raise InputError("there is no video of this name", where=self.folder, found=name)
        source, first, last = _source(place)
        recipe = load(RECIPE)
        if self.whole:
            rgb_only = tuple(array for array in recipe.arrays if array.name == "rgb")
            time = recipe.time.model_copy(update={"frames": VIDEO_FRAMES})
            recipe = recipe.model_copy(update={"arrays": rgb_only, "time": time})
        if self._landmarker is None:
            self._landmarker = Landmarker()
        try:
            made = prepare_clip(source, Annotation(first, None, last), recipe, self._landmarker)
        except NotPreparable as refused:
            raise InputError("the video cannot be shown", where=place, found=str(refused)) from refused
        rgb, framing = made.arrays["rgb"], _framing(recipe.model_dump())
        if self.whole:
            steps = [f"frame {k + 1} of {VIDEO_FRAMES}" for k in range(rgb.shape[1])]
            pictures = {
                step: np.ascontiguousarray(np.moveaxis(rgb[:, k], 0, -1)) for k, step in enumerate(steps)
            }
            return Material(name, pictures, framing=framing, notes=made.notes)
        frames, _ = _marked(rgb, None, None, None)
        return Material(name, frames, made.arrays[FLOW], True, framing, made.notes)

    def close(self) -> None:
        """Release the face finder."""
        if self._landmarker is not None:
            self._landmarker.close()
            self._landmarker = None


def _source(place: Path) -> tuple[Any, int, int]:
    """Where the pictures are, and the numbers of the first and the last."""
    from mien.clips.frames import ClipFrames
    from mien.video.probing import probe

    if place.is_file():
        return ClipFrames((place,)), 0, probe(place).n_frames - 1
    files = _pictures(place)
    if not files:
        raise InputError("the folder of the video holds no pictures", where=place)
    return ClipFrames(tuple(files), tuple(range(len(files)))), 0, len(files) - 1


def _pictures(folder: Path) -> Sequence[Path]:
    """The image files of a folder in the order of the numbers in their names."""
    import re

    def place(file: Path) -> tuple[list[int], str]:
        return [int(number) for number in re.findall(r"\d+", file.stem)], file.name

    endings = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff"}
    return sorted((file for file in folder.iterdir() if file.suffix.lower() in endings), key=place)
