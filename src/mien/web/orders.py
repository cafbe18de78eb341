"""What a user may ask for besides the video: ranges to leave out, and the resting face."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mien.web.messages import Refused

Range = tuple[float, float]
FIELDS = ("exclude", "baseline")
MOST_RANGES = 100


def options_of(fields: Mapping[str, str]) -> dict[str, Any]:
    """The fields of the form as settings of an analysis; empty ones are left out.

    Raises:
        Refused: an unknown field, or no ranges of seconds (422).
    """
    if unknown := [name for name in fields if name not in FIELDS]:
        raise Refused(
            422,
            "the form has a field that is not known",
            found=unknown[0][:40],
            do=f"use {', '.join(FIELDS)}",
        )
    options: dict[str, Any] = {}
    if exclude := ranges(fields.get("exclude", "")):
        options["exclude"] = exclude
    if baseline := ranges(fields.get("baseline", "")):
        if len(baseline) > 1:
            raise Refused(422, "the resting face is one range", found=fields["baseline"][:80], do="write 0-5")
        options["baseline"] = baseline[0]
    return options


def ranges(text: str) -> list[Range]:
    """Ranges of seconds, written as "12-15.5, 40-52".

    Raises:
        Refused: it is written otherwise, or a range does not run forward (422).
    """
    parts = [part.strip() for part in text.replace(";", ",").replace("–", "-").split(",")]
    found = [_range(part) for part in parts if part]
    if len(found) > MOST_RANGES:
        raise Refused(
            422, "there are more ranges than allowed", found=len(found), do=f"at most {MOST_RANGES}"
        )
    return found


def _range(text: str) -> Range:
    start, dash, end = text.partition("-")
    try:
        first, last = float(start), float(end)
    except ValueError:
        first, last = math.nan, math.nan
    if not (dash and 0 <= first < last < math.inf):
        raise Refused(
            422,
            "this is no range of seconds",
            found=text[:80],
            do="write from-to, the earlier first, as 12-15.5",
        )
    return first, last
