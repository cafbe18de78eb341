"""Which of several faces is meant."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mien.errors import InputError
from mien.face.choice import choose
from mien.face.landmarks import Landmarker


def test_largest_central_and_nearest(landmarker: Landmarker, paste: Callable[..., np.ndarray]) -> None:
    pair = paste(220, 150, 0.85, onto=paste(0, 0, 1.0, size=(420, 480)))
    faces = landmarker.find(pair)
    large, small = sorted(faces, key=lambda one: -one.width_px)
    assert small.centre[0] > 300 and small.width_px < 0.9 * large.width_px
    for rule, meant in [("largest", large), ("central", small), ((0.0, 0.0), large), ((400.0, 400.0), small)]:
        choice = choose(faces, 480, 420, rule)  # type: ignore[arg-type]
        assert choice.face is meant and (choice.rule, choice.n_faces) == (rule, 2)


def test_no_face_is_no_choice() -> None:
    with pytest.raises(InputError, match="no face"):
        choose([], 640, 480)
