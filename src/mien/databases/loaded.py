"""What comes out of a database: its clips, where their frames lie, and everything that is not as it should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mien.clips.frames import ClipFrames
from mien.clips.table import ClipTable
from mien.errors import InputError, Problems


@dataclass(frozen=True)
class Problem:
    """One thing that is not as it should be.

    Attributes:
        key: the clip's key, "" where no clip is concerned.
        where: the folder, the file, or the line of the sheet.
        what: what is wrong, in words.
    """

    key: str
    where: str
    what: str


@dataclass(frozen=True)
class Reading:
    """An annotation sheet as it was understood.

    Attributes:
        table: the clips; a row that cannot be understood is not among them.
        problems: the rows that could not be read, and keys that occur more than once.
        corrections: the known errors of the sheet that were put right; the notes of the clips say the same.
        kinds: `micro` or `macro` for the key of each clip.
        release: which of the published counts these clips must have.
    """

    table: ClipTable
    problems: tuple[Problem, ...] = ()
    corrections: tuple[Problem, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    release: str = ""

    def strict(self, where: object) -> ClipTable:
        """The table.

        Raises:
            InputError: a row could not be read; all of them at once.
        """
        problems = Problems()
        problems.extend(f"{problem.where}: {problem.what}" for problem in self.problems)
        problems.raise_if_any("the annotation sheet cannot be understood", where=where)
        return self.table


@dataclass(frozen=True)
class Loaded:
    """A database on disk.

    Attributes:
        table: every clip of the sheet that could be read, whether its frames are there or not.
        frames: where the frames of a clip are, by key; clips whose frames are absent are not among them.
        problems: everything that is not as it should be, in the sheet and on disk.
        corrections, kinds, release: as in `Reading`.
        variant: which copy of the frames was taken.
    """

    table: ClipTable
    frames: Mapping[str, ClipFrames]
    problems: tuple[Problem, ...]
    corrections: tuple[Problem, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    release: str = ""
    variant: str = ""


def of_kind(table: ClipTable, kinds: Mapping[str, str], kind: str | None) -> ClipTable:
    """The clips of a table that are `micro` or `macro`; all of them where no kind is asked for.

    Raises:
        InputError: there are none.
    """
    if kind is None:
        return table
    kept = [i for i, key in enumerate(table.keys.tolist()) if kinds.get(key, "micro") == kind]
    if not kept:
        raise InputError(f"there are no {kind}-expressions among these clips", found=f"{len(table)} clips")
    return table.take(kept)
