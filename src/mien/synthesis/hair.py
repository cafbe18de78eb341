"""Hair of a person: where it grows on the scalp, and a stack of strand-painted shells around the head.

A shell is a grid around the head: rows run from the crown down to the neck (over a sphere, then along a
cylinder), columns go round, from the back over the subject's right to the front. Each shell shows the strands
that are tall enough to reach it, as games draw fur.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mien.synthesis.appearance import Appearance
from mien.synthesis.bust import AXIS_Z, Bust, grid_triangles, smoothstep
from mien.synthesis.head import Floats, Indices
from mien.synthesis.paint import COLUMNS, ROWS, Layer, Picture, places
from mien.synthesis.raster import visible_triangles

GRID_ROWS, GRID_COLUMNS = 48, 72
#: Heights of the shells as shares of the thickness, the outermost first: it hides the others.
SHELLS = np.array([0.94, 0.82, 0.64, 0.3])
#: Centre of the sphere, and the height where the hair of the longest style ends (decimetres, base mesh).
CENTRE = np.array([0.0, 7.35, 0.42])
LOWEST_HAIR_Y = 5.55
#: Share of the rows that lie on the sphere.
SPHERE_SHARE = 0.55
PICTURE_ROWS, PICTURE_COLUMNS = 640, 1536

#: Lowest hair at each angle from the front (radians, decimetres): hair line, temple, sideburn, ear, nape.
HAIR_LINE = np.array(
    [
        [0.0, 8.03],
        [0.4, 8.02],
        [0.62, 7.93],
        [0.78, 7.72],
        [0.9, 7.42],
        [0.98, 7.12],
        [1.06, 7.1],
        [1.12, 7.4],
        [1.45, 7.42],
        [1.53, 7.05],
        [1.75, 6.75],
        [2.4, 6.5],
        [3.2, 6.42],
    ]
)
#: The same for hair that is parted in the middle and falls to both sides.
PARTED_LINE = np.array([[0.0, 8.14], [0.2, 8.03], [0.45, 7.86], [0.65, 7.6], [0.8, 7.25], [0.95, 7.1]])
#: What a style changes: how far the fringe falls (dm), where long hair ends (dm), the angle of its front edge.
STYLES: dict[str, tuple[float, float, float]] = {
    "cropped": (0.0, 0.0, 0.0),
    "short": (0.0, 0.0, 0.0),
    "full": (0.08, 0.0, 0.0),
    "fringe": (0.3, 0.0, 0.0),
    "tied": (0.0, 0.0, 0.0),
    "long": (0.0, 5.6, 0.86),
    "long_fringe": (0.36, 5.6, 0.84),
    "bob": (0.12, 6.25, 0.82),
}
PARTED_STYLES = ("long",)
THIN_STYLES = {"cropped": 0.35, "short": 0.7, "tied": 0.45}


@dataclass(frozen=True, eq=False)
class HairMesh:
    """Shells of hair, from the outermost to the innermost.

    Attributes:
        points: (S, G, 3) decimetres in the frame of the person.
        along: (S, G, 3) unit direction of the strands.
        places: (G, 2) position in the strand picture, 0..1.
        heights: (S,) of the shells, 0..1: strands that are lower do not reach it.
        triangles: (T, 3) of one shell.
        lining: (T, 3) of the innermost shell, seen from inside: long hair behind the neck.
    """

    points: Floats
    along: Floats
    places: Floats
    heights: Floats
    triangles: Indices
    lining: Indices


def _line(angle: Layer, look: Appearance) -> Floats:
    table = PARTED_LINE if look.style in PARTED_STYLES else HAIR_LINE
    return np.asarray(np.interp(np.abs(angle), table[:, 0], table[:, 1]))


def grows(angle: Layer, height: Layer, look: Appearance, edge: Layer) -> Floats:
    """How surely hair grows or falls (0..1) at an angle from the front and a height of the base mesh.

    `edge` is noise in decimetres that makes the edge uneven.
    """
    fringe, lowest, front = STYLES[look.style]
    line = _line(angle, look)
    over_brow = smoothstep(0.85, 0.6, np.abs(angle))
    line = line + (look.hair_line - fringe) * over_brow
    grown = smoothstep(-0.05, 0.06, height - line + edge)
    if lowest > 0:
        cheek = 0.1 * np.exp(-(((height - 6.95) / 0.35) ** 2))  # falls clear of the cheek
        beside = smoothstep(front - 0.06, front + 0.08, np.abs(angle) - cheek + 0.8 * edge)
        ends = smoothstep(lowest - 0.1, lowest + 0.05, height + 1.5 * edge)
        grown = np.maximum(grown, beside * ends)
    return np.asarray(grown)


def scalp(look: Appearance, rng: np.random.Generator) -> tuple[Layer, Layer]:
    """Where hair grows and where it covers the skin, (ROWS, COLUMNS) 0..1 each on the painted cylinder."""
    at = places()
    angle = (np.arange(COLUMNS, dtype=np.float64) + 0.5) / COLUMNS * 2 * np.pi - np.pi
    angle = np.broadcast_to(angle, at.y.shape)
    edge = cv2.GaussianBlur(rng.standard_normal((ROWS // 4, COLUMNS // 4)), (0, 0), 1.2) * 0.05
    fine = np.asarray(cv2.resize(edge, (COLUMNS, ROWS)), dtype=np.float64)
    fringe, _, _ = STYLES[look.style]
    grown = grows(angle, at.y - fringe * smoothstep(0.85, 0.6, np.abs(angle)), look, fine)
    covered = grows(angle, at.y, look, np.zeros_like(fine))
    skin = (at.y > 6.3) * (1 - at.ears)
    return np.asarray(grown * skin, dtype=np.float32), np.asarray(covered * skin, dtype=np.float32)


def _rays() -> tuple[Floats, Floats]:
    """Origins and unit directions (GRID_ROWS, GRID_COLUMNS, 3) of the grid."""
    share = np.linspace(0, 1, GRID_ROWS)[:, None]
    angle = np.linspace(-np.pi, np.pi, GRID_COLUMNS)[None]
    polar = np.minimum(share / SPHERE_SHARE, 1) * np.pi / 2
    fall = np.maximum(share - SPHERE_SHARE, 0) / (1 - SPHERE_SHARE) * (CENTRE[1] - LOWEST_HAIR_Y)
    origins = np.zeros((GRID_ROWS, GRID_COLUMNS, 3)) + CENTRE
    origins[..., 1] -= fall
    directions = np.stack(
        [np.sin(polar) * np.sin(angle), np.cos(polar) + 0 * angle, np.sin(polar) * np.cos(angle)], axis=-1
    )
    return origins, directions


def _grid_places(vertices: Floats) -> tuple[Floats, Floats]:
    """Column and row (V, 2) on the grid where vertices (V, 3) lie, and their distance (V,) along the ray."""
    x, y, z = (vertices - CENTRE).T
    flat = np.hypot(x, z)
    above = y >= 0
    radius = np.where(above, np.sqrt(flat**2 + y**2), flat)
    polar = np.arctan2(flat, np.maximum(y, 0))
    share = np.where(
        above,
        polar / (np.pi / 2) * SPHERE_SHARE,
        SPHERE_SHARE + -y / (CENTRE[1] - LOWEST_HAIR_Y) * (1 - SPHERE_SHARE),
    )
    column = (np.arctan2(x, z) / (2 * np.pi) + 0.5) * (GRID_COLUMNS - 1)
    return np.stack([column, share * (GRID_ROWS - 1)], axis=-1), radius


def _radii(bust: Bust, vertices: Floats, *, with_ears: bool) -> Floats:
    """Distance (GRID_ROWS, GRID_COLUMNS) from the grid's origins to the skin of a person."""
    flat, radius = _grid_places(vertices)
    triangles = bust.triangles_of("skin")
    wide = np.ptp(flat[triangles][..., 0], axis=1) > GRID_COLUMNS / 3
    left_out = wide if with_ears else wide | (bust.masks["ears"][triangles].max(axis=1) > 0.1)
    kept = triangles[~left_out]
    sample, triangle, weights = visible_triangles(flat, radius, kept, GRID_ROWS, GRID_COLUMNS)
    found = np.zeros((GRID_ROWS * GRID_COLUMNS, 2))
    found[sample, 0] = (weights * radius[kept[triangle]]).sum(axis=1)
    found[sample, 1] = 1
    grid = found.reshape(GRID_ROWS, GRID_COLUMNS, 2)
    padded = np.concatenate([grid[:, -9:-1], grid, grid[:, 1:9]], axis=1)  # go round the back
    near = cv2.GaussianBlur(padded, (0, 0), 2.0)[:, 8:-8]
    filled = np.where(grid[..., 1] > 0, grid[..., 0], near[..., 0] / np.maximum(near[..., 1], 1e-6))
    filled[0] = filled[0].mean()
    return np.asarray(filled)


