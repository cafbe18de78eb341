"""Errors that a part of FFmpeg writes to its log and reports in no other way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def complaints(part: str) -> Iterator[Callable[[], str]]:
    """A function that says the first error that `part` has logged in this thread so far; empty if none.

    FFmpeg's log level is raised inside the `with` statement and put back afterwards.

    Args:
        part: a codec or a file format, as FFmpeg names it.
    """
    import av.logging

    level = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture() as said:
            yield lambda: next((text.strip() for _, name, text in said if name == part), "")
    finally:
        av.logging.set_level(level)
