"""How methods on regions read landmarks."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import InputError
from mien.models.base import Needs
from mien.models.onset_points import onset_points, with_points


def test_pictures_must_be_as_large_as_the_crop_of_the_points() -> None:
    needs = with_points(Needs({"flow": "(N, 2, T, H, W)"}, at_least={"flow": (2, 4, 1, 1)}))
    assert set(needs.arrays) == {"flow", "landmarks"}
    assert needs.at_least == {"flow": (2, 4, 128, 128), "landmarks": (2, 1, 68)}


def test_points_are_those_of_the_first_frame() -> None:
    stored = np.arange(2 * 3 * 68, dtype=np.float32).reshape(2, 3, 68)
    np.testing.assert_array_equal(
        onset_points({"landmarks": stored}), np.stack([stored[0, 0], stored[1, 0]], axis=1)
    )
    with pytest.raises(InputError, match="68"):
        onset_points({"landmarks": stored[:, :, :60]})
