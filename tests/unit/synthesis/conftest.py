"""Fixtures of the tests that look at made-up people: one person, and pictures of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from mien.synthesis.person import Person, draw_person
from mien.synthesis.render import Renderer
from mien.synthesis.scene import View, draw_light


@pytest.fixture(scope="session")
def person() -> Person:
    """A made-up person."""
    return draw_person(0, 2)


@pytest.fixture(scope="module")
def renderer(egl: None, person: Person) -> Iterator[Renderer]:
    """The person before a camera of 320 x 240 pixels."""
    with Renderer(person, View(320, 240), draw_light(np.random.default_rng(5))) as made:
        yield made
