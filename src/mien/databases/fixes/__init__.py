"""Known errors of the annotation tables and what is taken instead, one small file per database."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

_FRAMES = ("onset", "apex", "offset")


@dataclass(frozen=True)
class Fix:
    """One cell that is known to be wrong.

    Attributes:
        subject, clip, onset: which clip, as the table has it ("" for any onset).
        column: the column that is wrong.
        table_says: what the cell holds; another cell is left alone, so that a corrected copy stays as it is.
            `*` stands for whatever it holds, where copies differ and none can be trusted.
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

    def concerns(self, clip: Mapping[str, object]) -> bool:
        """Whether this clip has the error."""
        found = _text(clip.get(self.column))
        return (
            (self.subject, self.clip) == (clip["subject"], clip["clip"])
            and self.onset in ("", _text(clip.get("onset")))
            and self.table_says in ("*" if found else "", found)
        )


@cache
def fixes_of(dataset: str) -> tuple[Fix, ...]:
    """The known errors of a database's table."""
    file = resources.files(__name__).joinpath(f"{dataset}.csv")
    if not file.is_file():
        return ()
    rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    return tuple(Fix(**row) for row in rows)


def apply_fixes(dataset: str, clip: Mapping[str, object]) -> tuple[dict[str, object], list[str]]:
    """The clip with its known errors put right, and what was changed and why; its notes say the same."""
    fixed = dict(clip)
    changes = []
    for fix in fixes_of(dataset):
        if fix.concerns(clip):
            value: object = fix.instead
            if fix.column in _FRAMES:
                value = int(fix.instead) if fix.instead else None
            fixed[fix.column] = value
            was, now = clip.get(fix.column), fix.instead or "not known"
            changes.append(f"{fix.column} {was} in the table, here {now}: {fix.reason}")
    if changes:
        fixed["notes"] = "; ".join(str(text) for text in (clip.get("notes"), *changes) if text)
    return fixed, changes


def _text(value: object) -> str:
    return "" if value is None else str(value)
