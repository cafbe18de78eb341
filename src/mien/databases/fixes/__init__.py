"""Known errors of the annotation tables and what is taken instead, one small file per database."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

_FRAMES = ("onset", "apex", "offset")


@dataclass(frozen=True)
class Fix:
    """One cell that is known to be wrong.

    Attributes:
        subject, clip, onset: which clip, as the table has it ("" for any onset).
        column: the column that is wrong; a fix of a cell that does not hold `table_says` does nothing, so
        that a
            corrected copy of a table stays as it is.
        instead: what is taken, "" for "not known".
        reason: why, in words.
    """

    subject: str
    clip: str
    onset: str
    column: str
    table_says: str
    instead: str
    reason: str


@cache
def fixes_of(dataset: str) -> tuple[Fix, ...]:
    """The known errors of a database's table."""
    file = resources.files(__name__).joinpath(f"{dataset}.csv")
    if not file.is_file():
        return ()
    rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    return tuple(Fix(**row) for row in rows)


def apply_fixes(dataset: str, clip: dict[str, object]) -> dict[str, object]:
    """The clip with its known errors put right; its notes say what was changed and why."""
    fixed = dict(clip)
    for fix in fixes_of(dataset):
        same_clip = (fix.subject, fix.clip) == (clip["subject"], clip["clip"])
        if not same_clip or fix.onset not in ("", str(clip["onset"])):
            continue
        if str(clip[fix.column]) != fix.table_says:
            continue
        value: object = fix.instead
        if fix.column in _FRAMES:
            value = int(fix.instead) if fix.instead else None
        fixed[fix.column] = value
        note = f"{fix.column} {fix.table_says} in the table, here {fix.instead or 'not known'}: {fix.reason}"
        fixed["notes"] = "; ".join(str(text) for text in (fixed.get("notes"), note) if text)
    return fixed
