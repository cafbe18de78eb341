"""Prepared sets for tests: any arrays, in any size, of the same 40 synthetic clips of 5 people.

The flow grows evenly from the onset to the apex; a person is a smooth random texture that it moves, and 68 points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from mien.clips.table import ClipTable
from mien.models.base import GIVEN, Needs
from mien.motion.strain import optical_strain
from mien.prepare.prepared import ArrayToWrite, PreparedSet
from mien.prepare.recipe import CHANNELS, FaceStep
from mien.prepare.stages import KINDS
from mien.prepare.synthetic import synthetic_flow

Size = tuple[int, ...]
SIDE, FRAMES = 32, 8
USUAL: dict[str, Size] = {
    "onset_apex_flow": (3, 28, 28),
    "flow": (2, FRAMES, SIDE, SIDE),
    "rgb": (3, FRAMES, SIDE, SIDE),
    "onset_apex_grey": (2, SIDE, SIDE),
    "two_part_flow": (4, SIDE, SIDE),
    "landmarks": (2, FRAMES, 68),
    "key_frames": (3, 5, SIDE, SIDE),
}


@dataclass(frozen=True, eq=False)
class Clips:
    """What everything is made from: flow (N, 2, 32, 32) px to the apex, and a texture (3, 32, 32) 0..1 each."""

    table: ClipTable
    flow: NDArray[np.float32]
    textures: list[NDArray[np.float64]]

    def moved(self, share: float) -> NDArray[np.uint8]:
        """The clips (N, 3, 32, 32) when this share of the flow has happened."""
        rows, columns = np.mgrid[:SIDE, :SIDE]
        found = np.empty((len(self.flow), 3, SIDE, SIDE), np.uint8)
        for clip, (texture, (u, v)) in enumerate(zip(self.textures, share * self.flow, strict=True)):
            for colour, picture in enumerate(texture):
                at = (rows - v, columns - u)
                found[clip, colour] = np.rint(255 * map_coordinates(picture, at, order=1, mode="nearest"))
        return found


def made_clips(folder: Path) -> Clips:
    still = synthetic_flow(folder, subjects=5, clips_per_subject=8, size=SIDE, seed=1)
    rng = np.random.default_rng(3)
    looks = {
        group: ((gaussian_filter(rng.random((3, SIDE, SIDE)), (0, 2, 2), mode="wrap") - 0.3) / 0.4).clip(0, 1)
        for group in np.unique(still.table.groups)
    }
    flow = np.array(still.arrays["onset_apex_flow"][:, :2])
    return Clips(still.table, flow, [looks[group] for group in still.table.groups])


def _sized(images: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """The images (..., 32, 32) in another size."""
    flat = images.reshape(-1, *images.shape[-2:])
    found = np.stack([cv2.resize(one, (width, height), interpolation=cv2.INTER_LINEAR) for one in flat])
    return found.reshape(*images.shape[:-2], height, width)


def _scaled(flow: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """The flow (..., 2, 32, 32) in the pixels of another size."""
    factor = np.array([width, height], np.float32)[:, None, None] / SIDE
    return np.asarray(_sized(flow, height, width) * factor, np.float32)


def _onset_apex_flow(clips: Clips, size: Size) -> NDArray[np.float32]:
    flow = _scaled(clips.flow, *size[1:])
    u, v = flow[:, 0], flow[:, 1]
    return np.stack([u, v, optical_strain(u, v)], axis=1)


def _flow(clips: Clips, size: Size) -> NDArray[np.float32]:
    _, frames, height, width = size
    grown = np.linspace(0, 1, frames, dtype=np.float32)[:, None, None]
    return _scaled(clips.flow, height, width)[:, :, None] * grown


def _rgb(clips: Clips, size: Size) -> NDArray[np.uint8]:
    _, frames, height, width = size
    shown = [_sized(clips.moved(share), height, width) for share in np.linspace(0, 1, frames)]
    return np.stack(shown, axis=2)


def _key_frames(clips: Clips, size: Size) -> NDArray[np.uint8]:
    return np.stack([_sized(clips.moved(share), *size[2:]) for share in (0.0, 0.05, 0.95, 1.0, 0.2)], axis=2)


def _onset_apex_grey(clips: Clips, size: Size) -> NDArray[np.uint8]:
    shown = [_sized(clips.moved(share).mean(axis=1).astype(np.uint8), *size[1:]) for share in (0.0, 1.0)]
    return np.stack(shown, axis=1)


def _two_part_flow(clips: Clips, size: Size) -> NDArray[np.float32]:
    flow = _scaled(clips.flow, *size[1:])
    return np.concatenate([flow, -0.7 * flow], axis=1)


def face_points() -> NDArray[np.float64]:
    """68 points (68, 2) of a rough face in 0..1: jaw, brows, nose, eyes, mouth, in the order of iBUG."""

    def arc(n: int, centre: tuple[float, float], radii: tuple[float, float], span: Size) -> NDArray[Any]:
        angle = np.deg2rad(np.linspace(*span, n))
        return np.stack([centre[0] + radii[0] * np.cos(angle), centre[1] + radii[1] * np.sin(angle)], axis=1)

    return np.concatenate(
        [
            arc(17, (0.5, 0.45), (0.4, 0.48), (180, 0)),
            *(arc(5, (x, 0.35), (0.13, 0.06), (180, 360)) for x in (0.3, 0.7)),
            np.linspace((0.5, 0.4), (0.5, 0.58), 4),
            np.linspace((0.42, 0.63), (0.58, 0.63), 5),
            *(arc(6, (x, 0.42), (0.08, 0.03), (180, 480)) for x in (0.3, 0.7)),
            arc(12, (0.5, 0.78), (0.15, 0.06), (180, 510)),
            arc(8, (0.5, 0.78), (0.1, 0.03), (180, 495)),
        ]
    )


def _landmarks(clips: Clips, size: Size) -> NDArray[np.float32]:
    points = face_points() * (SIDE - 1)
    column, row = points.round().astype(int).clip(0, SIDE - 1).T
    moved = clips.flow[:, :, row, column]
    grown = np.linspace(0, 1, size[1], dtype=np.float32)[:, None]
    factor = FaceStep().size_px / SIDE
    return np.asarray((points.T[None, :, None] + moved[:, :, None] * grown) * factor, np.float32)


MAKERS: Mapping[str, Callable[[Clips, Size], NDArray[Any]]] = {
    "onset_apex_flow": _onset_apex_flow,
    "flow": _flow,
    "rgb": _rgb,
    "onset_apex_grey": _onset_apex_grey,
    "two_part_flow": _two_part_flow,
    "landmarks": _landmarks,
    "key_frames": _key_frames,
}


def sizes(needs: Needs) -> dict[str, Size]:
    """By array, the size of a clip that a method with these needs can read: the usual one where it may choose."""
    found: dict[str, Size] = {}
    for name in needs.arrays:
        if name in GIVEN:
            continue
        least = needs.at_least.get(name, (0,) * len(USUAL[name]))
        grown = tuple(max(pair) for pair in zip(USUAL[name], least, strict=True))
        found[name] = needs.sizes.get(name, grown)
    return found


def made_set(folder: Path, clips: Clips, wanted: Mapping[str, Size]) -> PreparedSet:
    """A prepared set of the clips with these arrays."""
    arrays = {}
    for name, size in wanted.items():
        made = MAKERS[name](clips, size)
        assert made.shape[1:] == size, f"{name}: made {made.shape[1:]}, wanted {size}"
        arrays[name] = ArrayToWrite(made, CHANNELS[name], KINDS[name].unit, "made for tests")
    return PreparedSet.write(
        folder, name="small-clips", table=clips.table, arrays=arrays, recipe={"step": "tests"}
    )
