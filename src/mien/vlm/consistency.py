"""Answers about one clip that contradict each other: how often, by rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mien.vlm.question import units_of
from mien.vlm.questions import ordinal
from mien.vlm.scoring import Given
from mien.vlm.vocabulary import units_in

_COARSE_OF = {"happiness": "positive", "surprise": "surprise"}
#: Rule: whether it is broken by the answers about one clip; None where it cannot be told.
Rule = Callable[[Mapping[str, list[Given]]], bool | None]


def _value(of_clip: Mapping[str, list[Given]], topic: str) -> str | None:
    first = of_clip.get(topic, [])[:1]
    return first[0].value if first and first[0].valid else None


def _coarse_follows_fine(of_clip: Mapping[str, list[Given]]) -> bool | None:
    coarse, fine = _value(of_clip, "coarse"), _value(of_clip, "fine")
    return None if coarse is None or fine is None else coarse != _COARSE_OF.get(fine, "negative")


def _shown_unit_is_listed(of_clip: Mapping[str, list[Given]]) -> bool | None:
    listed = _value(of_clip, "units")
    judged = [
        (unit, one.value == "yes")
        for one in of_clip.get("unit-shown", [])
        for unit in units_in(one.question.text)
        if one.valid
    ]
    if listed is None or not judged:
        return None
    return any((unit in units_of(listed)) != said for unit, said in judged)


def _counts_add_up(of_clip: Mapping[str, list[Given]]) -> bool | None:
    found = [_value(of_clip, topic) for topic in ("count-all", "count-micro", "count-macro")]
    known = [int(value) for value in found if value is not None]
    return known[0] != known[1] + known[2] if len(known) == 3 else None


def _count_reaches_the_ordinal(of_clip: Mapping[str, list[Given]]) -> bool | None:
    total = _value(of_clip, "count-all")
    asked = [n for one in of_clip.get("event-type", []) if (n := ordinal(one.question)) is not None]
    return None if total is None or not asked else int(total) < max(asked)


RULES: Mapping[str, Rule] = {
    "coarse class follows the fine class": _coarse_follows_fine,
    "a unit is judged shown exactly if it is listed": _shown_unit_is_listed,
    "micro and macro events add up to all": _counts_add_up,
    "at least as many events as the question itself names": _count_reaches_the_ordinal,
}


def contradictions(given: Sequence[Given]) -> dict[str, dict[str, float]]:
    """For every rule that applies: `clips`, the number it could be told for, and `broken`, the share that breaks it."""
    clips: dict[str, dict[str, list[Given]]] = {}
    for one in given:
        of_clip = clips.setdefault(f"{one.question.dataset}/{one.question.clip}", {})
        of_clip.setdefault(one.question.topic, []).append(one)
    found = {}
    for words, rule in RULES.items():
        told = [broken for of_clip in clips.values() if (broken := rule(of_clip)) is not None]
        if told:
            found[words] = {"clips": len(told), "broken": sum(told) / len(told)}
    return found