def hair_mesh(bust: Bust, vertices: Floats, look: Appearance, rng: np.random.Generator) -> HairMesh:
    """The shells of hair around a person's rest vertices (V, 3)."""
    fringe, lowest, _ = STYLES[look.style]
    skin = _radii(bust, vertices, with_ears=lowest > 0)
    if lowest > 0:  # long hair lies over the ears
        over = cv2.dilate(skin, np.ones((3, 3)))
        base = np.maximum(over, cv2.GaussianBlur(over, (0, 0), 1.5))
    else:
        base = skin
    origins, directions = _rays()
    if lowest > 0:  # long hair hangs: it does not follow the jaw and the neck inwards
        angle = np.abs(np.linspace(-np.pi, np.pi, GRID_COLUMNS))
        for row in range(int(SPHERE_SHARE * GRID_ROWS), GRID_ROWS):
            hanging = base[row - 1] - np.interp(angle, [0.7, 1.2, np.pi], [0.03, 0.018, 0.006])
            base[row] = np.maximum(np.minimum(base[row], hanging + 0.02), hanging)
    own = _grid_points_of_base(bust)
    angle_of = np.arctan2(own[..., 0], own[..., 2] - AXIS_Z)
    grown = grows(angle_of, own[..., 1], look, np.zeros_like(skin))
    clumps = cv2.GaussianBlur(rng.standard_normal((GRID_ROWS, GRID_COLUMNS)), (0, 0), 2.0)
    clumps = 1 + 0.13 * clumps / clumps.std()
    clumps[:, -1] = clumps[:, 0]
    volume = look.volume * THIN_STYLES.get(look.style, 1.0) * (1 + 0.8 * look.curl)
    # combed back, hair rises slowly behind its line; a fringe hangs and is thick to its end
    line = _line(angle_of, look) + look.hair_line
    hanging = fringe > 0.1 or lowest > 0
    rise = np.ones_like(skin) if hanging else smoothstep(-0.02, 0.4, own[..., 1] - line)
    full = cv2.GaussianBlur(grown, (0, 0), 1.2) * (0.12 + 0.88 * rise)
    thickness = (
        0.01 + volume * (1 + 0.5 * np.clip(directions[..., 1], 0, 1)) * np.clip(clumps, 0.5, 1.6) * full
    )
    radii = base + SHELLS[:, None, None] * thickness
    points = origins + directions * radii[..., None]
    along = np.gradient(points, axis=1)
    along /= np.maximum(np.linalg.norm(along, axis=-1, keepdims=True), 1e-9)
    rows, columns = np.meshgrid(np.linspace(0, 1, GRID_ROWS), np.linspace(0, 1, GRID_COLUMNS), indexing="ij")
    return HairMesh(
        points.reshape(len(SHELLS), -1, 3),
        along.reshape(len(SHELLS), -1, 3),
        np.stack([columns, rows], axis=-1).reshape(-1, 2),
        SHELLS,
        _haired(grown),
        _lining(grown, lowest),
    )


