"""Every code of the Facial Action Coding System: name, muscle, place on the face, phrases in plain words.

Codes, names and muscles follow the FACS manual (Ekman, Friesen and Hager 2002). The phrases, in
`action_units.toml`, are our own: they say what a viewer sees move, and never name a feeling, so that a text
made of them cannot give a class away.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Literal

Kind = Literal["AU", "AD", "M"]
#: Both sides or not said; left; right; both, but one of them stronger (A); top lip; bottom lip.
Side = Literal["", "L", "R", "A", "T", "B"]
Form = Literal["phrase", "clause", "brief clause"]

#: The word for a side within a phrase, by its letter in an annotation.
SIDE_WORDS: Mapping[str, str] = MappingProxyType({"L": "left", "R": "right", "T": "upper", "B": "lower"})

_FORMS = re.compile(r"\[([^|\]]*)\|([^\]]*)\]")


@dataclass(frozen=True, slots=True)
class ActionUnit:
    """One code of FACS.

    Attributes:
        code: its number.
        name: its name in the manual.
        kind: AU (a muscle action), AD (an action descriptor or gross behaviour), M (head or eye position).
        muscle: the muscles that make it.
        region: where it shows: brow, eye, nose, cheek, mouth, chin, jaw, neck, head, gaze, face or body.
        sides: the sides it can show on alone: letters of L, R (of the face), T, B (top and bottom lip).
        phrase: what changes, in a few words that follow "a face showing"; `[both|one]` forms, see `words`.
        clause: muscle and change, a sentence without its full stop; same forms, and a `~` before what may go.
    """

    code: int
    name: str
    kind: Kind
    muscle: str
    region: str
    sides: str
    phrase: str
    clause: str

    @property
    def sided(self) -> bool:
        """Whether the action can appear on one side of the face alone."""
        return "L" in self.sides

    def words(self, side: Side = "", form: Form = "phrase") -> str:
        """The phrase or clause for a side; A, and sides the action cannot show on alone, read as both."""
        one_sided = side if side and side in self.sides else ""
        text = self.phrase if form == "phrase" else self.clause
        text = text.partition(" ~")[0] if form == "brief clause" else text.replace("~", "")
        text = _FORMS.sub(r"\2" if one_sided else r"\1", text)
        return text.replace("SIDE", SIDE_WORDS.get(one_sided, ""))


def _read() -> dict[int, ActionUnit]:
    text = resources.files("mien.facs").joinpath("action_units.toml").read_text(encoding="utf-8")
    rows = [{"kind": "AU", **row} for row in tomllib.loads(text)["unit"]]
    return {row["code"]: ActionUnit(**row) for row in rows}


#: Every action by its code, in ascending order.
CATALOGUE: Mapping[int, ActionUnit] = MappingProxyType(_read())

#: The action descriptors proper, which FACS writes as AD19, AD29, ...; behaviours such as 80 have no letters.
DESCRIPTORS: frozenset[int] = frozenset(c for c, unit in CATALOGUE.items() if unit.kind == "AD" and c < 40)

#: Codes that tell what could not be seen: scores of a coder, but no actions.
VISIBILITY_CODES: Mapping[int, str] = MappingProxyType(
    {
        70: "brows not visible",
        71: "eyes not visible",
        72: "lower face not visible",
        73: "whole face not visible",
        74: "not scorable",
    }
)

#: Codes that name a side in themselves: in a mirrored picture each becomes the other.
MIRRORED: Mapping[int, int] = MappingProxyType({51: 52, 52: 51, 55: 56, 56: 55, 61: 62, 62: 61})
