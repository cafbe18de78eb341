"""From what a model wrote to an answer: valid, INVALID or refused.

In this order: a JSON object with "answer", alone or in a fence; one among other words, if what it says counts; what
follows the last "Answer:"; a refusal; the whole text. A text stands for a label if it is that label, another word for
it, or names one label and no other (a label inside a longer one does not count, nor one behind "not"). An answer that
names two labels is INVALID: which of them is meant would be our guess. INVALID and refused count as wrong, and are
told apart.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mien.vlm.question import NONE, YES_NO, Kind, units_text
from mien.vlm.vocabulary import synonyms_for, units_in

Status = Literal["valid", "invalid", "refused"]
Words = Sequence[tuple[str, str]]

_FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL | re.IGNORECASE)
#: Every repetition has an end: a text of a million blanks or stars is read in no time.
_ANSWER = re.compile(r"answer[*_\s]{0,9}(?:is[*_\s]{0,9})?[:=][*_\s]{0,9}", re.IGNORECASE)
_REFUSAL = re.compile(
    r"\bi(?:'m| am) (?:very )?sorry\b"
    # Who cannot see a movement says something about the clip.
    r"|\bi(?:'m| am)? (?:can't|cannot|can not|won't|will not|unable|not able)\b"
    r"(?! (?:to )?(?:see|detect|observe|discern|notice|find|make out)\b)"
    r"|\bunable to (?:identify|assist|help|comply|analy[sz]e|provide)\b"
    r"|\b(?:can't|cannot) (?:identify|assist|help|comply) (?:with |people|this|real)"
    r"|\bagainst (?:my|the|our) (?:policy|policies|guidelines)\b",
    re.IGNORECASE,
)
#: Objects within other words that are looked at, from the last on.
_MOST_OBJECTS = 20
#: So far back a negation may stand.
_NEGATED_WITHIN = 80
_NEGATED = re.compile(
    r"(?:\b(?:not|no|neither|nor|never|without|than|instead of)|n't)\s+(?:\w+\s+){0,2}$", re.IGNORECASE
)
_NOTHING = re.compile(
    r"\b(?:none|nothing|no (?:visible |clear )?(?:aus?|action units?)|neutral)\b", re.IGNORECASE
)
_NUMBER_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """What an answer says.

    Attributes:
        value: in the form of `Question.truth`; "" unless valid.
        how: which step read it: "json", "answer line" or "text".
        ranking: all labels from the likeliest on, if the answer is such a list.
    """

    status: Status
    value: str = ""
    how: str = ""
    ranking: tuple[str, ...] = ()


class _Taken:
    """What counts as an answer: its kind, and for labels every word that stands for one."""

    def __init__(self, kind: Kind, labels: tuple[str, ...], words: Words) -> None:
        self.kind = kind
        known = {label.lower(): label for label in labels}
        common = {word: known[label] for word, label in synonyms_for(labels).items()}
        own = {word.lower(): label for word, label in words if label in labels}
        self.words: Mapping[str, str] = common | own | known


_YES_NO: Mapping[str, str] = {word: word for word in YES_NO}
INVALID = Reading("invalid")
REFUSED = Reading("refused")


def read(
    text: str,
    kind: Kind,
    labels: tuple[str, ...] = (),
    *,
    words: Words = (),
    refused: bool = False,
) -> Reading:
    """The answer in what a model wrote; never raises.

    Args:
        labels: those that are taken, for kind "label".
        words: other words for them, (word, label), beside the common synonyms.
        refused: the service itself said that it refuses or has filtered the answer.
    """
    if refused:
        return REFUSED
    found, content = _json_answer(text)
    taken = _Taken(kind, labels, words)
    if found:
        return _from_json(content, taken)
    for said in _answers_within(text):
        # What does not count may be the request itself, repeated.
        if (reading := _from_json(said, taken)).status == "valid":
            return reading
    text = text.replace("’", "'")
    lines = _ANSWER.split(text)
    if len(lines) > 1 and (value := _value(lines[-1], taken)) is not None:
        return Reading("valid", value, "answer line")
    if _REFUSAL.search(text):
        return REFUSED
    value = _value(text, taken)
    return INVALID if value is None else Reading("valid", value, "text")


def _json_answer(text: str) -> tuple[bool, object]:
    """Whether the text is, or holds in a fence, a JSON object with "answer"; and that answer."""
    for candidate in (text, *reversed(_FENCE.findall(text))):
        try:
            content = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(content, dict) and "answer" in content:
            return True, content["answer"]
    return False, None


def _answers_within(text: str) -> Iterator[object]:
    """The "answer" of every JSON object that stands among other words, from the last on."""
    decoder = json.JSONDecoder()
    starts = deque((match.start() for match in re.finditer(r'\{\s*"', text)), maxlen=_MOST_OBJECTS)
    for start in reversed(starts):
        try:
            content, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(content, dict) and "answer" in content:
            yield content["answer"]


def _from_json(content: object, taken: _Taken) -> Reading:
    if isinstance(content, bool):
        content = "yes" if content else "no"
    if isinstance(content, list):
        if taken.kind == "label":
            return _ranked(content, taken)
        if taken.kind == "units" and (numbers := frozenset[int]().union(*map(units_in, map(str, content)))):
            return Reading("valid", units_text(numbers), "json")
        content = ", ".join(map(str, content)) or NONE
    if not isinstance(content, str | int):
        return INVALID
    value = _value(str(content), taken)
    if value is not None:
        return Reading("valid", value, "json")
    return REFUSED if _REFUSAL.search(str(content)) else INVALID


def _ranked(content: list[object], taken: _Taken) -> Reading:
    """A list counts if every entry is a label and none comes twice; it may stop early."""
    ranking = [_label(entry, taken.words) if isinstance(entry, str) else None for entry in content]
    known = tuple(label for label in ranking if label is not None)
    if not known or len(known) < len(ranking) or len(set(known)) < len(known):
        return INVALID
    return Reading("valid", known[0], "json", known)


def _value(text: str, taken: _Taken) -> str | None:
    if taken.kind == "label":
        return _label(text, taken.words)
    if taken.kind == "yes-no":
        return _label(text, _YES_NO)
    if taken.kind == "count":
        return _count(text)
    if taken.kind == "units":
        return _units(text)
    return text.strip() or None


def _label(text: str, words: Mapping[str, str]) -> str | None:
    plain = re.sub(r"\s+", " ", text.lower()).strip(" .,:;!?*_`'\"()[]<>")
    if not words or plain in words:
        return words.get(plain)
    longest_first = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    named = {
        words[match.group()]
        for match in re.finditer(rf"(?<![\w-])(?:{longest_first})(?![\w-])", plain)
        if words is _YES_NO
        or not _NEGATED.search(plain[max(0, match.start() - _NEGATED_WITHIN) : match.start()])
    }
    return named.pop() if len(named) == 1 else None


def _count(text: str) -> str | None:
    plain = text.lower()
    found = {int(number) for number in re.findall(r"(?<![\w.-])\d{1,4}(?![\w]|\.\d)", plain)}
    found |= {n for n, word in enumerate(_NUMBER_WORDS) if re.search(rf"\b{word}\b", plain)}
    return str(found.pop()) if len(found) == 1 else None


def _units(text: str) -> str | None:
    found = units_in(text)
    if found:
        return units_text(found)
    return NONE if _NOTHING.search(text) else None
