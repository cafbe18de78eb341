"""Which of several faces is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mien.errors import InputError
from mien.face.landmarks import Face

#: The widest face, the one nearest to the middle of the picture, or the one nearest to a point (x, y) in pixels.
Rule = Literal["largest", "central"] | tuple[float, float]


@dataclass(frozen=True, eq=False)
class Choice:
    """The face that was chosen, by which rule, out of how many."""

    face: Face
    rule: Rule
    n_faces: int


def choose(faces: Sequence[Face], width: int, height: int, rule: Rule = "largest") -> Choice:
    """The face that the rule picks out of those found in a picture of `width` x `height` pixels.

    Raises:
        InputError: there is no face.
    """
    if not faces:
        raise InputError("there is no face to choose")
    if rule == "largest":
        face = max(faces, key=lambda one: one.width_px)
    else:
        aim = ((width - 1) / 2, (height - 1) / 2) if rule == "central" else rule
        face = min(faces, key=lambda one: float(np.hypot(*np.subtract(one.centre, aim))))
    return Choice(face, rule, len(faces))