def _haired(grown: Floats) -> Indices:
    """Triangles of the grid near which hair grows and which can be seen from the front."""
    near = cv2.dilate(grown, np.ones((5, 5))) > 0.02
    angle = np.abs(np.linspace(-np.pi, np.pi, GRID_COLUMNS))
    near &= (angle < 2.2)[None] | (np.arange(GRID_ROWS) < 0.25 * GRID_ROWS)[:, None]
    triangles = grid_triangles(GRID_ROWS, GRID_COLUMNS, closed=False)
    return triangles[near.ravel()[triangles].any(axis=1)]


def _lining(grown: Floats, lowest: float) -> Indices:
    """Triangles turned inwards where long hair hangs behind the ears."""
    behind = (np.abs(np.linspace(-np.pi, np.pi, GRID_COLUMNS)) > 0.55)[None]
    behind = behind & (np.arange(GRID_ROWS) > 0.25 * GRID_ROWS)[:, None] & (grown > 0.02) & (lowest > 0)
    triangles = grid_triangles(GRID_ROWS, GRID_COLUMNS, closed=False)
    return np.asarray(triangles[behind.ravel()[triangles].all(axis=1)][:, ::-1])


def _grid_points_of_base(bust: Bust) -> Floats:
    origins, directions = _rays()
    return origins + directions * _radii(bust, bust.head.vertices, with_ears=False)[..., None]


