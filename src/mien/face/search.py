"""Faces that are small in a large picture: the picture is searched part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mien.face.landmarks import Face, Landmarker

#: Sides of the square parts, as shares of the longer side of the picture: one after the other until a face is found.
PART_SHARES = (0.5, 0.25)
#: A part that holds one face: this many times as wide as the face.
MARGIN = 2.5

Image = npt.NDArray[np.uint8]


def search(landmarker: Landmarker, image: Image, *, closer: bool = True) -> tuple[list[Face], str]:
    """The faces of a picture and where they were found: `whole`, `parts` or, with none, an empty string.

    Only if the whole picture shows no face, half-overlapping square parts of a half, then of a quarter of its
    longer side are looked at (about 10 and 50 times the work at most): faces down to about 3 % of that side are found.

    Args:
        landmarker: finds the faces.
        image: (H, W, 3) uint8 RGB.
        closer: False looks at the whole picture only.
    """
    if faces := landmarker.find(image):
        return faces, "whole"
    for share in PART_SHARES if closer else ():
        side = max(64, round(share * max(image.shape[:2])))
        found: list[Face] = []
        for left, top in _corners(image, side):
            part = image[top : top + side, left : left + side]
            for face in _shifted(landmarker.find(part), left, top):
                if all(_apart(face, other) for other in found):
                    found.append(face)
        if found:
            return found, "parts"
    return [], ""


def find_again(landmarker: Landmarker, image: Image, known: Face) -> Face | None:
    """The face that stands where `known` stood in another frame; None if there is none any more.

    Only a square around that place is looked at, filled up with the picture's border where it reaches beyond.
    """
    import cv2

    side = max(64, round(MARGIN * known.width_px))
    left, top = (round(middle - side / 2) for middle in known.centre)
    height, width = image.shape[:2]
    part = image[max(0, top) : max(0, top + side), max(0, left) : max(0, left + side)]
    if not part.size:
        return None
    beyond = (max(0, -top), max(0, top + side - height), max(0, -left), max(0, left + side - width))
    square = cv2.copyMakeBorder(part, *beyond, borderType=cv2.BORDER_REPLICATE)
    faces = _shifted(landmarker.find(np.asarray(square, dtype=np.uint8)), left, top)
    near = [face for face in faces if not _apart(face, known)]
    return min(near, key=lambda face: _distance(face, known), default=None)


def _shifted(faces: list[Face], left: int, top: int) -> list[Face]:
    corner = np.array([left, top], dtype=np.float32)
    return [replace(face, points=face.points + corner) for face in faces]


def _corners(image: Image, side: int) -> Iterator[tuple[int, int]]:
    height, width = image.shape[:2]
    for top in _starts(height, side):
        for left in _starts(width, side):
            yield left, top


def _starts(length: int, side: int) -> list[int]:
    """Starts of parts that overlap by a half at least and end with the picture."""
    room = max(0, length - side)
    n_steps = -(-room // max(1, side // 2))
    return [round(step * room / n_steps) for step in range(n_steps + 1)] if n_steps else [0]


def _distance(one: Face, other: Face) -> float:
    return float(np.hypot(*np.subtract(one.centre, other.centre)))


def _apart(one: Face, other: Face) -> bool:
    return _distance(one, other) > 0.5 * max(one.width_px, other.width_px)
