"""Errors that a part of FFmpeg writes to its log and reports in no other way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def complaints(*parts: str) -> Iterator[Callable[[], str]]:
    """A function that says the first error that one of `parts` has logged so far; empty if none.

    Only this thread is listened to. FFmpeg's log level is raised inside the `with` statement and put back afterwards.

    Args:
        parts: codecs or file formats, as FFmpeg names them; "" for what it logs in nobody's name.
    """
    import av.logging

    level = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture() as said:
            yield lambda: next((text.strip() for _, name, text in said if name in parts), "")
    finally:
        av.logging.set_level(level)
