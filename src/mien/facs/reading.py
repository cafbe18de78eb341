"""From an AU cell to an `AUAnnotation`: a forgiving reader of what people write into such cells.

Grammar, after full-width characters have become plain ones:

    cell   = item { ("+" | "," | ";" | "&" | "and" | nothing) item }
    item   = atom { ("or" | "/" | "|") atom }                    "or" binds tighter than "+"
    atom   = mark | [side] "(" cell ")" [intensity] ["?"] | "ref" atom | "loses" atoms up to the bracket's end
    mark   = ["AU" | "AD" | "M"] [side] digits [intensity] ["L" | "R"] ["(k)"] ["?"]
    side   = "L" | "R" | "A" | "B" | "T", or two of them with a slash, in brackets or not
    intensity = "A" ... "E", or a range such as "B/C", in brackets or not

`A` and `B` before the digits are sides (asymmetric, bottom lip), behind them intensities. Anything else is left over and
becomes a note. Brackets that do not match are passed over.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from mien.facs.catalogue import CATALOGUE, VISIBILITY_CODES, Side
from mien.facs.marks import Alternatives, AUAnnotation, AUMark, Branch

#: Spellings of "no coding" in the published tables, and what pandas makes of an empty cell.
MISSING = frozenset({"", "null", "nan", "none", "<na>", "nat", "n/a", "na", "/", "-", "-1", "-1.0"})
DEEPEST = 8
_FLAGS = re.ASCII | re.IGNORECASE
_RANGE = r"[A-E](?:\s*(?:/|-|,|\bor\b|\band\s+then\b|\band\b)\s*[A-E])*"
_MARK = re.compile(
    r"(?:(?P<kind>AU|AD|M)[ _.-]*)?"
    r"(?P<side>[LRABT](?:/[LRABT])?|\((?P<sides>[LRABT](?:/[LRABT])?)\)|[LR]\ )?"
    r"(?P<code>\d+)"
    r"(?:(?P<times>x)(?![A-Z\d]))?"
    r"(?P<tail>(?:[A-E](?:/[A-E])?(?![A-Z])(?!/?[LRT]?\d)|[C-E](?=[LRABT]?\d)|[A-E](?=[LR](?![A-Z\d]))"
    r"|[LR](?![A-Z\d])|[LR](?=[A-E](?![A-Z\d])))*)"
    rf"(?:\s*\((?P<range>\s*{_RANGE})\s*\))?"
    r"(?:\s*\(\s*(?P<after>[LR])\s*\))?"
    r"(?:\s*\(\s*(?P<static>k)\s*\))?"
    r"(?:\s*(?P<doubt>\?))?",
    _FLAGS,
)
_GROUP_SIDE = re.compile(r"([LRABT](?:/[LRABT])?|\([LRABT](?:/[LRABT])?\))(?=\([^()]*\d)", _FLAGS)
_GROUP_TAIL = re.compile(r"(?P<tail>[A-E](?:/[A-E])?(?![A-Z\d]))?(?:\s*(?P<doubt>\?))?", _FLAGS)
_WORD = re.compile(r"[A-Z]+(?:'[A-Z]+)?", _FLAGS)
_SEPARATOR = re.compile(r"[+,;&、\s]|\.(?=\s*\d|\s*$)")
_OR_SIGN = re.compile(r"[/|]")
_LOST = frozenset({"loses", "lost", "loss", "lose", "without", "no", "not"})


@dataclass
class _Atom:
    """Marks that stand together, and the alternatives among them."""

    marks: list[AUMark] = field(default_factory=list)
    groups: list[list[Branch]] = field(default_factory=list)

    def change(self, **what: object) -> None:
        """Give every mark these values."""
        self.marks = [replace(mark, **what) for mark in self.marks]  # type: ignore[arg-type]
        self.groups = [
            [tuple(replace(mark, **what) for mark in branch) for branch in group]  # type: ignore[arg-type]
            for group in self.groups
        ]

    def fill(self, side: Side, intensity: str) -> None:
        """Give side and intensity to the marks that have none of their own."""

        def filled(mark: AUMark) -> AUMark:
            return replace(mark, side=mark.side or side, intensity=mark.intensity or intensity)

        self.marks = list(map(filled, self.marks))
        self.groups = [[tuple(map(filled, branch)) for branch in group] for group in self.groups]

    def branches(self) -> list[Branch]:
        """This atom as the branches of an "or". Alternatives nested in a branch become doubtful marks of it."""
        if len(self.groups) == 1 and not self.marks:
            return self.groups[0]
        nested = [replace(mark, uncertain=True) for group in self.groups for branch in group for mark in branch]
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
        joined = doubtful = lost = False
        while self.at < len(self.text) and self.text[self.at] not in ")]}":
            word = self._word()
            if word == "or" or self._take(_OR_SIGN):
                joined = True
            elif word == "ref":
                doubtful = True
            elif word in _LOST:
                lost = True
            elif word == "nothing":
                atoms, joined = _attach(atoms, _Atom(), joined), False
            elif word is None and not self._take(_SEPARATOR):
                atom = self._atom(depth)
                if atom is None:
                    continue
                if lost:
                    self._note(f"lost, not shown: {_spelled(atom)}")
                    atom = _Atom()
                if doubtful:
                    atom.change(uncertain=True)
                    doubtful = False
                atoms, joined = _attach(atoms, atom, joined), False
        return _attach(atoms, _Atom(), True) if joined else atoms

    def _word(self) -> str | None:
        """The word that starts here, if no mark does: lower case; "and" counts as a separator."""
        if self._mark_at() or _GROUP_SIDE.match(self.text, self.at):
            return None
        match = _WORD.match(self.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        word = match[0].lower()
        if word not in {"or", "ref", "and", "nothing"}:
            self.leftover.append(match.span())
        return word

    def _mark_at(self) -> re.Match[str] | None:
        inside_word = self.at > 0 and self.text[self.at - 1].isalpha() and self.text[self.at].isalpha()
        return None if inside_word else _MARK.match(self.text, self.at)

    def _take(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
        return match is not None

    def _atom(self, depth: int) -> _Atom | None:
        """The mark or bracket that starts here; None for anything else, which is passed over."""
        match = self._mark_at()
        if match is not None:
            self.at = match.end()
            return self._mark(match)
        side_match = _GROUP_SIDE.match(self.text, self.at)
        if side_match is not None:
            self.at = side_match.end()
            return self._bracket(self._side(side_match[1].strip("()")), depth)
        if self.text[self.at] in "([{":
            return self._bracket("", depth)
        self.leftover.append((self.at, self.at + 1))
        self.at += 1
        return None

    def _bracket(self, side: Side, depth: int) -> _Atom | None:
        if depth >= DEEPEST:
            self._note("brackets nested too deep")
            self.at += 1
            return None
        self.at += 1
        atoms = self._sequence(depth + 1)
        if self.at < len(self.text):
            self.at += 1
        else:
            self._note("a bracket opens that is never closed")
        tail = _GROUP_TAIL.match(self.text, self.at)
        assert tail is not None  # every part of the pattern is optional
        if not atoms:
            return None
        self.at = tail.end()
        whole = _Atom([m for atom in atoms for m in atom.marks], [g for atom in atoms for g in atom.groups])
        whole.fill(side, _intensity(tail["tail"] or ""))
        if tail["doubt"]:
            whole.change(uncertain=True)
        return whole

    def _mark(self, match: re.Match[str]) -> _Atom | None:
        """The mark as an atom: empty if the code does not exist, None if the number is no code at all (`2x`)."""
        if match["times"]:
            self.leftover.append(match.span())
            return None
        digits = match["code"].lstrip("0") or "0"
        code = int(digits) if len(digits) <= 3 else -1
        if code not in CATALOGUE:
            meaning = VISIBILITY_CODES.get(code)
            self._note(f"code {digits[:12]}: {meaning}" if meaning else f"no such code: {digits[:12]}")
            return _Atom()
        tail = match["tail"].upper()
        prefix = (match["sides"] or match["side"] or "").strip()
        suffix = "".join(letter for letter in tail if letter in "LR") or match["after"] or ""
        if prefix and suffix:
            self._note(f"two sides: {match[0]}")
        return _Atom(
            [
                AUMark(
                    code=code,
                    side=self._side(prefix or suffix[:1]),
                    intensity=_intensity(tail + (match["range"] or "")),
                    uncertain=bool(match["doubt"]),
                    static=bool(match["static"]),
                )
            ]
        )

    def _side(self, text: str) -> Side:
        """The side; of two, the one that says left or right, with a note."""
        letters = text.upper().replace("/", "")
        if len(letters) > 1:
            chosen = next((letter for letter in letters if letter in "LR"), letters[0])
            if {"L", "R"} <= set(letters):
                chosen = ""
            self._note(f"side {text.upper()} read as {chosen or 'both sides'}")
            letters = chosen
        return _SIDES[letters]

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def not_read(self) -> list[str]:
        """The stretches of text that were passed over, neighbours joined."""
        spans: list[tuple[int, int]] = []
        for start, end in self.leftover:
            if spans and not self.text[spans[-1][1] : start].strip():
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        return [f"not read: {self.text[start:end]}" for start, end in spans]


_SIDES: dict[str, Side] = {"": "", "L": "L", "R": "R", "A": "A", "B": "B", "T": "T"}


def _intensity(text: str) -> str:
    """ "B" or, lowest first, "B/C"; from letters with anything between them."""
    letters = sorted({letter for letter in re.sub(r"\b(OR|AND|THEN)\b", "", text.upper()) if letter in "ABCDE"})
    return letters[0] if len(letters) == 1 else f"{letters[0]}/{letters[-1]}" if letters else ""


def _attach(atoms: list[_Atom], atom: _Atom, joined: bool) -> list[_Atom]:
    """The atoms with this one behind them or, if `joined`, as an alternative to the last of them."""
    if not joined:
        return [*atoms, atom]
    before = atoms[-1] if atoms else _Atom()
    return [*atoms[:-1], _Atom(groups=[before.branches() + atom.branches()])]


def _spelled(atom: _Atom) -> str:
    return "+".join(str(mark) for branch in atom.branches() for mark in branch) or "nothing"


def _settle(atoms: Iterable[_Atom]) -> tuple[tuple[AUMark, ...], tuple[Alternatives, ...], list[str]]:
    """Units and alternatives, each once, and notes on what was repeated. An "or" with one branch left is none."""
    atoms = list(atoms)
    written = [mark for atom in atoms for mark in atom.marks]
    groups = [
        tuple(dict.fromkeys(tuple(dict.fromkeys(branch)) for branch in group)) for atom in atoms for group in atom.groups
    ]
    written += [mark for group in groups if len(group) == 1 for mark in group[0]]
    units = tuple(dict.fromkeys(written))
    repeated = dict.fromkeys(str(mark) for mark in units if written.count(mark) > 1)
    notes = [f"repeated: {', '.join(repeated)}"] if repeated else []
    return units, tuple(dict.fromkeys(group for group in groups if len(group) > 1)), notes


def as_text(raw: object) -> str:
    """The cell as text: None becomes "", a whole float such as 4.0 becomes "4"."""
    if raw is None:
        return ""
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    try:
        return str(raw)
    except ValueError:  # an int of more digits than Python is willing to print
        return repr(type(raw))


def read(raw: object) -> AUAnnotation:
    """The annotation of a cell of any type; see `mien.facs.annotation.parse`."""
    kept = as_text(raw)
    text = " ".join(unicodedata.normalize("NFKC", kept).split())
    if text.lower() in MISSING:
        return AUAnnotation(raw=kept, coded=False)
    text = re.sub(r"^(\d+)\.0$", r"\1", text, flags=re.ASCII)
    reader = _Reader(text)
    units, alternatives, repeated = _settle(reader.read())
    notes = [*reader.notes, *reader.not_read(), *repeated]
    return AUAnnotation(raw=kept, units=units, alternatives=alternatives, notes=tuple(notes))
