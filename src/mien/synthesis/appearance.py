"""How a made-up person looks: skin, eyes, brows, hair, clothes and age, drawn to fit the descent of the face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.synthesis.head import Floats
from mien.synthesis.identity import Descent

#: Skin from very light to very dark, sRGB 0..255: anchors between which a tone of 0..1 lies.
SKIN_TONES = np.array(
    [
        [240, 208, 188],
        [229, 190, 163],
        [214, 168, 135],
        [190, 140, 104],
        [152, 104, 74],
        [112, 74, 53],
        [78, 52, 40],
    ],
    dtype=np.float64,
)
#: Lightest and darkest usual tone of each ethnicity of the phenotypes.
TONE_RANGES = {"caucasian": (0.02, 0.36), "asian": (0.12, 0.45), "african": (0.62, 0.98)}
HAIR_COLOURS = np.array(
    [[22, 18, 17], [38, 28, 23], [62, 43, 31], [92, 64, 42], [140, 102, 62], [186, 152, 104], [110, 52, 30]],
    dtype=np.float64,
)
LIGHT_HAIR_SHARES = (0.08, 0.2, 0.27, 0.2, 0.13, 0.07, 0.05)
DARK_HAIR_SHARES = (0.62, 0.3, 0.08, 0.0, 0.0, 0.0, 0.0)
GREY = np.array([172.0, 168.0, 163.0])
IRIS_COLOURS = np.array(
    [[46, 28, 18], [72, 44, 26], [104, 74, 40], [74, 78, 58], [76, 90, 102], [96, 102, 106]],
    dtype=np.float64,
)
LIGHT_IRIS_SHARES = (0.1, 0.25, 0.2, 0.15, 0.2, 0.1)
DARK_IRIS_SHARES = (0.6, 0.35, 0.05, 0.0, 0.0, 0.0)
SHORT_STYLES, LONG_STYLES = ("cropped", "short", "full", "fringe"), ("tied", "long", "long_fringe", "bob")


@dataclass(frozen=True, eq=False)
class Appearance:
    """Colours are sRGB 0..255; everything else is 0..1 unless said.

    Attributes:
        skin, hair, brow, iris, cloth: colours (3,).
        redness: how much redder cheeks, nose and lips are.
        mottling: strength of large blotches; `freckles` and `pores` of small ones.
        lip: how much the lips stand out.
        brow_density, brow_thickness: of the eyebrows.
        style: hair style, one of `SHORT_STYLES` or `LONG_STYLES`.
        hair_line: how far the hair line lies above (positive) or below the usual one, decimetres.
        volume: thickness of the hair, decimetres.
        curl: 0 straight to 1 curly.
        lashes: how dense the lashes are.
        stubble: density of a shaved or short beard.
        age: 0 young to 1 old: lines of the face.
    """

    skin: Floats
    hair: Floats
    brow: Floats
    iris: Floats
    cloth: Floats
    redness: float
    mottling: float
    freckles: float
    pores: float
    lip: float
    brow_density: float
    brow_thickness: float
    style: str
    hair_line: float
    volume: float
    curl: float
    lashes: float
    stubble: float
    age: float


def skin_tone(tone: float) -> Floats:
    """The colour (3,) of a skin tone from 0 (very light) to 1 (very dark)."""
    place = np.clip(tone, 0.0, 1.0) * (len(SKIN_TONES) - 1)
    return np.array([np.interp(place, np.arange(len(SKIN_TONES)), channel) for channel in SKIN_TONES.T])


def draw_appearance(descent: Descent, rng: np.random.Generator) -> Appearance:
    """A look that fits the descent: its ethnicities set the tone, its sex and age hair, beard and lines."""
    shares = {name: descent.share(name) for name in TONE_RANGES}
    place = rng.beta(2, 2)
    tone = sum(share * (low + (high - low) * place) for (low, high), share in _ranges(shares))
    man, old = descent.share("male") > 0.5, descent.share("old")
    light = shares["caucasian"] > 0.5
    hair = HAIR_COLOURS[rng.choice(len(HAIR_COLOURS), p=LIGHT_HAIR_SHARES if light else DARK_HAIR_SHARES)]
    iris = IRIS_COLOURS[rng.choice(len(IRIS_COLOURS), p=LIGHT_IRIS_SHARES if light else DARK_IRIS_SHARES)]
    styles = SHORT_STYLES if man else LONG_STYLES
    grey = float(np.clip((old - 0.45) * 2.2 + rng.normal(0, 0.12), 0, 0.9))
    curly = shares["african"] > 0.5
    freckled = light and tone < 0.2
    return Appearance(
        skin=skin_tone(tone) * np.exp(rng.normal(0, 0.02, 3)),
        hair=hair + (GREY - hair) * grey,
        brow=hair * 0.8 + (GREY - hair) * grey * 0.5,
        iris=iris * np.exp(rng.normal(0, 0.08)),
        cloth=np.clip(rng.uniform(25, 190) + rng.normal(0, 18, 3), 10, 235),
        redness=float(rng.uniform(0.35, 1.0)),
        mottling=float(rng.uniform(0.5, 1.2)),
        freckles=float(rng.uniform(0.2, 1.0) if freckled and rng.random() < 0.5 else rng.uniform(0, 0.25)),
        pores=float(rng.uniform(0.6, 1.3)),
        lip=float(rng.uniform(0.35, 0.7) if man else rng.uniform(0.5, 1.0)),
        brow_density=float(rng.uniform(0.7, 1.0)),
        brow_thickness=float(rng.uniform(0.65, 1.0) if man else rng.uniform(0.5, 0.85)),
        style=str(rng.choice(styles)),
        hair_line=float(rng.normal(0.0, 0.04) + (0.12 * old if man else 0.0)),
        volume=float(rng.uniform(0.08, 0.2)) * (0.8 if man else 1.0),
        curl=float(rng.uniform(0.6, 1.0) if curly else rng.beta(1.2, 4.0)),
        lashes=float(rng.uniform(0.35, 0.6) if man else rng.uniform(0.6, 1.0)),
        stubble=float(rng.uniform(0.15, 0.9) if man and rng.random() < 0.75 else 0.0),
        age=float(np.clip(0.15 + 0.85 * old + rng.normal(0, 0.08), 0, 1)),
    )


def _ranges(shares: dict[str, float]) -> list[tuple[tuple[float, float], float]]:
    return [(TONE_RANGES[name], share) for name, share in shares.items()]
