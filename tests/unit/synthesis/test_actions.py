"""Action Units as mixtures of face units."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import InputError
from mien.synthesis.actions import MIXTURES, WHOLE_ACTIONS, Action, parse_actions, unit_weights, write_actions
from mien.synthesis.head import load_head


def test_every_mixture_names_face_units_of_the_head() -> None:
    index = load_head().unit_index
    for code, mixture in MIXTURES.items():
        whole = [unit in index for unit, _ in mixture]
        sided = [f"{unit}Left" in index and f"{unit}Right" in index for unit, _ in mixture]
        assert all(a or b for a, b in zip(whole, sided, strict=True)), code
        assert all(sided) == (code not in WHOLE_ACTIONS), code


@pytest.mark.parametrize("text", ["4+7", "L12", "R1+R2", "1+2+5+26", "L12+R14"])
def test_strings_are_read_and_written(text: str) -> None:
    assert write_actions(parse_actions(text)) == text


@pytest.mark.parametrize("text", ["", "12A", "T23", "ref(5)", "4,7", "99", "L26"])
def test_other_strings_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_actions(text)


@pytest.mark.parametrize("intensity", [-0.1, 1.1, float("nan")])
def test_an_intensity_lies_between_nothing_and_everything(intensity: float) -> None:
    with pytest.raises(InputError, match="intensity"):
        Action(12, "", intensity)


def test_a_side_moves_that_side_only_and_both_are_the_sum() -> None:
    head = load_head()
    left, right, both = (unit_weights(head, parse_actions(text)) for text in ("L12", "R12", "12"))
    names = [name for name, weight in zip(head.unit_names, left, strict=True) if weight]
    assert names and all(name.endswith("Left") for name in names)
    np.testing.assert_allclose(left + right, both)


def test_weights_are_linear_in_intensity_and_follow_the_gains() -> None:
    head = load_head()
    full, tenth = (unit_weights(head, parse_actions("4+26", intensity)) for intensity in (1.0, 0.1))
    np.testing.assert_allclose(tenth, full / 10)
    uneven = unit_weights(head, parse_actions("4"), left_gain=2.0, right_gain=0.5)
    index = head.unit_index
    assert uneven[index["browDownLeft"]] == pytest.approx(4 * uneven[index["browDownRight"]])
