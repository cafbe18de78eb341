"""AU codings as text: full sentences for the text encoder, bare FACS names and emotion words to compare with.

Bare names mislead small BERT models ("inner brow raiser" and "brow lowerer" come out alike), so the sentences say which
muscle does what. No text of the styles `sentence` and `name` holds a word for an emotion or an expression: it would
hand the class to the network.

>>> from mien.facs.annotation import parse
>>> sentence(parse("4+L12"))
'a face showing brows lowered and drawn together and left lip corner pulled up'
>>> sentence(parse("4+L12"), sides=False, template=2)
'the corrugator muscle pulls the brows down and together and furrows the skin between the brows; the zygomaticus major \
pulls the corners of the lips up and back toward the ears'
>>> sentence(parse("4+L12"), style="name")
'Brow Lowerer, Lip Corner Puller'
>>> sentence(parse("?"))
'no codable facial action'
"""

from __future__ import annotations

from typing import Literal

from mien.errors import UsageError
from mien.facs.catalogue import CATALOGUE
from mien.facs.marks import AUAnnotation, AUMark

Style = Literal["sentence", "name", "emotion"]

NOTHING = "no codable facial action"

#: Phrasings of one coding. `{phrases}` stands for a list of short phrases, `{clauses}` for what the muscles do.
TEMPLATES: tuple[str, ...] = (
    "a face showing {phrases}",
    "the face moves slightly: {phrases}",
    "{clauses}",
    "in this face {clauses}",
    "a close-up of a person with {phrases}",
    "a brief, faint movement of the face in which {clauses}",
)
#: Phrasings of an emotion word, for the control that tells what the AUs add to the label.
EMOTION_TEMPLATES: tuple[str, ...] = (
    "a {word} face",
    "a face showing a {word} expression",
    "a person whose expression is {word}",
)


def sentence(
    annotation: AUAnnotation,
    template: int = 0,
    style: Style = "sentence",
    sides: bool = True,
    emotion: str | None = None,
) -> str:
    """The text of a coding: of its certain facial actions, in the order of their codes.

    Head and gaze movements, doubtful and static codes are left out. Equal `numbers` give equal texts if `sides` is
    off.

    Args:
        annotation: what was coded.
        template: index into `TEMPLATES`, or into `EMOTION_TEMPLATES` for style "emotion"; style "name" has one form.
        style: "sentence"; "name", the bare FACS names; "emotion", the word given as `emotion`.
        sides: whether to say "left", "right", "upper" and "lower" where a side is coded.
        emotion: the word for style "emotion".

    Raises:
        UsageError: no such template, or style "emotion" without a word.
    """
    if style == "emotion":
        if not emotion:
            raise UsageError("style 'emotion' needs a word", do="pass emotion='...'")
        return _pick(EMOTION_TEMPLATES, template).format(word=emotion)
    chosen = _pick(TEMPLATES, template)
    marks = _shown(annotation, sides)
    if not marks:
        return NOTHING
    if style == "name":
        return ", ".join(dict.fromkeys(CATALOGUE[mark.code].name for mark in marks))
    return chosen.format(
        phrases=_listed([CATALOGUE[mark.code].words(mark.side) for mark in marks]),
        clauses="; ".join(CATALOGUE[mark.code].words(mark.side, full=True) for mark in marks),
    )


def _pick(templates: tuple[str, ...], index: int) -> str:
    if not 0 <= index < len(templates):
        raise UsageError("no such template", found=index, do=f"use 0 to {len(templates) - 1}")
    return templates[index]


def _shown(annotation: AUAnnotation, sides: bool) -> list[AUMark]:
    """The certain facial actions, each said once."""
    marks = [mark for mark in annotation.certain if mark.kind != "M"]
    said = [AUMark(mark.code, mark.side if sides else "") for mark in marks]
    return list(dict.fromkeys(said))


def _listed(phrases: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(phrases[:-1]), phrases[-1]] if len(phrases) > 1 else phrases)
