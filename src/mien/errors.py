"""What can go wrong, in words: every error says what, where, what was found, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator


class MienError(Exception):
    """An error with a message for a person; `exit_code` is what the command line returns.

    Args:
        what: what is wrong, one sentence.
        where: file, clip, column or option that is concerned.
        found: what was found there.
        do: what the user can do about it.
    """

    exit_code = 1

    def __init__(
        self, what: str, *, where: object = None, found: object = None, do: str | None = None
    ) -> None:
        self.what, self.where, self.found, self.do = what, where, found, do
        lines = [what]
        if where is not None:
            lines.append(f"  where: {where}")
        if found is not None:
            lines.append(f"  found: {found}")
        if do is not None:
            lines.append(f"  do:    {do}")
        super().__init__("\n".join(lines))


class UsageError(MienError):
    """The call itself is wrong: an unknown name, option or value."""

    exit_code = 2


def unknown(what: str, name: str, known: Iterable[str], also: str = "") -> UsageError:
    """The error of a name that is not among the known ones, with the nearest of them.

    Args:
        what: the sentence that says so. also: what could have been given besides these names, in words.
    """
    names = list(known)
    near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.4)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return UsageError(what, do=f"{hint}known: {', '.join(filter(None, (*names, also))) or 'none'}")


class InputError(MienError):
    """The input (a set, a table, a run folder) cannot be used as it is."""

    exit_code = 3


class LeakError(MienError):
    """Held-out clips were reached before training had ended: a fault of the program, never of the user."""

    exit_code = 1


class Problems:
    """Collects problems so that all of them are shown at once."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def add(self, problem: str) -> None:
        self._found.append(problem)

    def extend(self, problems: Iterable[str]) -> None:
        self._found.extend(problems)

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def raise_if_any(
        self, title: str, *, where: object = None, do: str | None = None, most: int = 20
    ) -> None:
        """Raise one `InputError` that lists all problems (the first `most`, then a count)."""
        if not self._found:
            return
        shown = self._found[:most]
        if len(self._found) > most:
            shown.append(f"... and {len(self._found) - most} more")
        raise InputError(title, where=where, found="".join(f"\n    - {line}" for line in shown), do=do)
