"""What an AU coding says: single marks, alternatives between them, and the whole annotation of a clip."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mien.facs.catalogue import CATALOGUE, DESCRIPTORS, MIRRORED, Kind, Side

_OTHER_SIDE: dict[Side, Side] = {"L": "R", "R": "L"}


@dataclass(frozen=True, slots=True)
class AUMark:
    """One code as a coder wrote it.

    Attributes:
        code: the FACS number, a key of `CATALOGUE`.
        side: "" both sides or not said, "L", "R", "A" both but one of them stronger, "T" top, "B" bottom lip.
        intensity: "" or a FACS intensity "A" (trace) to "E" (maximum), or a range "B/C".
        uncertain: the coder doubted it: `ref(7)`, `12B ?`.
        static: there all the time and not part of the movement: `4(k)`.
    """

    code: int
    side: Side = ""
    intensity: str = ""
    uncertain: bool = False
    static: bool = False

    @property
    def kind(self) -> Kind:
        """ "AU" a muscle action, "AD" an action descriptor or gross behaviour, "M" a head or eye movement."""
        return CATALOGUE[self.code].kind

    @property
    def counts(self) -> bool:
        """Whether this is surely a part of the movement."""
        return not (self.uncertain or self.static)

    def __str__(self) -> str:
        prefix = self.kind if self.kind == "M" or self.code in DESCRIPTORS else ""
        text = f"{prefix}{self.side}{self.code}{self.intensity}{'(k)' if self.static else ''}"
        return f"ref({text})" if self.uncertain else text


Branch = tuple[AUMark, ...]
#: Branches of which exactly one is true. An empty branch means "or nothing (readable)".
Alternatives = tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class AUAnnotation:
    """The AU coding of one clip.

    Attributes:
        raw: the cell exactly as it was given, as text.
        units: the marks stated without an "or", in the order written, each once.
        alternatives: one entry per "x or y".
        coded: False if the database holds no AU coding for the clip at all (empty cell, NULL, `/`, -1). A
            clip coded as `?` is coded, with nothing in it.
        notes: what was not read, and every choice made while reading.
    """

    raw: str
    units: tuple[AUMark, ...] = ()
    alternatives: tuple[Alternatives, ...] = ()
    coded: bool = True
    notes: tuple[str, ...] = ()

    @property
    def certain(self) -> tuple[AUMark, ...]:
        """The marks that are surely there, by code: without doubt, or of one code in every alternative."""
        found = [mark for mark in self.units if mark.counts]
        for branches in self.alternatives:
            shared = frozenset.intersection(*(_codes(branch) for branch in branches))
            found.extend(_common(branches, code) for code in shared)
        return tuple(sorted(dict.fromkeys(found), key=lambda mark: mark.code))

    @property
    def numbers(self) -> frozenset[int]:
        """The certain Action Units without sides and intensities: clips with equal numbers show the same.

        Left out: doubtful and static codes, codes on one side of an "or" only, and what is no Action Unit
        (action descriptors, behaviour, head and gaze).
        """
        return frozenset(mark.code for mark in self.certain if mark.kind == "AU")

    @property
    def vague(self) -> bool:
        """Whether an action was coded, but none of the codes is certain (`L12 or L14`, `ref(4A)`, `31?`).

        Nothing is then certain although something was seen; a bare `?` is not vague, it is empty.
        """
        return not self.certain and bool(self.possible)

    @property
    def possible(self) -> tuple[AUMark, ...]:
        """The marks that may be there: the doubtful ones and those of every alternative, by code."""
        found = [mark for mark in self.units if mark.uncertain]
        found += [mark for branches in self.alternatives for branch in branches for mark in branch]
        return tuple(sorted(dict.fromkeys(m for m in found if not m.static), key=lambda mark: mark.code))

    @property
    def canonical(self) -> str:
        """One spelling of it, which `parse` reads back as the same marks: `4B+L12+(14 or 17)`."""
        if not self.coded:
            return ""
        parts = [str(mark) for mark in self.units]
        parts += [f"({' or '.join(_spell(branch) for branch in branches)})" for branches in self.alternatives]
        return "+".join(parts) or "?"


def _codes(marks: Iterable[AUMark]) -> frozenset[int]:
    return frozenset(mark.code for mark in marks if mark.counts)


def _common(branches: Alternatives, code: int) -> AUMark:
    """The mark of a code that every branch holds; the side only where all agree."""
    sides = {mark.side for branch in branches for mark in branch if mark.code == code and mark.counts}
    return AUMark(code, sides.pop() if len(sides) == 1 else "")


def _spell(branch: Branch) -> str:
    text = "+".join(str(mark) for mark in branch) or "nothing"
    return f"({text})" if len(branch) > 1 else text


def flip(annotation: AUAnnotation) -> AUAnnotation:
    """The annotation of the mirrored picture: left and right swapped, also in codes of head and gaze.

    Those are 51 and 52, 55 and 56, 61 and 62. `raw` and `notes` stay what the source says.
    """
    return replace(
        annotation,
        units=tuple(map(_mirror, annotation.units)),
        alternatives=tuple(
            tuple(tuple(map(_mirror, branch)) for branch in branches) for branches in annotation.alternatives
        ),
    )


def _mirror(mark: AUMark) -> AUMark:
    side = _OTHER_SIDE.get(mark.side, mark.side)
    return replace(mark, code=MIRRORED.get(mark.code, mark.code), side=side)
