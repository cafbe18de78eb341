"""What is known about a database before one has it: what it holds, how to get it, what must lie where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Counts:
    """Published counts, to compare a copy with.

    Attributes:
        clips, subjects: how many; subjects with at least one clip.
        emotions: clips per emotion, {} where the database has none or they are not known for sure.
        kinds: clips per kind (`micro`, `macro`), {} where all are micro-expressions.
    """

    clips: int
    subjects: int
    emotions: Mapping[str, int] = field(default_factory=dict)
    kinds: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Card:
    """The description of a database.

    Attributes:
        holds: what it holds, and what one should know about its annotation.
        apply: how to get it.
        files: the files and folders that are needed.
        tree: the expected folders, one example of each variant.
        counts: the published counts of each release ("" where there is only one).
        unverified: what no original file was at hand for, "" if all was checked on the real files.
    """

    name: str
    title: str
    paper: str
    holds: str
    apply: str
    files: tuple[str, ...]
    tree: str
    counts: Mapping[str, Counts]
    unverified: str = ""
