"""Fields of a model in words."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from mien.cli.fields import field_rows


class Example(BaseModel):
    needed: str = Field(description="must be given")
    share: float = Field(0.5, gt=0, le=1, description="how much")
    way: Literal["a", "b"] | None = Field(None, description="which")


def test_types_ranges_and_defaults_are_words() -> None:
    assert field_rows(Example.model_fields) == [
        ("needed", "str", None, "must be given"),
        ("share", "float, above 0, at most 1", 0.5, "how much"),
        ("way", "a or b or None", None, "which"),
    ]
