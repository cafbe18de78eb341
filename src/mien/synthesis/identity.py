"""Identities: a neutral face of one made-up person, from a mixture of phenotypes and some shape axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mien.errors import Problems
from mien.synthesis.head import Floats, Head

#: Spread of a shape axis: most faces stay well inside the range the targets were modelled for (-1..1).
SHAPE_SPREAD = 0.35


def identity_vertices(
    head: Head, phenotypes: Mapping[str, float] | None = None, shapes: Mapping[str, float] | None = None
) -> Floats:
    """Vertices (V, 3) in decimetres of a person who mixes `phenotypes` and deviates along `shapes`.

    Args:
        head: the head.
        phenotypes: name -> weight; scaled to add up to one. None: the base mesh.
        shapes: axis -> -1..1; the negative and the positive direction are different fields.

    Raises:
        InputError: unknown names, or weights that are negative or all zero.
    """
    weights, strengths = dict(phenotypes or {}), dict(shapes or {})
    problems = Problems()
    for kind, wanted, known in (
        ("phenotype", weights, list(head.phenotypes)),
        ("shape axis", strengths, list(head.shapes)),
    ):
        unknown = [name for name in wanted if name not in known]
        problems.extend(f"unknown {kind} {name!r}; known: {', '.join(known)}" for name in unknown)
    total = sum(weights.values())
    if weights and (total <= 0 or min(weights.values()) < 0):
        problems.add(f"phenotype weights must not be negative and must not all be zero: {weights}")
    problems.raise_if_any("this identity cannot be built")
    vertices = head.vertices.copy()
    for name, weight in weights.items():
        vertices += head.phenotypes[name] * (weight / total)
    for axis, strength in strengths.items():
        negative, positive = head.shapes[axis]
        vertices += positive * strength if strength >= 0 else negative * -strength
    return vertices


@dataclass(frozen=True)
class Descent:
    """What an identity is mixed from: weights of the phenotypes (adding up to one) and of the shape axes."""

    phenotypes: Mapping[str, float]
    shapes: Mapping[str, float]

    def share(self, word: str) -> float:
        """Weight of the phenotypes with this word in their name: `male`, `old`, `asian` ..."""
        return sum(weight for name, weight in self.phenotypes.items() if word in name.split("-"))


def draw_descent(head: Head, rng: np.random.Generator) -> Descent:
    """A random adult: one phenotype dominates, all shape axes vary a little."""
    mixture = rng.dirichlet(np.full(len(head.phenotypes), 0.25))
    strengths = np.clip(rng.normal(0.0, SHAPE_SPREAD, len(head.shapes)), -1.0, 1.0)
    return Descent(
        dict(zip(head.phenotypes, mixture.tolist(), strict=True)),
        dict(zip(head.shapes, strengths.tolist(), strict=True)),
    )


def draw_adult(head: Head, rng: np.random.Generator) -> Descent:
    """A random adult to be looked at: clearly of one sex, mostly young, with moderate deviations."""
    sex = rng.choice(["female", "male"])
    own, old = rng.uniform(0.82, 1.0), rng.beta(1.0, 3.0)
    ethnicities = dict(zip(("african", "asian", "caucasian"), rng.dirichlet([0.35, 0.45, 0.45]), strict=True))
    phenotypes = {}
    for name in head.phenotypes:
        ethnicity, its_sex, age = name.split("-")
        share = (own if its_sex == sex else 1 - own) * (old if age == "old" else 1 - old)
        phenotypes[name] = float(share * ethnicities[ethnicity])
    # broad heads and slanting brows soon look drawn rather than grown
    spread = {
        axis: SHAPE_SPREAD * (0.5 if axis.startswith(("head-", "brow-")) else 0.9) for axis in head.shapes
    }
    shapes = {axis: float(np.clip(rng.normal(0.0, width), -1.0, 1.0)) for axis, width in spread.items()}
    return Descent(phenotypes, shapes)


def draw_identity(head: Head, rng: np.random.Generator) -> Floats:
    """Vertices (V, 3) of a random adult."""
    descent = draw_descent(head, rng)
    return identity_vertices(head, descent.phenotypes, descent.shapes)
