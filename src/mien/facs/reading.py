"""From an AU cell to an `AUAnnotation`: a forgiving reader of what people write into such cells.

Grammar, after full-width characters have become plain ones (`mien.facs.spelling` has the patterns):

    cell   = item { ("+" | "," | ";" | "&" | "and" | nothing) item }
    item   = atom { ("or" | "/" | "|") atom }                    "or" binds tighter than "+"
    atom   = mark | [side] "(" cell ")" [intensity] ["?"] | "ref" atom | "loses" atoms up to the bracket's end
    mark   = ["AU" | "AD" | "M"] [side] digits [intensity] ["L" | "R"] ["(k)"] ["?"]
    side   = "L" | "R" | "A" | "B" | "T", or two of them with a slash, in brackets or not
    intensity = "A" ... "E", or a range such as "B/C", in brackets or not

`A` and `B` before the digits are sides (asymmetric, bottom lip), behind them intensities. Anything else is
left over and becomes a note. Brackets that do not match are passed over, with a note.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from mien.facs.catalogue import CATALOGUE, DESCRIPTORS, VISIBILITY_CODES, Side
from mien.facs.marks import Alternatives, AUAnnotation, AUMark, Branch
from mien.facs.spelling import (
    GROUP_SIDE,
    GROUP_TAIL,
    KEYWORD,
    LOST,
    MARK,
    MISSING,
    OR_SIGN,
    SEPARATOR,
    WORD,
    as_text,
    intensity_of,
    plain,
    side_of,
)

DEEPEST = 8


def read(raw: object) -> AUAnnotation:
    """The annotation of a cell of any type; see `mien.facs.annotation.parse`."""
    kept = as_text(raw)
    text = plain(kept)
    if text.lower() in MISSING:
        return AUAnnotation(raw=kept, coded=False)
    if text == "?":
        return AUAnnotation(raw=kept)
    reader = _Reader(text)
    units, alternatives, repeated = _settle(reader.read())
    notes = (*reader.notes, *reader.not_read(), *repeated)
    return AUAnnotation(raw=kept, units=units, alternatives=alternatives, notes=notes)


@dataclass
class _Atom:
    """Marks that stand together, and the alternatives among them."""

    marks: list[AUMark] = field(default_factory=list)
    groups: list[list[Branch]] = field(default_factory=list)

    def all_marks(self) -> list[AUMark]:
        return [*self.marks, *(mark for group in self.groups for branch in group for mark in branch)]

    def doubt(self) -> None:
        """Make every mark uncertain."""
        self._change(lambda mark: {"uncertain": True})

    def fill(self, side: Side, intensity: str) -> None:
        """Give side and intensity to the marks that have none of their own."""
        self._change(lambda mark: {"side": mark.side or side, "intensity": mark.intensity or intensity})

    def _change(self, new: Any) -> None:
        def changed(marks: list[AUMark] | Branch) -> list[AUMark]:
            return [replace(mark, **new(mark)) for mark in marks]

        self.marks = changed(self.marks)
        self.groups = [[tuple(changed(branch)) for branch in group] for group in self.groups]

    def branches(self) -> list[Branch]:
        """This atom as branches of an "or". Alternatives nested in a branch become doubtful marks of it."""
        if len(self.groups) == 1 and not self.marks:
            return self.groups[0]
        nested = [replace(mark, uncertain=True) for mark in self.all_marks()[len(self.marks) :]]
        return [tuple(dict.fromkeys([*self.marks, *nested]))]


class _Reader:
    """Reads one cell from left to right; `notes` and `leftover` grow on the way."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.notes: list[str] = []
        self.leftover: list[tuple[int, int]] = []

    def read(self) -> list[_Atom]:
        """All atoms of the cell."""
        atoms: list[_Atom] = []
        while self.at < len(self.text):
            atoms += self._sequence(0)
            if self.at < len(self.text):
                self._note("a bracket closes that was never opened")
                self.at += 1
        return atoms

    def _sequence(self, depth: int) -> list[_Atom]:
        """Atoms up to the bracket that closes this sequence, or up to the end."""
        atoms: list[_Atom] = []
        joined = doubtful = False
        lost: str | None = None
        while self.at < len(self.text) and self.text[self.at] not in ")]}":
            if self._take(SEPARATOR):
                continue
            word = "or" if self._take(OR_SIGN) else self._word()
            joined = joined or word == "or"
            doubtful = doubtful or word == "ref"
            lost = word if word in LOST else lost
            atom = self._atom(depth) if word is None else _Atom() if word == "nothing" else None
            if atom is None:
                continue
            if lost and atom.all_marks():
                self._note(f"{lost}, so not shown: {'+'.join(map(str, atom.all_marks()))}")
                atom = _Atom()
            if doubtful and word is None:
                atom.doubt()
                doubtful = False
            _attach(atoms, atom, joined)
            joined = False
        if joined:
            _attach(atoms, _Atom(), True)
        if doubtful:
            self._note("a ref without a code")
        return atoms

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
        return match

    def _word(self) -> str | None:
        """The word that starts here, if no mark does: lower case. Words without a meaning are left over."""
        if MARK.match(self.text, self.at) or GROUP_SIDE.match(self.text, self.at):
            return None
        match = self._take(KEYWORD)
        if match is None:
            match = self._take(WORD)
            if match is None:
                return None
            self.leftover.append(match.span())
        return match[0].lower()

    def _atom(self, depth: int) -> _Atom | None:
        """The mark or bracket that starts here; None for anything else, which is passed over."""
        match = self._take(MARK)
        if match is not None:
            return self._mark(match)
        side = self._take(GROUP_SIDE)
        if side is not None:
            return self._bracket(self._side(side[1]), depth)
        if self.text[self.at] in "([{":
            return self._bracket("", depth)
        self.leftover.append((self.at, self.at + 1))
        self.at += 1
        return None

    def _bracket(self, side: Side, depth: int) -> _Atom | None:
        self.at += 1
        if depth >= DEEPEST:
            self._note("brackets nested too deep")
            return None
        atoms = self._sequence(depth + 1)
        if self.at < len(self.text):
            self.at += 1
        else:
            self._note("a bracket opens that is never closed")
        if not atoms:
            return None
        tail = self._take(GROUP_TAIL)
        whole = _Atom([m for atom in atoms for m in atom.marks], [g for atom in atoms for g in atom.groups])
        if tail is not None:
            whole.fill(side, intensity_of(tail["tail"] or ""))
            if tail["doubt"]:
                whole.doubt()
        return whole

    def _mark(self, match: re.Match[str]) -> _Atom:
        """The mark as an atom, which is empty if there is no such code."""
        digits = match["code"].lstrip("0") or "0"
        code = int(digits) if len(digits) <= 3 else -1
        if code not in CATALOGUE:
            meaning = VISIBILITY_CODES.get(code)
            self._note(f"code {code}: {meaning}" if meaning else f"no such code: {digits[:12]}")
            return _Atom()
        if code in DESCRIPTORS and "AD" not in match[0].upper():
            self._note(f"{code} is no Action Unit; read as AD{code}, {CATALOGUE[code].name.lower()}")
        tail = (match["tail"] or "").upper()
        suffix = "".join(letter for letter in tail if letter in "LR") or match["after"] or ""
        if match["side"] and suffix:
            self._note(f"two sides: {match[0].strip()}")
        mark = AUMark(
            code=code,
            side=self._side(match["side"] or suffix),
            intensity=intensity_of(tail + (match["range"] or "")),
            uncertain=bool(match["doubt"]),
            static=bool(match["static"]),
        )
        return _Atom([mark])

    def _side(self, text: str) -> Side:
        if "/" in text:
            written = text.upper().strip("()")
            self._note(f"side {written} read as {side_of(text) or 'not said'}")
        return side_of(text)

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def not_read(self) -> list[str]:
        """The stretches of text that were passed over, neighbours joined."""
        spans: list[tuple[int, int]] = []
        for start, end in self.leftover:
            if spans and not self.text[spans[-1][1] : start].strip():
                start = spans.pop()[0]
            spans.append((start, end))
        return [f"not read: {self.text[start:end]}" for start, end in spans]


def _attach(atoms: list[_Atom], atom: _Atom, joined: bool) -> None:
    """Put this atom behind the others or, if `joined`, make it an alternative to the last of them."""
    if joined:
        before = atoms.pop() if atoms else _Atom()
        atom = _Atom(groups=[[*before.branches(), *atom.branches()]])
    atoms.append(atom)


def _settle(atoms: list[_Atom]) -> tuple[tuple[AUMark, ...], tuple[Alternatives, ...], list[str]]:
    """Units and alternatives, each once, and a note on what was repeated. An "or" of one branch is none."""
    written = [mark for atom in atoms for mark in atom.marks]
    groups = [tuple(dict.fromkeys(group)) for atom in atoms for group in atom.groups]
    written += [mark for group in groups if len(group) == 1 for mark in group[0]]
    units = tuple(dict.fromkeys(written))
    repeated = dict.fromkeys(str(mark) for mark in units if written.count(mark) > 1)
    notes = [f"repeated: {', '.join(repeated)}"] if repeated else []
    return units, tuple(dict.fromkeys(group for group in groups if len(group) > 1)), notes
