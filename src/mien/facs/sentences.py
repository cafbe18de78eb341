"""AU codings as text: full sentences for the text encoder, bare FACS names and emotion words to compare with.

Bare names mislead small BERT models ("inner brow raiser" and "brow lowerer" come out alike), so the sentences
say which muscle does what. No text of the styles `sentence` and `name` holds a word for an emotion or an
expression: it would hand the class to the network.

>>> from mien.facs.annotation import parse
>>> sentence(parse("4+L12"))
'a face showing brows lowered and drawn together and left lip corner pulled up'
>>> sentence(parse("17"), template=3)
'the mentalis pushes the chin and the lower lip upward and roughens the skin of the chin'
>>> sentence(parse("4+L12"), style="name")
'Brow Lowerer, Left Lip Corner Puller'
>>> sentence(parse("L12 or L14"))
'a face showing possibly left lip corner pulled up or a dimple at the left lip corner'
>>> sentence(parse("?"))
'no codable facial action'
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from mien.errors import UsageError
from mien.facs.catalogue import CATALOGUE, SIDE_WORDS, Form, Side
from mien.facs.marks import AUAnnotation, AUMark

Style = Literal["sentence", "name", "emotion"]

NOTHING = "no codable facial action"

#: Phrasings of one coding. `{phrases}` stands for a list of what changes, `{clauses}` for what muscles do.
TEMPLATES: tuple[str, ...] = (
    "a face showing {phrases}",
    "a close-up of a person with {phrases}",
    "the face moves slightly, for a moment only: {phrases}",
    "{clauses}",
    "a face in which {clauses}",
    "for a fraction of a second {clauses}",
)
#: Phrasings of an emotion word, for the control that tells what the AUs add to the label.
EMOTION_TEMPLATES: tuple[str, ...] = (
    "a {word} face",
    "a face showing a {word} expression",
    "a person whose expression is {word}",
)
#: With more actions than this their clauses are cut to what the muscle does: encoders read some 64 tokens.
FULL_CLAUSES = 2


def sentence(
    annotation: AUAnnotation,
    template: int = 0,
    style: Style = "sentence",
    sides: bool = True,
    emotion: str | None = None,
) -> str:
    """The text of a coding: its certain actions, in the order of their codes.

    Head and gaze movements, doubtful and static codes are left out. Where nothing is certain the doubtful
    ones are said, as possible. The text of a coding of Action Units alone depends, with `sides` off, on its
    `numbers` alone.

    Args:
        annotation: what was coded.
        template: index into `TEMPLATES`, or into `EMOTION_TEMPLATES` for style "emotion"; style "name" has
            one form.
        style: "sentence"; "name", the bare FACS names; "emotion", the word given as `emotion`.
        sides: whether to say "left", "right", "upper" and "lower" where a side is coded. Both sides together
            read as no side.
        emotion: the word for style "emotion".

    Raises:
        UsageError: no such template, or style "emotion" without a word.
    """
    if style == "emotion":
        if not emotion:
            raise UsageError("style 'emotion' needs a word", do="pass emotion='...'")
        return _pick(EMOTION_TEMPLATES, template).format(word=emotion)
    chosen = _pick(TEMPLATES, template)
    certain = _facial(annotation.certain, sides)
    shown = certain or _facial(annotation.possible, sides)
    if not shown:
        return NOTHING
    if style == "name":
        text = ", ".join(_name(code, side) for code, side in shown)
        return text if certain else f"possibly {text}"
    form: Form = "clause" if len(shown) <= FULL_CLAUSES else "brief clause"
    phrases = [CATALOGUE[code].words(side) for code, side in shown]
    clauses = [CATALOGUE[code].words(side, form) for code, side in shown]
    if certain:
        return chosen.format(phrases=_listed(phrases, "and"), clauses="; ".join(clauses))
    return chosen.format(
        phrases=f"possibly {_listed(phrases, 'or')}", clauses=f"possibly {'; or '.join(clauses)}"
    )


def _pick(templates: tuple[str, ...], index: int) -> str:
    if not 0 <= index < len(templates):
        raise UsageError("no such template", found=index, do=f"use 0 to {len(templates) - 1}")
    return templates[index]


def _facial(marks: Iterable[AUMark], sides: bool) -> list[tuple[int, Side]]:
    """Each code of the face once, with its side: marks on opposite sides, or one on no side, make it both."""
    seen: dict[int, set[Side]] = {}
    for mark in marks:
        if mark.kind != "M":
            seen.setdefault(mark.code, set()).add(mark.side if sides else "")
    return [(code, next(iter(found)) if len(found) == 1 else "") for code, found in seen.items()]


def _name(code: int, side: Side) -> str:
    word = SIDE_WORDS.get(side, "") if side and side in CATALOGUE[code].sides else ""
    return f"{word.capitalize()} {CATALOGUE[code].name}".strip()


def _listed(phrases: list[str], last: str) -> str:
    """ "a", "a and b", "a, b and c", with `last` for "and"."""
    return f" {last} ".join([", ".join(phrases[:-1]), phrases[-1]] if len(phrases) > 1 else phrases)