def _strands(rng: np.random.Generator, width_px: float, length_px: float, slant: Floats) -> Floats:
    """Noise drawn out along the strands; `slant` (1, columns) to the side per row: combed to one side."""
    white = rng.standard_normal((PICTURE_ROWS, PICTURE_COLUMNS))
    drawn = cv2.GaussianBlur(white, (0, 0), sigmaX=width_px, sigmaY=length_px)
    shift = np.rint(slant * np.arange(PICTURE_ROWS)[:, None]).astype(int)
    columns = (np.arange(PICTURE_COLUMNS)[None] + shift) % PICTURE_COLUMNS
    return np.asarray(np.take_along_axis(drawn / drawn.std(), columns, axis=1))


def paint_hair(bust: Bust, look: Appearance, rng: np.random.Generator) -> Picture:
    """The strands (PICTURE_ROWS, PICTURE_COLUMNS, 4): sRGB, and how tall each strand stands, 0 none to 1."""
    size = (PICTURE_COLUMNS, PICTURE_ROWS)
    length = 38 * (1 - look.curl) + 4
    across = np.linspace(-1, 1, PICTURE_COLUMNS)[None]
    slant = (
        -0.7 * np.sign(across) if look.style in PARTED_STYLES else np.full_like(across, rng.normal(0, 0.35))
    )
    strands = 0.8 * _strands(rng, 0.7 + 0.8 * look.curl, length, slant)
    strands += 0.6 * _strands(rng, 1.8 + look.curl, length, slant)
    locks = _strands(rng, 6.0, 1.6 * length, slant)
    own = _grid_points_of_base(bust)
    around = np.abs(np.arctan2(own[..., 0], own[..., 2] - AXIS_Z))
    angle, height = (np.asarray(cv2.resize(field, size), np.float64) for field in (around, own[..., 1]))
    fringe, lowest, _ = STYLES[look.style]
    if fringe > 0.1 or lowest > 0:
        uneven = 0.03 * strands + 0.012 * locks
    else:  # where hair is combed back single hairs begin anywhere
        uneven = 0.01 * strands + 0.012 * locks + 0.028 * _strands(rng, 0.6, 1.2, slant)
    grown = grows(angle, height, look, uneven)
    tall = np.clip(0.8 + 0.1 * strands + 0.06 * locks, 0.3, 1) * grown
    shade = 1 + 0.16 * strands + 0.12 * locks
    streak = np.clip(locks, -1, 2)[..., None] * look.hair * 0.1
    colour = np.clip(look.hair * shade[..., None] + streak, 0, 255)
    return np.asarray(np.dstack([colour, 255 * tall]), dtype=np.uint8)
