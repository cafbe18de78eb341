"""Features are computed once for the same bytes, and never mixed up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mien.models.clip_memory import Clip, ClipMemory

CLIPS = np.arange(24, dtype=np.float32).reshape(4, 6)


class Counted:
    """Sums of a clip; remembers how often it was asked."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, clip: Clip) -> NDArray[np.float64]:
        self.calls += 1
        return np.array([float(array.sum()) for array in clip.values()])


def test_the_same_bytes_are_computed_once_wherever_they_stand() -> None:
    memory, sums = ClipMemory(), Counted()
    first = memory.rows("a", sums, {"x": CLIPS})
    again = memory.rows("a", sums, {"x": CLIPS[[2, 0, 2]].copy()})
    assert sums.calls == 4
    np.testing.assert_array_equal(first[:, 0], CLIPS.sum(axis=1))
    np.testing.assert_array_equal(again, first[[2, 0, 2]])


def test_other_values_types_names_shapes_or_purposes_are_other_clips() -> None:
    memory, sums = ClipMemory(), Counted()
    clip = CLIPS[0]
    memory.of("a", sums, {"x": clip})
    changed = clip.copy()
    changed[3] += 1
    for what, other in [
        ("a", {"x": changed}),
        ("a", {"x": clip.view(np.int32)}),
        ("a", {"y": clip}),
        ("a", {"x": clip.reshape(2, 3)}),
        ("b", {"x": clip}),
    ]:
        calls = sums.calls
        memory.of(what, sums, other)
        assert sums.calls == calls + 1


def test_rows_are_copies_that_nobody_can_spoil() -> None:
    memory, sums = ClipMemory(), Counted()
    rows = memory.rows("a", sums, {"x": CLIPS})
    rows[:] = -1
    np.testing.assert_array_equal(memory.rows("a", sums, {"x": CLIPS})[:, 0], CLIPS.sum(axis=1))


def test_what_was_used_longest_ago_goes_first() -> None:
    memory, sums = ClipMemory(most_bytes=16), Counted()  # two vectors of one float64
    for row in (0, 1, 0, 2):
        memory.of("a", sums, {"x": CLIPS[row]})
    assert sums.calls == 3
    memory.of("a", sums, {"x": CLIPS[0]})
    assert sums.calls == 3
    memory.of("a", sums, {"x": CLIPS[1]})
    assert sums.calls == 4
