"""Pictures that move with the skin: what a person's appearance looks like on the painted cylinder and the eye.

Everything is a function of the place on the base mesh, so one picture fits every identity and every expression.
Fine noise is not decoration: without it neither optical flow nor registration has anything to hold on to.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from mien.synthesis.appearance import Appearance
from mien.synthesis.bust import AXIS_Z, HIGHEST_Y, LOWEST_Y, cylinder, load_bust, smoothstep
from mien.synthesis.head import Floats
from mien.synthesis.raster import visible_triangles

Picture = npt.NDArray[np.uint8]
Layer = npt.NDArray[np.floating]

#: Rows and columns of the picture on the cylinder, and of the coarser grid on which places are looked up.
ROWS, COLUMNS, COARSER = 1024, 2048, 4
EYE_SIZE = 256
#: Angle of the edge of the iris and of the pupil from the axis of the eye, as sines.
IRIS_SINE, PUPIL_SINE = 0.47, 0.19
#: Height of the middle of an eye, and its distance from the midline, on the base mesh (decimetres).
EYE_X, EYE_Y = 0.32, 7.285
#: Spine of an eyebrow from its inner to its outer end: distance from the midline and height.
BROW_SPINE = np.array(
    [[0.125, 7.445], [0.2, 7.472], [0.3, 7.497], [0.39, 7.495], [0.47, 7.457], [0.53, 7.412]]
)
BROW_HALF_WIDTHS = np.array([0.02, 0.028, 0.027, 0.023, 0.016, 0.006])


@dataclass(frozen=True, eq=False)
class Places:
    """Where each pixel of the picture lies on the base mesh.

    Attributes:
        x, y, z: (ROWS, COLUMNS) decimetres; `x` is the distance from the midline, never negative.
        lips, ears: (ROWS, COLUMNS) 0..1.
    """

    x: Layer
    y: Layer
    z: Layer
    lips: Layer
    ears: Layer


@cache
def places() -> Places:
    """The places of the picture, found once by looking at the base mesh from its axis."""
    bust = load_bust()
    vertices = bust.head.vertices
    rows, columns = ROWS // COARSER, COLUMNS // COARSER
    flat = cylinder(vertices) * [columns, rows] - 0.5
    triangles = bust.triangles_of("skin")
    # inside the mouth and over the seam at the back there is nothing to paint
    inner = bust.masks["mouth_inside"][triangles].max(axis=1) > 0.5
    across = np.ptp(flat[triangles][..., 0], axis=1) > columns / 2
    kept = triangles[~(inner | across)]
    radius = np.hypot(vertices[:, 0], vertices[:, 2] - AXIS_Z)
    sample, triangle, weights = visible_triangles(flat, radius, kept, rows, columns)
    fields = np.column_stack([vertices, bust.masks["lips"], bust.masks["ears"]])
    seen = np.zeros((rows * columns, fields.shape[1] + 1))
    seen[sample, :-1] = np.einsum("sk,skf->sf", weights, fields[kept[triangle]])
    seen[sample, -1] = 1
    filled = seen.reshape(rows, columns, -1)
    around = cv2.GaussianBlur(filled, (0, 0), 3)  # holes (mouth line, nostrils, back seam) take what is near
    filled = np.where(filled[..., -1:] > 0, filled, around / np.maximum(around[..., -1:], 1e-6))
    fine = cv2.resize(filled.astype(np.float32), (COLUMNS, ROWS), interpolation=cv2.INTER_LINEAR)
    x, _, z, lips, ears, _ = np.moveaxis(fine, -1, 0)
    height = HIGHEST_Y - (np.arange(ROWS, dtype=np.float32) + 0.5) / ROWS * (HIGHEST_Y - LOWEST_Y)
    return Places(np.abs(x), np.broadcast_to(height[:, None], x.shape), z, lips, ears)


def noise(rng: np.random.Generator, sigma_px: float) -> Layer:
    """Smooth noise (ROWS, COLUMNS) of mean 0 and deviation 1, correlated over `sigma_px` pixels."""
    shrink = max(1, int(sigma_px / 2))
    white = rng.standard_normal((ROWS // shrink, COLUMNS // shrink), dtype=np.float32)
    smooth = cv2.GaussianBlur(white, (0, 0), sigma_px / shrink, borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.resize(smooth / smooth.std(), (COLUMNS, ROWS)), dtype=np.float32)


def spot(at: Places, x: float, y: float, width: float, height: float) -> Layer:
    """A soft spot on both sides of the face, 1 in its middle."""
    return np.asarray(np.exp(-(((at.x - x) / width) ** 2) - ((at.y - y) / height) ** 2) * (at.z > 0.6))


def line(at: Places, points: list[tuple[float, float]], width: float) -> Layer:
    """A soft line through points (distance from the midline, height) on both sides, 1 on it."""
    drawn = np.zeros((ROWS, COLUMNS), dtype=np.uint8)
    for side in (-1.0, 1.0):
        cv2.polylines(drawn, [_pixels(np.array(points), side)], False, 255, 1, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(drawn.astype(np.float32), (0, 0), width * ROWS / (HIGHEST_Y - LOWEST_Y))
    return np.asarray(soft / max(float(soft.max()), 1e-6))


def _pixels(points: Floats, side: float) -> npt.NDArray[np.int32]:
    """Fixed-point pixels (N, 1, 2) of front points (x, y); their depth is read from the base mesh."""
    at = places()
    half = at.x[:, COLUMNS // 2 :]
    row = np.clip((HIGHEST_Y - points[:, 1]) / (HIGHEST_Y - LOWEST_Y) * ROWS - 0.5, 0, ROWS - 1)
    front = half[np.rint(row).astype(int), : COLUMNS // 4]
    monotone = np.maximum.accumulate(front, axis=1)
    column = np.array(
        [np.interp(x, xs, np.arange(len(xs))) for x, xs in zip(points[:, 0], monotone, strict=True)]
    )
    column = COLUMNS / 2 - 0.5 + side * (column + 0.5)
    return np.asarray(np.rint(np.stack([column, row], -1)[:, None] * 16), dtype=np.int32)


def _strokes(rng: np.random.Generator, look: Appearance) -> Layer:
    """Coverage 0..1 of the eyebrows: single hairs along the brow ridge."""
    drawn = np.zeros((ROWS, COLUMNS), dtype=np.uint8)
    way = np.linspace(0, 1, len(BROW_SPINE))
    n_hairs = int(420 * look.brow_density)
    for side in (-1.0, 1.0):
        along = rng.beta(1.0, 1.15, n_hairs)
        across = rng.uniform(-1, 1, n_hairs)
        root = np.stack([np.interp(along, way, BROW_SPINE[:, k]) for k in (0, 1)], axis=1)
        root[:, 1] += across * np.interp(along, way, BROW_HALF_WIDTHS) * look.brow_thickness
        # hairs stand up at the inner end and lie along the brow further out, upper ones pointing down
        angle = np.interp(along, [0, 0.25, 1], [0.95, 0.4, -0.45]) - 0.35 * across * (along > 0.2)
        angle += rng.normal(0, 0.18, n_hairs)
        length = rng.uniform(0.035, 0.075, n_hairs) * np.interp(along, [0, 0.2, 1], [0.6, 1, 0.8])
        tip = root + length[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        start, end = _pixels(root, side), _pixels(tip, side)
        for a, b, tone in zip(start[:, 0], end[:, 0], rng.integers(110, 255, n_hairs), strict=True):
            cv2.line(drawn, a.tolist(), b.tolist(), int(tone), 1, cv2.LINE_AA, 4)
    hairs = drawn.astype(np.float32) / 255
    return np.asarray(np.clip(0.75 * hairs + 0.55 * cv2.GaussianBlur(hairs, (0, 0), 2.5), 0, 1))


def _beard(at: Places) -> Layer:
    """Where a beard grows, 0..1: jaw, chin, upper lip, and the throat below."""
    jaw = smoothstep(6.95, 6.5, at.y - 0.55 * np.maximum(at.x - 0.3, 0)) * smoothstep(5.9, 6.15, at.y)
    beside = 1 - smoothstep(0.72, 0.8, at.x)
    cheek = 1 - 0.9 * spot(at, 0.42, 6.85, 0.14, 0.16)
    nose = 1 - smoothstep(6.78, 6.83, at.y) * (at.x < 0.3)
    front = smoothstep(0.2, 0.45, at.z)
    return np.asarray(
        jaw * beside * cheek * nose * front * (1 - np.clip(at.lips * 2, 0, 1)), dtype=np.float32
    )


def _lines_of_age(at: Places) -> Layer:
    """Folds and lines of an older face, 0..1."""
    folds = line(at, [(0.19, 6.88), (0.25, 6.8), (0.31, 6.7), (0.34, 6.6)], 0.014)
    feet = sum(line(at, [(0.47, 7.28 + d), (0.56, 7.29 + 2.6 * d)], 0.007) for d in (-0.03, 0.0, 0.03))
    brow = sum(line(at, [(0.0, y), (0.2, y + 0.015), (0.42, y)], 0.008) for y in (7.68, 7.78, 7.87))
    bags = line(at, [(0.19, 7.2), (0.27, 7.15), (0.37, 7.16), (0.43, 7.2)], 0.012)
    return np.asarray(np.clip(0.9 * folds + 0.5 * feet + 0.4 * brow + 0.6 * bags, 0, 1), dtype=np.float32)


def _mix(colour: Layer, other: Floats | Layer, amount: Layer) -> Layer:
    return np.asarray(colour + (np.asarray(other, dtype=np.float32) - colour) * amount[..., None])


def paint_skin(look: Appearance, hair_mask: Layer, hair_shade: Layer, rng: np.random.Generator) -> Picture:
    """The picture (ROWS, COLUMNS, 4) on the cylinder: sRGB, and in the fourth channel how much it shines.

    Args:
        look: the appearance.
        hair_mask: (ROWS, COLUMNS) 0..1 where hair grows: the scalp shows its colour.
        hair_shade: (ROWS, COLUMNS) 0..1 where hair hangs over the skin and shades it.
        rng: draws blotches, pores, freckles and hairs.
    """
    at = places()
    blotches = 0.6 * noise(rng, 40) + 0.5 * noise(rng, 14) + 0.4 * noise(rng, 5)
    pores = 0.7 * noise(rng, 1.3) + 0.6 * noise(rng, 2.4)
    tone = 1 + 0.022 * look.mottling * blotches + 0.03 * look.pores * pores
    colour = np.asarray(look.skin, dtype=np.float32) * tone[..., None]
    red = 0.9 * spot(at, 0.42, 6.93, 0.19, 0.17) + 0.8 * spot(at, 0.0, 6.9, 0.13, 0.13) + 0.5 * at.ears
    red += 0.35 * spot(at, 0.0, 6.4, 0.2, 0.12) + 0.25 * np.clip(noise(rng, 12), 0, 2)
    colour *= 1 + np.array([0.03, -0.09, -0.08], dtype=np.float32) * (look.redness * red)[..., None]
    # the skin around the eyes is thinner and darker
    colour *= 1 - 0.13 * spot(at, 0.3, 7.24, 0.16, 0.11)[..., None] * np.array(
        [0.8, 1, 0.9], dtype=np.float32
    )
    colour *= 1 - 0.26 * look.age**1.5 * _lines_of_age(at)[..., None]
    if look.freckles > 0.02:
        dots = smoothstep(2.1, 3.0, noise(rng, 2.2) + 0.35 * noise(rng, 25))
        where = spot(at, 0.3, 7.0, 0.5, 0.45)
        colour = _mix(colour, look.skin * [0.62, 0.5, 0.42], np.clip(look.freckles * dots * where, 0, 0.75))
    moles = smoothstep(4.4, 4.9, noise(rng, 3.0))
    colour = _mix(colour, look.skin * [0.4, 0.3, 0.28], 0.8 * moles)
    if look.stubble > 0:
        follicles = 0.4 + 0.6 * smoothstep(-0.2, 1.0, noise(rng, 1.1))
        colour = _mix(
            colour, 0.55 * look.hair + 0.25 * look.skin, 0.6 * look.stubble * _beard(at) * follicles
        )
    colour = _paint_lips(colour, at, look, rng)
    brows = _strokes(rng, look)
    colour = _mix(colour, look.brow, np.clip(brows, 0, 0.93))
    shadow = cv2.GaussianBlur(hair_shade, (0, 0), 9)
    colour *= 1 - 0.38 * np.roll(shadow, 5, axis=0)[..., None] * np.array([0.85, 1.0, 1.0], dtype=np.float32)
    roots = hair_mask * (0.75 + 0.15 * noise(rng, 1.5).clip(-1, 1))
    colour = _mix(colour, look.hair * 0.75, np.clip(roots, 0, 0.95))
    neckline = 5.78 + 0.1 * np.clip(at.x / 0.7, 0, 1) - 0.12 * np.clip(at.z, 0, 1)
    cloth = smoothstep(0.0, -0.008, at.y - neckline)
    weave = 1 + 0.05 * noise(rng, 1.2) + 0.06 * noise(rng, 30)
    hem = 1 - 0.25 * np.exp(-(((at.y - neckline + 0.05) / 0.008) ** 2))
    colour = _mix(colour, look.cloth * (weave * hem)[..., None], cloth)
    shine = 0.42 + 0.35 * spot(at, 0.0, 7.0, 0.1, 0.4) + 0.2 * spot(at, 0.0, 7.7, 0.45, 0.2)
    shine = (shine + 0.12 * pores * look.pores) * (1 - brows) * (1 - 0.7 * roots) * (1 - cloth)
    return np.asarray(np.clip(np.dstack([colour, 255 * shine]), 0, 255), dtype=np.uint8)


def _paint_lips(colour: Layer, at: Places, look: Appearance, rng: np.random.Generator) -> Layer:
    amount = smoothstep(0.2, 0.75, at.lips + 0.06 * noise(rng, 3))
    creases = 1 + 0.07 * cv2.GaussianBlur(noise(rng, 1.2), (0, 0), sigmaX=0.6, sigmaY=5)
    dark = 1 - np.mean(look.skin) / 255
    lip = look.skin * np.array([0.88, 0.6 + 0.12 * dark, 0.6 + 0.14 * dark])
    colour = _mix(colour, lip * creases[..., None], (0.35 + 0.6 * look.lip) * amount)
    gap = line(at, [(0.0, 6.603), (0.12, 6.607), (0.22, 6.616), (0.285, 6.632)], 0.006)
    return _mix(colour, lip * 0.42, 0.75 * gap)


def paint_eye(look: Appearance, rng: np.random.Generator) -> Picture:
    """The eye from the front (EYE_SIZE, EYE_SIZE, 4): sRGB and shine; the unit sphere, looked at along z."""
    axis = (np.arange(EYE_SIZE) + 0.5) / EYE_SIZE * 2 - 1
    x, y = np.meshgrid(axis, axis)
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    veins = np.asarray(cv2.GaussianBlur(rng.standard_normal((EYE_SIZE, EYE_SIZE)), (0, 0), 2.5), np.float64)
    white = np.array([226.0, 220.0, 214.0]) - smoothstep(0.45, 0.95, radius)[..., None] * [14, 44, 46]
    white = white - smoothstep(0.03, 0.12, veins)[..., None] * smoothstep(0.5, 0.8, radius)[..., None] * [
        4,
        26,
        26,
    ]
    n_fibres = 180
    fibre = np.interp(angle, np.linspace(-np.pi, np.pi, n_fibres), rng.normal(1, 0.22, n_fibres))
    depth = np.clip((radius - PUPIL_SINE) / (IRIS_SINE - PUPIL_SINE), 0, 1)
    ring = 1.25 - 0.35 * depth + 0.25 * np.exp(-(((depth - 0.25) / 0.15) ** 2))
    edge = 1 - 0.72 * smoothstep(0.74, 1.0, depth)
    iris = look.iris * (fibre * ring * edge)[..., None]
    soft = 2.2 / EYE_SIZE
    colour = (
        white + (iris - white) * smoothstep(IRIS_SINE + 1.6 * soft, IRIS_SINE - 1.6 * soft, radius)[..., None]
    )
    colour = colour * smoothstep(PUPIL_SINE - soft, PUPIL_SINE + soft, radius)[..., None] + 6.0
    return np.asarray(np.clip(np.dstack([colour, np.full_like(radius, 255.0)]), 0, 255), dtype=np.uint8)
