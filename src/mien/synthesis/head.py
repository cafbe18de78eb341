"""The CC0 MakeHuman head: mesh, face units and identity targets, read from the baked file of this package.

Frame of the mesh: decimetres; x to the subject's left, y up, z out of the face. So the subject's left side
has positive x and, seen by a camera that does not mirror, lies in the right half of the image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import as_file, files

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

#: Face units that come whole but that FACS scores by side: each is cut into two halves that add up to it.
SPLIT_UNITS = (
    "browInnerUp",
    "cheekPuff",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
)
#: Half the width (decimetres) of the band around the midline over which the halves blend: the philtrum.
BLEND_HALF_WIDTH = 0.08


@dataclass(frozen=True, eq=False)
class Head:
    """A neutral face and the displacement fields that change it; all fields are per vertex and add up.

    Attributes:
        vertices: (V, 3) decimetres.
        triangles: (T, 3) vertex numbers.
        unit_names: K names; a sided one ends in `Left` or `Right`.
        units: (K, V, 3) displacement of each face unit at full strength, decimetres.
        phenotypes: name `ethnicity-sex-age` -> (V, 3); weights over them add up to one.
        shapes: axis name -> the (V, 3) fields of its negative and its positive direction at strength 1.
        landmarks: name -> vertex number.
        left_eye, right_eye: vertex numbers of the eyeballs.
    """

    vertices: Floats
    triangles: Indices
    unit_names: tuple[str, ...]
    units: Floats
    phenotypes: Mapping[str, Floats]
    shapes: Mapping[str, tuple[Floats, Floats]]
    landmarks: Mapping[str, int]
    left_eye: Indices
    right_eye: Indices

    @cached_property
    def unit_index(self) -> Mapping[str, int]:
        """Row of `units` by name."""
        return {name: row for row, name in enumerate(self.unit_names)}

    @cached_property
    def units_by_vertex(self) -> Floats:
        """`units` as (V, K x 3): one matrix to multiply from the left."""
        return np.ascontiguousarray(self.units.transpose(1, 0, 2).reshape(len(self.vertices), -1))

    def eyes(self, vertices: Floats | None = None) -> Floats:
        """Centres (2, 3) of the left and the right eyeball, of this head or of other `vertices` (V, 3)."""
        points = self.vertices if vertices is None else vertices
        return np.stack([points[self.left_eye].mean(axis=0), points[self.right_eye].mean(axis=0)])


def _split_units(names: list[str], units: Floats, x: Floats) -> tuple[tuple[str, ...], Floats]:
    step = np.clip((x / BLEND_HALF_WIDTH + 1) / 2, 0.0, 1.0)
    left_share = (step * step * (3 - 2 * step))[:, None]
    out_names: list[str] = []
    out_units: list[Floats] = []
    for name, field in zip(names, units, strict=True):
        if name in SPLIT_UNITS:
            out_names += [f"{name}Left", f"{name}Right"]
            out_units += [field * left_share, field * (1 - left_share)]
        else:
            out_names.append(name)
            out_units.append(field)
    return tuple(out_names), np.stack(out_units)


Arrays = Mapping[str, npt.NDArray[np.generic]]


def read_baked(name: str) -> Arrays:
    """The arrays of a baked file of this package (`head.npz`, `bust.npz`)."""
    with as_file(files("mien.synthesis") / "data" / name) as path, np.load(path) as baked:
        return {array: baked[array] for array in baked.files}


def as_head(arrays: Arrays) -> Head:
    """The head in the arrays of a baked file."""

    def fields(name: str) -> Floats:
        return np.asarray(arrays[name], dtype=np.float64) / 1000.0

    def named(names: str, values: Floats) -> dict[str, Floats]:
        return {str(name): value for name, value in zip(arrays[names], values, strict=True)}

    vertices = np.asarray(arrays["vertices"], dtype=np.float64)
    names, units = _split_units([str(name) for name in arrays["unit_names"]], fields("units"), vertices[:, 0])
    shapes = named("shape_names", fields("shapes"))
    axes = sorted({name[:-1] for name in shapes})
    return Head(
        vertices=vertices,
        triangles=np.asarray(arrays["triangles"], dtype=np.int64),
        unit_names=names,
        units=units,
        phenotypes=named("phenotype_names", fields("phenotypes")),
        shapes={axis: (shapes[f"{axis}-"], shapes[f"{axis}+"]) for axis in axes},
        landmarks={
            str(name): int(row)
            for name, row in zip(arrays["landmark_names"], arrays["landmarks"].tolist(), strict=True)
        },
        left_eye=np.asarray(arrays["left_eye"], dtype=np.int64),
        right_eye=np.asarray(arrays["right_eye"], dtype=np.int64),
    )


@cache
def load_head() -> Head:
    """The face that ships with the package, read once."""
    return as_head(read_baked("head.npz"))
