"""mien.web.orders: ranges as people write them."""

from __future__ import annotations

import pytest

from mien.web.messages import Refused
from mien.web.orders import options_of, ranges


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("12-15.5", [(12.0, 15.5)]),
        (" 12 - 15.5 , 40-52 ", [(12.0, 15.5), (40.0, 52.0)]),
        ("1–2; 3-4,", [(1.0, 2.0), (3.0, 4.0)]),
    ],
)
def test_ranges(text: str, expected: list[tuple[float, float]]) -> None:
    assert ranges(text) == expected


@pytest.mark.parametrize("text", ["12", "5-3", "3-3", "-1-4", "a-b", "1-inf", "nan-2", "1-2-3", "--"])
def test_what_is_no_range_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Refused, match="no range of seconds") as refused:
        ranges(text)
    assert refused.value.status == 422
    assert "12-15.5" in str(refused.value)


def test_too_many_ranges_are_refused() -> None:
    with pytest.raises(Refused, match="more ranges"):
        ranges(",".join(f"{i}-{i + 0.5}" for i in range(101)))


def test_options_hold_what_was_given() -> None:
    assert options_of({"exclude": "", "baseline": ""}) == {}
    assert options_of({"exclude": "1-2", "baseline": "3-4"}) == {
        "exclude": [(1.0, 2.0)],
        "baseline": (3.0, 4.0),
    }


def test_two_resting_faces_and_unknown_fields_are_refused() -> None:
    with pytest.raises(Refused, match="one range"):
        options_of({"baseline": "1-2, 3-4"})
    with pytest.raises(Refused, match="not known"):
        options_of({"limits": "none"})
