"""Features of clips, computed once in a process: every fold of a protocol asks for the same clips again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from hashlib import blake2b
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.protocols.view import Inputs

Clip = Mapping[str, NDArray[Any]]
Features = NDArray[np.float64]


class ClipMemory:
    """Feature vectors by what was computed and what the clip holds, byte by byte.

    A vector may be kept only if it follows from the clip alone, and from nothing learnt: then it is the same in
    every fold. The vectors used longest ago go first.
    """

    def __init__(self, most_bytes: int = 2**28) -> None:
        self._most_bytes = most_bytes
        self._held_bytes = 0
        self._found: OrderedDict[Hashable, Features] = OrderedDict()
        self._lock = Lock()

    def of(self, what: Hashable, compute: Callable[[Clip], Features], clip: Clip) -> Features:
        """`compute(clip)`, or what it gave for the same bytes before; `what` tells one `compute` from another."""
        key = (what, _digest(clip))
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        found = compute(clip)
        found.flags.writeable = False
        with self._lock:
            if key not in self._found:
                self._found[key] = found
                self._held_bytes += found.nbytes
            while self._held_bytes > self._most_bytes:
                self._held_bytes -= self._found.popitem(last=False)[1].nbytes
        return found

    def rows(self, what: Hashable, compute: Callable[[Clip], Features], inputs: Inputs) -> Features:
        """The features (N, D) of clips given as arrays (N, ...) by name."""
        n = len(next(iter(inputs.values())))
        clips = ({name: array[i] for name, array in inputs.items()} for i in range(n))
        return np.stack([self.of(what, compute, clip) for clip in clips])


def _digest(clip: Clip) -> bytes:
    digest = blake2b(digest_size=16)
    for name in sorted(clip):
        array = np.ascontiguousarray(clip[name])
        digest.update(f"{name}{array.dtype.str}{array.shape}".encode())
        digest.update(array.data)
    return digest.digest()
