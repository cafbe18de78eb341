"""Pictures of the candidates as files, for the page and for the download: onset, apex, and flow over the apex."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from mien.analysis.result import Event, EventPictures

SIDE_PX = 448
ARROWS = 18
#: Length of the longest arrow, in distances between two arrows.
LONGEST = 2.0
#: Motion of which the longest arrow tells at least: noise is not blown up to look like a movement.
LEAST_PX = 0.3
#: Arrows shorter than this share of the longest are left out.
SHORTEST = 0.12
INK, HALO = (255, 214, 64), (20, 20, 22)


def write_pictures(events: tuple[Event, ...], folder: Path) -> None:
    """Write `event-001-onset.png`, `-apex.png` and `-flow.png` for every event that has pictures."""
    for event in events:
        if event.pictures is None:
            continue
        folder.mkdir(exist_ok=True)
        drawn = {
            "onset": _large(event.pictures.onset),
            "apex": _large(event.pictures.apex),
            "flow": flow_picture(event.pictures),
        }
        for name, picture in drawn.items():
            picture.save(folder / f"event-{event.event_id:03d}-{name}.png", optimize=True)


def flow_picture(pictures: EventPictures) -> Image.Image:
    """The apex, darkened, with an arrow for the mean motion of each of ARROWS x ARROWS squares."""
    picture = _large(pictures.apex).convert("L").convert("RGB").point(lambda value: value * 0.6)
    u, v = (_means(plane) for plane in np.nan_to_num(pictures.flow.astype(np.float64)))
    longest = max(float(np.hypot(u, v).max()), LEAST_PX)
    step = SIDE_PX / ARROWS
    draw = ImageDraw.Draw(picture)
    for width, colour in ((5, HALO), (2, INK)):
        for (row, column), across in np.ndenumerate(u):
            shift = np.array([across, v[row, column]]) / longest
            if np.hypot(*shift) >= SHORTEST:
                start = np.array([column + 0.5, row + 0.5]) * step
                _arrow(draw, start, shift * LONGEST * step, width, colour)
    return picture


def _arrow(
    draw: ImageDraw.ImageDraw,
    start: npt.NDArray[np.float64],
    shift: npt.NDArray[np.float64],
    width: int,
    colour: tuple[int, int, int],
) -> None:
    tip, across = start + shift, np.array([-shift[1], shift[0]])
    head = min(8.0, 0.5 * float(np.hypot(*shift))) / float(np.hypot(*shift))
    draw.line([tuple(start), tuple(tip)], fill=colour, width=width)
    for side in (0.5, -0.5):
        draw.line([tuple(tip - head * (shift + side * across)), tuple(tip)], fill=colour, width=width)


def _means(plane: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Means over ARROWS x ARROWS squares of nearly equal size."""
    for axis in (0, 1):
        edges = np.linspace(0, plane.shape[axis], ARROWS + 1).astype(int)[:-1]
        counts = np.diff([*edges, plane.shape[axis]])
        sums = np.add.reduceat(plane, edges, axis=axis)
        plane = sums / counts.reshape((-1, 1) if axis == 0 else (1, -1))
    return plane


def _large(crop: npt.NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(crop).resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
