"""How people write AU cells: their plain text, what stands for "not coded", the patterns of the parts."""

from __future__ import annotations

import re

from mien.facs.catalogue import Side

#: Spellings of "no coding" in the published tables, and what pandas makes of an empty cell.
MISSING = frozenset({"", "null", "nan", "none", "<na>", "nat", "n/a", "na", "/", "-", "-1", "-1.0"})
#: Words before codes that were seen to go, not to come.
LOST = frozenset({"loses", "lost", "loss", "lose", "without", "no", "not"})

_FLAGS = re.ASCII | re.IGNORECASE
_SIDE = r"[LRABT](?:/[LRABT])?"
#: Behind a number A and B are intensities, before one they are sides: `4A12` is read as 4 and A12.
_INTENSITY = r"(?:[A-E](?:/[A-E])?(?!\d)|[C-E](?=\d))"
_RANGE = r"[A-E](?:\s*(?:/|-|,|\bor\b|\band\s+then\b|\band\b)\s*[A-E])*"
_NEXT = r"(?:OR|AND|REF)(?![A-Z])|(?:OR|REF)?(?:AU|AD|M)?[LRABT]?\d"

#: One code with all that belongs to it. `2x` and `S04` hold none: letters glued to a number must be its own.
MARK = re.compile(
    r"(?:(?:AU|AD|M)[ _.-]*)?"
    rf"(?P<side>{_SIDE}|\({_SIDE}\)|[LR]\ )?"
    r"(?P<code>\d++)"
    rf"(?P<tail>{_INTENSITY}[LR]?|[LR](?!\d){_INTENSITY}?)?"
    rf"(?:(?![A-Z\d])|(?={_NEXT}))"
    rf"(?:\s*\((?P<range>\s*{_RANGE})\s*\))?"
    r"(?:\s*\(\s*(?P<after>[LR])\s*\))?"
    r"(?:\s*\(\s*(?P<static>k)\s*\))?"
    r"(?:\s*(?P<doubt>\?))?",
    _FLAGS,
)
#: A side that a whole bracket shares: `R(12or14)`.
GROUP_SIDE = re.compile(rf"({_SIDE}|\({_SIDE}\))(?=\([^()]*\d)", _FLAGS)
#: What may follow a bracket: `(12or14)B`, `(12/14)?`.
GROUP_TAIL = re.compile(rf"(?P<tail>{_INTENSITY}(?![A-Z\d]))?(?:\s*(?P<doubt>\?))?", _FLAGS)
KEYWORD = re.compile(r"(?:or|and|ref|nothing)(?![A-Z\d])|(?:or|ref)(?=(?:AU|AD|M)?[LRABT]?\d)", _FLAGS)
WORD = re.compile(r"[A-Z\d][A-Z\d']*", _FLAGS)
SEPARATOR = re.compile(r"[+,;&_、。\s]|\.(?=\s*\d|\s*$)", _FLAGS)
OR_SIGN = re.compile(r"[/|]")

_WHOLE_NUMBER = re.compile(r"(\d+)\.0+", re.ASCII)
_SIDES: dict[str, Side] = {"": "", "L": "L", "R": "R", "A": "A", "B": "B", "T": "T"}
#: Full-width forms, as typed with an East Asian keyboard, to their ASCII characters.
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


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


def plain(text: str) -> str:
    """The text with single blanks and no full-width characters; a bare `4.0` becomes `4`."""
    text = " ".join(text.translate(_FULL_WIDTH).split())
    whole = _WHOLE_NUMBER.fullmatch(text)
    return whole[1] if whole else text


def intensity_of(text: str) -> str:
    """ "B" or, lowest first, "B/C"; from letters with anything between them."""
    letters = re.sub(r"\b(?:OR|AND|THEN)\b", "", text.upper())
    found = sorted(set(letters) & set("ABCDE"))
    return "/".join(dict.fromkeys((found[0], found[-1]))) if found else ""


def side_of(text: str) -> Side:
    """The side a prefix or suffix says; of two (`A/L`) the one that says left or right, none for `L/R`."""
    letters = [letter for letter in text.upper() if letter in _SIDES]
    if {"L", "R"} <= set(letters):
        return ""
    chosen = [letter for letter in letters if letter in "LR"] or letters
    return _SIDES[chosen[0]] if chosen else ""
