"""A made-up person, ready to be filmed: rest mesh, hair, pictures; all drawn from one seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from mien.synthesis.appearance import Appearance, draw_appearance
from mien.synthesis.bust import Bust, load_bust
from mien.synthesis.hair import HairMesh, hair_mesh, paint_hair, scalp
from mien.synthesis.head import Floats
from mien.synthesis.identity import Descent, draw_adult, identity_vertices
from mien.synthesis.paint import Picture, paint_eye, paint_skin


@dataclass(frozen=True, eq=False)
class Person:
    """One made-up adult.

    Attributes:
        bust: the bust the vertices belong to.
        descent, look: what the person was drawn from.
        vertices: (V, 3) at rest, decimetres; the origin lies between the eyes.
        hair: shells of hair in the same frame.
        skin, eye, strands: pictures, see `mien.synthesis.paint` and `mien.synthesis.hair`.
    """

    bust: Bust
    descent: Descent
    look: Appearance
    vertices: Floats
    hair: HairMesh
    skin: Picture
    eye: Picture
    strands: Picture


@lru_cache(maxsize=4)
def draw_person(seed: int, subject: int) -> Person:
    """The person of a seed and a subject number: the same for every clip."""
    bust = load_bust()
    shape, look_of, paint, hair = (np.random.default_rng([seed, subject, k]) for k in range(4))
    descent = draw_adult(bust.head, shape)
    look = draw_appearance(descent, look_of)
    vertices = identity_vertices(bust.head, descent.phenotypes, descent.shapes)
    origin = bust.head.eyes(vertices).mean(axis=0)
    moved_to_base = vertices - origin + bust.head.eyes().mean(axis=0)
    grown = hair_mesh(bust, moved_to_base, look, hair)
    return Person(
        bust=bust,
        descent=descent,
        look=look,
        vertices=vertices - origin,
        hair=replace(grown, points=grown.points - bust.head.eyes().mean(axis=0)),
        skin=paint_skin(look, *scalp(look, hair), paint),
        eye=paint_eye(look, paint),
        strands=paint_hair(bust, look, hair),
    )
