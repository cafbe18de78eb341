"""Options: text is converted, unknown keys and impossible values are refused in words."""

from __future__ import annotations

import pytest

from mien.errors import UsageError
from mien.models import registry
from mien.models.aie_cmcl import AieCmclOptions


def test_text_from_a_command_line_is_converted() -> None:
    plan = AieCmclOptions.parse({"epochs": "7", "flip": "0.5", "test_flip": "true"}, model="x")
    assert (plan.epochs, plan.flip, plan.test_flip) == (7, 0.5, True)


@pytest.mark.parametrize("name", registry.names())
def test_unknown_option_names_the_nearest(name: str) -> None:
    with pytest.raises(UsageError, match="no option 'epohcs'"):
        registry.create(name, {"epohcs": 3})


def test_the_nearest_known_option_is_named() -> None:
    with pytest.raises(UsageError, match="did you mean 'epochs'"):
        registry.create("ststnet", {"epoch": 3})


def test_value_out_of_range() -> None:
    with pytest.raises(UsageError, match="epochs: Input should be greater than or equal to 1"):
        registry.create("ststnet", {"epochs": 0})


def test_every_option_is_described() -> None:
    for name in registry.names():
        for key, field in registry.options(name).model_fields.items():
            assert field.description, f"{name}: {key}"
