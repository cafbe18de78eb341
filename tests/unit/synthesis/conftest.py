"""Fixtures of the tests that look at made-up people: one person, and pictures of it."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from mien.synthesis.person import Person, draw_person
from mien.synthesis.render import Renderer
from mien.synthesis.scene import View, draw_light


@pytest.fixture(scope="session")
def bake_head() -> ModuleType:
    """The tool that bakes the head and the bust."""
    script = Path(__file__).resolve().parents[3] / "tools" / "bake_head.py"
    spec = importlib.util.spec_from_file_location("bake_head", script)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def person() -> Person:
    """A made-up person."""
    return draw_person(0, 2)


@pytest.fixture(scope="module")
def renderer(egl: None, person: Person) -> Iterator[Renderer]:
    """The person before a camera of 320 x 240 pixels."""
    with Renderer(person, View(320, 240), draw_light(np.random.default_rng(5))) as made:
        yield made
