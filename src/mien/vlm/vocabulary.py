"""The words that models and MEGC's files use: names of Action Units by number, and other words for labels."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from mien.facs.catalogue import CATALOGUE

#: The names in MEGC's files, by FACS number. "Eye closure", "eyes left" and "tilt right" are matched to FACS by us:
#: participants number them 46, 61 and not at all. The files' names are distinct, so no score depends on it.
MEGC_NAMES: Mapping[int, str] = MappingProxyType(
    {
        1: "inner brow raiser", 2: "outer brow raiser", 4: "brow lowerer", 5: "upper lid raiser", 6: "cheek raiser",
        7: "lid tightener", 9: "nose wrinkler", 10: "upper lip raiser", 12: "lip corner puller", 14: "dimpler",
        15: "lip corner depressor", 16: "lower lip depressor", 17: "chin raiser", 20: "lip stretcher",
        21: "neck tightener", 23: "lip tightener", 24: "lip pressor", 25: "lips part", 26: "jaw drop",
        31: "jaw clencher", 38: "nostril dilater", 39: "nostril compress", 43: "eye closure", 56: "tilt right",
        61: "eyes left",
    }
)  # fmt: skip
_SPELLINGS = {
    "nostril dilator": 38, "nostril compressor": 39, "lips presser": 24, "lips pressor": 24, "lip press": 24,
    "chin raise": 17, "lids tightener": 7, "eyelid tightener": 7, "upper eyelid raiser": 5, "inner brow raise": 1,
    "outer brow raise": 2, "lip part": 25, "eyes closure": 43,
}  # fmt: skip

#: Number of every spelling in lower case, without hyphens.
UNIT_OF: Mapping[str, int] = MappingProxyType(
    {unit.name.lower().replace("-", " "): code for code, unit in CATALOGUE.items()}
    | {name: code for code, name in MEGC_NAMES.items()}
    | _SPELLINGS
)
_NAMES = re.compile(
    r"\b(?:" + "|".join(re.escape(name) for name in sorted(UNIT_OF, key=len, reverse=True)) + r")s?\b"
)
_NUMBERED = re.compile(
    r"\b(?:au|action units?)s?\s*[#:]?\s*((?:\d{1,2})(?:\s*(?:[,+&/]|and)\s*(?:au\s*)?\d{1,2})*)\b"
)
#: Numbers and what joins them, and nothing else.
_BARE = re.compile(r"(?:[\s\d,;+&\[\]]|and)+")

#: What models put around an answer.
_AROUND = " .:!?*_`'\"()<>"

#: Other words for a label; one counts only where its label is among those asked for, and is no label itself.
SYNONYMS: Mapping[str, str] = MappingProxyType(
    {
        "happy": "happiness", "joy": "happiness", "joyful": "happiness", "smile": "happiness", "amusement": "happiness",
        "surprised": "surprise", "astonishment": "surprise", "disgusted": "disgust", "fearful": "fear",
        "afraid": "fear", "scared": "fear", "sad": "sadness", "sorrow": "sadness", "angry": "anger",
        "contemptuous": "contempt", "repressed": "repression", "suppression": "repression",
        "tension": "tense", "other": "others", "others": "other", "micro": "micro-expression",
        "macro": "macro-expression", "microexpression": "micro-expression", "macroexpression": "macro-expression",
        "micro expression": "micro-expression", "macro expression": "macro-expression",
    }
)  # fmt: skip


def units_in(text: str) -> frozenset[int]:
    """The Action Units that a text names, by FACS name or number; bare numbers count if there is nothing else.

    >>> sorted(units_in("Brow lowerer (AU4), AU 7 and 9"))
    [4, 7, 9]
    >>> sorted(units_in("4, 7"))
    [4, 7]
    """
    lower = re.sub(r"[\s_-]+", " ", text.lower())
    found = {_unit(match.group()) for match in _NAMES.finditer(lower)}
    for match in _NUMBERED.finditer(lower):
        found |= {int(number) for number in re.findall(r"\d+", match[1])}
    if _BARE.fullmatch(lower.strip(_AROUND)):
        found |= {int(number) for number in re.findall(r"(?<!\d)\d{1,2}(?!\d)", lower)}
    return frozenset(found & CATALOGUE.keys())


def _unit(name: str) -> int:
    return UNIT_OF[name] if name in UNIT_OF else UNIT_OF[name.removesuffix("s")]


def unit_names(numbers: frozenset[int] | set[int]) -> str:
    """The names as MEGC's files write them: in order of number, with commas; "none" for no unit."""
    names = [MEGC_NAMES.get(code) or CATALOGUE[code].name.lower() for code in sorted(numbers)]
    return ", ".join(names) or "none"


def synonyms_for(labels: tuple[str, ...]) -> dict[str, str]:
    """Other words, each with the one label of `labels` that it stands for."""
    known = {label.lower() for label in labels}
    return {word: label for word, label in SYNONYMS.items() if label in known and word not in known}
