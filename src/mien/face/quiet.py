"""Standard error without the known noise of C++ libraries; everything else still gets through."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(noise: re.Pattern[bytes]) -> Iterator[None]:
    """Hold back what is written to file descriptor 2, then pass on the lines that do not match `noise`.

    Libraries that log from C++ write there directly, past `sys.stderr`. Lines of other threads come late, not
    never.
    """
    sys.stderr.flush()
    try:
        real = os.dup(2)
    except OSError:  # a process without standard error: there is nothing to keep clean
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(real, 2)
            os.close(real)
            held.seek(0)
            os.write(2, b"".join(line for line in held if not noise.search(line)))
