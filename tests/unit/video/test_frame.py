"""The words of the room: a frame and a lost frame."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from mien.video.frame import Frame, Lost


def test_neither_changes_once_it_is_made() -> None:
    frame = Frame(0, 46, None, np.zeros((2, 2, 3), np.uint8))
    with pytest.raises(FrozenInstanceError):
        frame.number = 47  # type: ignore[misc]
    assert Lost(3, "cut off") == Lost(3, "cut off") != Lost(4, "cut off")
