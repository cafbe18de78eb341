"""Action Units as mixtures of face units: what a FACS code moves on the head, by side and intensity.

The correspondence of codes and face units follows the FACS description of each action and the ARKit
documentation of each blend shape (AU12 and `mouthSmile`, AU4 and `browDown` ...). The numbers are ours: they
say how far an action goes at intensity 1 (about a centimetre at the brows and the corners of the lips) and
how much of it each face unit takes. Small parts (the cheek in AU12, the corners in AU17) were added where the
FACS description names them and the mean flow of real clips shows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mien.errors import InputError
from mien.synthesis.head import Floats, Head

Side = Literal["", "L", "R"]

#: AU -> (face unit without its side, strength at intensity 1).
MIXTURES: Mapping[int, tuple[tuple[str, float], ...]] = {
    1: (("browInnerUp", 1.5),),
    2: (("browOuterUp", 1.5), ("browInnerUp", 0.35)),
    4: (("browDown", 1.2),),
    5: (("eyeWide", 1.8),),
    6: (("cheekSquint", 1.0), ("eyeSquint", 0.4)),
    7: (("eyeSquint", 0.9), ("eyeSlit", 1.2)),
    9: (("noseSneer", 1.0), ("mouthUpperUp", 0.2)),
    10: (("mouthUpperUp", 1.0), ("noseSneer", 0.25)),
    11: (("noseSneer", 0.3), ("mouthUpperUp", 0.35), ("cheekSquint", 0.15)),
    12: (("mouthSmile", 0.6), ("cheekSquint", 0.25)),
    13: (("mouthSmile", 0.4), ("cheekPuff", 0.15)),
    14: (("mouthDimple", 1.0), ("mouthSmile", 0.15)),
    15: (("mouthFrown", 1.0), ("mouthStretch", 0.3)),
    16: (("mouthLowerDown", 1.0),),
    17: (("mouthShrugLower", 1.2), ("mouthShrugUpper", 0.25), ("mouthFrown", 0.1)),
    18: (("mouthPucker", 1.0),),
    20: (("mouthStretch", 1.0), ("mouthLowerDown", 0.4)),
    22: (("mouthFunnel", 1.0),),
    23: (("mouthRollLower", 0.4), ("mouthRollUpper", 0.3)),
    24: (("mouthPress", 0.5), ("mouthRollUpper", 0.2), ("mouthShrugLower", 0.3)),
    25: (("mouthLowerDown", 0.7), ("mouthUpperUp", 0.25)),
    26: (("jawOpen", 0.3),),
    27: (("jawOpen", 1.0),),
    28: (("mouthRollLower", 0.9), ("mouthRollUpper", 0.7)),
    29: (("jawForward", 1.0),),
    34: (("cheekPuff", 1.0),),
    38: (("nostrilFlare", 1.0),),
    39: (("nostrilCompress", 1.0),),
    43: (("eyeBlink", 1.0),),
    45: (("eyeBlink", 1.0),),
    63: (("eyeLookUp", 1.0),),
    64: (("eyeLookDown", 1.0),),
}
#: Actions whose face units have no sides: a side asked for is refused.
WHOLE_ACTIONS = frozenset({18, 22, 26, 27, 29, 39})


@dataclass(frozen=True)
class Action:
    """One Action Unit of a clip: code, side ("" means both), intensity 0..1 (micro-expressions: 0.1-0.4)."""

    code: int
    side: Side = ""
    intensity: float = 1.0

    def __post_init__(self) -> None:
        if self.code not in MIXTURES:
            known = ", ".join(str(code) for code in MIXTURES)
            raise InputError(
                "no face unit moves this Action Unit", found=f"AU{self.code}", do=f"use one of {known}"
            )
        if self.side and self.code in WHOLE_ACTIONS:
            raise InputError(
                "this action moves both sides at once", found=f"{self.side}{self.code}", do="drop the side"
            )
        if self.side not in ("", "L", "R") or not 0 <= self.intensity <= 1:
            raise InputError(
                "an action needs a side of '', 'L' or 'R' and an intensity of 0 to 1",
                found=f"side {self.side!r}, intensity {self.intensity}",
            )


def parse_actions(text: str, intensity: float = 1.0) -> tuple[Action, ...]:
    """Actions of a plain FACS string such as `4+7` or `L12+R14`; all get the same `intensity`.

    Raises:
        InputError: anything but codes with an optional side, joined by `+`.
    """
    found = []
    for part in text.split("+"):
        match = re.fullmatch(r"\s*([LR]?)(\d+)\s*", part)
        if match is None:
            raise InputError(
                "this is no plain list of Action Units", found=repr(text), do="write it like L12+14"
            )
        side: Side = "L" if match[1] == "L" else "R" if match[1] == "R" else ""
        found.append(Action(int(match[2]), side, intensity))
    return tuple(found)


def write_actions(actions: Iterable[Action]) -> str:
    """FACS string of actions, by rising code: `L12+14`; an empty string when there are none."""
    return "+".join(
        f"{action.side}{action.code}" for action in sorted(actions, key=lambda a: (a.code, a.side))
    )


def unit_weights(
    head: Head, actions: Iterable[Action], *, left_gain: float = 1.0, right_gain: float = 1.0
) -> Floats:
    """Weight (K,) of every face unit of `head` for a set of actions: their sum, linear in each intensity.

    `left_gain` and `right_gain` scale the two sides of the face: people move one side more than the other.
    """
    weights = np.zeros(len(head.unit_names))
    index = head.unit_index
    for action in actions:
        for unit, strength in MIXTURES[action.code]:
            if unit in index:
                weights[index[unit]] += strength * action.intensity * (left_gain + right_gain) / 2
                continue
            if action.side != "R":
                weights[index[f"{unit}Left"]] += strength * action.intensity * left_gain
            if action.side != "L":
                weights[index[f"{unit}Right"]] += strength * action.intensity * right_gain
    return weights
