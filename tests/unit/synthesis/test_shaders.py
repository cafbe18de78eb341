"""Shaders: every kind of surface has one, and all of them compile."""

from __future__ import annotations

from mien.synthesis import shaders
from mien.synthesis.render import KINDS, open_context


def test_every_kind_of_surface_has_a_shader() -> None:
    assert set(shaders.PICTURE_FRAGMENTS) == set(KINDS)


def test_all_programs_compile_and_read_what_they_are_given(egl: None) -> None:
    context = open_context()
    try:
        for kind, fragment in shaders.PICTURE_FRAGMENTS.items():
            vertex = shaders.HAIR_VERTEX if kind == "hair" else shaders.SURFACE_VERTEX
            program = context.program(vertex, fragment)
            assert {"place", "now.turn", "focal_px"} <= set(program)
        tracking = context.program(shaders.FLOW_VERTEX, shaders.FLOW_FRAGMENT)
        assert {"place", "place_second", "first.turn", "second.turn", "kind"} <= set(tracking)
        assert "wall" in context.program(shaders.WALL_VERTEX, shaders.WALL_FRAGMENT)
    finally:
        context.release()
