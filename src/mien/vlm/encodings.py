"""One clip as a model gets it: pictures (PNG) and words, in the seven encodings a to g.

The letters are those of the ablation: (a) one frame, (b) three in one picture, (c) three pictures, (d) the flow as a
picture, (e) flow over the onset, (f) numbers instead of pictures, (g) nothing at all, the control.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError, UsageError
from mien.motion.scaling import resize
from mien.vlm.material import Framing, Material

Image = NDArray[np.uint8]

#: Boxes of a face by name: left, right, top and bottom from the middle between the eyes, in distances of the outer
#: eye corners. Sides are the subject's own; the subject's right lies left in the picture. Assumed proportions.
REGIONS: Mapping[str, tuple[float, float, float, float]] = {
    "right brow": (-0.60, -0.10, -0.38, -0.12), "left brow": (0.10, 0.60, -0.38, -0.12),
    "between the brows": (-0.10, 0.10, -0.35, -0.08),
    "right eye": (-0.55, -0.10, -0.12, 0.12), "left eye": (0.10, 0.55, -0.12, 0.12),
    "nose": (-0.18, 0.18, 0.10, 0.58),
    "right cheek": (-0.60, -0.20, 0.20, 0.62), "left cheek": (0.20, 0.60, 0.20, 0.62),
    "right mouth corner": (-0.45, -0.18, 0.66, 0.96), "left mouth corner": (0.18, 0.45, 0.66, 0.96),
    "upper lip": (-0.18, 0.18, 0.60, 0.80), "lower lip": (-0.18, 0.18, 0.80, 1.00),
    "chin": (-0.25, 0.25, 1.00, 1.25),
}  # fmt: skip
STILL_SHARE = 0.002  # motion below this share of the eye-corner distance is called still
_DIRECTIONS = ("right", "down-right", "down", "down-left", "left", "up-left", "up", "up-right")


@dataclass(frozen=True)
class Encoded:
    """What is sent of a clip: PNG files in order, and the words that explain them."""

    pictures: tuple[bytes, ...]
    words: str


@dataclass(frozen=True)
class Encoding:
    """One way to show a clip."""

    letter: str
    title: str
    make: Callable[[Material, int], Encoded]


def encode(material: Material, name: str, side_px: int) -> Encoded:
    """The clip in an encoding, with pictures of `side_px` on each side of a face.

    Raises:
        UsageError: no such encoding.
        InputError: the material lacks what it shows.
    """
    if name not in ENCODINGS:
        raise UsageError("there is no such encoding", found=name, do=f"use one of {', '.join(ENCODINGS)}")
    return ENCODINGS[name].make(material, side_px)


def _apex(material: Material, side_px: int) -> Encoded:
    picture = _sized(_frame(material, "apex"), side_px)
    return Encoded((png(picture),), "The picture shows the strongest frame of the clip.")


def _strip(material: Material, side_px: int) -> Encoded:
    frames = [_sized(frame, side_px) for frame in _all_frames(material).values()]
    names = ", ".join(material.frames)
    if len(frames) <= 3:
        return Encoded((png(np.hstack(frames)),), f"The picture shows one clip, from left to right: {names}.")
    columns = 4
    frames += [np.zeros_like(frames[0])] * (-len(frames) % columns)
    rows = [np.hstack(frames[at : at + columns]) for at in range(0, len(frames), columns)]
    n = len(material.frames)
    words = (
        f"The picture shows {n} frames of one video in equal steps of time, row by row, from left to right."
    )
    return Encoded((png(np.vstack(rows)),), words)


def _frames(material: Material, side_px: int) -> Encoded:
    frames = _all_frames(material)
    names = ", ".join(frames)
    words = f"The {len(frames)} pictures show one clip in the order of time: {names}."
    return Encoded(tuple(png(_sized(frame, side_px)) for frame in frames.values()), words)


def _flow(material: Material, side_px: int) -> Encoded:
    flow = _need_flow(material)
    if not material.flow_in_px:
        panels = [_sized(_grey(channel), side_px) for channel in flow]
        words = (
            "The picture shows, side by side, the motion from onset to apex to the right, downwards, and the strain "
            "of the skin; brighter is more, and each was stretched to its own range, so that no motion is some grey."
        )
        return Encoded((png(np.hstack(panels)),), words)
    return Encoded((png(_sized(hsv(flow), side_px)),), _hsv_words(flow))


def _overlay(material: Material, side_px: int) -> Encoded:
    flow = _need_flow(material)
    if not material.flow_in_px:
        raise InputError(
            "flow whose zero is lost cannot be laid over a face",
            where=material.clip,
            do="prepare the set with flow in pixels, or use --encoding flow",
        )
    onset, motion = _sized(_frame(material, "onset"), side_px), _sized(hsv(flow), side_px)
    mixed = np.rint((onset.astype(np.float32) + motion) / 2).astype(np.uint8)
    return Encoded(
        (png(mixed),), f"The picture shows the first frame, half covered by motion. {_hsv_words(flow)}"
    )


def _numbers(material: Material, side_px: int) -> Encoded:
    flow = _need_flow(material)
    if not material.flow_in_px or material.framing is None:
        raise InputError(
            "motion in numbers needs flow in pixels on faces that Mien has aligned",
            where=material.clip,
            do="prepare the clips with `mien prepare ... --recipe vlm`, or use --encoding flow",
        )
    return Encoded((), motion_in_words(flow, material.framing))


def _none(material: Material, side_px: int) -> Encoded:
    return Encoded((), "No picture is shown. Answer from what is usual.")


def motion_in_words(flow: NDArray[np.float32], framing: Framing) -> str:
    """The mean motion of every region of the face, one line each: share of the eye-corner distance, direction, strain.

    Args:
        flow: (3, H, W) u, v in pixels and strain, of an aligned face.
    """
    height, width = flow.shape[1:]
    unit = width / framing.side_per_interocular
    lines = [
        "No picture is shown, but the mean motion of each part of the face from onset to apex, in percent of the "
        "distance between the outer eye corners. Directions are those of the picture, sides those of the person: "
        "the person's right lies left in the picture."
    ]
    for name, (left, right, top, bottom) in REGIONS.items():
        x = np.clip([width / 2 + left * unit, width / 2 + right * unit], 0, width).round().astype(int)
        y = (
            np.clip([framing.eyes_at * height + at * unit for at in (top, bottom)], 0, height)
            .round()
            .astype(int)
        )
        box = flow[:, y[0] : y[1], x[0] : x[1]]
        if box.size:
            u, v, strain = (float(value) for value in box.mean(axis=(1, 2)))
            lines.append(f"- {name}: {_moved(u / unit, v / unit)}, strain {100 * strain:.1f} %")
    return "\n".join(lines)


def _moved(u: float, v: float) -> str:
    length = float(np.hypot(u, v))
    if length < STILL_SHARE:
        return "still"
    return f"{100 * length:.1f} % {_DIRECTIONS[round(np.arctan2(v, u) / (np.pi / 4)) % 8]}"


def hsv(flow: NDArray[np.float32]) -> Image:
    """(H, W, 3) RGB: hue for the direction of the motion, brightness for its length, full at the 99th percentile."""
    import cv2

    u, v = flow[0], flow[1]
    length = np.hypot(u, v)
    hue = (np.degrees(np.arctan2(v, u)) % 360) / 2
    bright = np.clip(length / max(_longest(flow), 1e-6), 0, 1) * 255
    planes = np.stack([hue, np.full_like(hue, 255), bright], axis=-1)
    return np.asarray(cv2.cvtColor(planes.astype(np.uint8), cv2.COLOR_HSV2RGB), np.uint8)


def _longest(flow: NDArray[np.float32]) -> float:
    return float(np.percentile(np.hypot(flow[0], flow[1]), 99))


def _hsv_words(flow: NDArray[np.float32]) -> str:
    share = 100 * _longest(flow) / flow.shape[2]
    return (
        "Colour shows how the skin moves from onset to apex: red to the right of the picture, yellow-green down, "
        f"cyan to the left, violet up; black is still, the brightest is {share:.2f} % of the picture's width."
    )


def _frame(material: Material, name: str) -> Image:
    if name not in material.frames:
        raise InputError(
            f"the clip has no {name} to show",
            where=material.clip,
            found=f"frames: {', '.join(material.frames) or 'none'}",
            do="prepare the clips with `mien prepare ... --recipe vlm`, or use another --encoding",
        )
    return material.frames[name]


def _all_frames(material: Material) -> Mapping[str, Image]:
    if len(material.frames) < 3:
        _frame(material, "offset")
    return material.frames


def _need_flow(material: Material) -> NDArray[np.float32]:
    if material.flow is None:
        raise InputError(
            "the clip has no onset-apex flow to show",
            where=material.clip,
            do="prepare the clips with `mien prepare ... --recipe vlm`, or use another --encoding",
        )
    return material.flow


def _grey(channel: NDArray[np.float32]) -> Image:
    return np.repeat(np.clip(np.rint(channel), 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def _sized(picture: Image, side_px: int) -> Image:
    planes = resize(np.moveaxis(picture, -1, 0), side_px, side_px)
    return np.ascontiguousarray(np.moveaxis(np.clip(np.rint(planes), 0, 255).astype(np.uint8), 0, -1))


def png(picture: Image) -> bytes:
    """The picture as a PNG file: nothing but pixels, the same bytes for the same pixels."""
    from PIL import Image as pillow

    stream = io.BytesIO()
    pillow.fromarray(picture).save(stream, format="PNG")
    return stream.getvalue()


ENCODINGS: Mapping[str, Encoding] = {
    "apex": Encoding("a", "the apex frame alone", _apex),
    "strip": Encoding("b", "onset, apex and offset side by side in one picture", _strip),
    "frames": Encoding("c", "onset, apex and offset as three pictures", _frames),
    "flow": Encoding("d", "the motion from onset to apex as a coloured picture", _flow),
    "overlay": Encoding("e", "that motion half over the onset frame", _overlay),
    "numbers": Encoding("f", "no picture: the motion of each part of the face in words", _numbers),
    "none": Encoding("g", "nothing at all: what the model answers without seeing", _none),
}
