"""The colours of the page: readable on both themes, and apart for eyes that see colours differently."""

from __future__ import annotations

import itertools
import re
from importlib.resources import files

import numpy as np
import pytest

# simulation of full dichromacy on linear RGB: Machado, Oliveira and Fernandes, IEEE TVCG 2009
EYES = {
    "usual": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def _style() -> str:
    return files("mien.report").joinpath("templates", "style.css").read_text(encoding="utf-8")


def _theme(selector: str) -> dict[str, str]:
    block = _style().split(selector, 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))


LIGHT = _theme(":root {")
DARK = _theme(':root[data-theme="dark"] {')
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def _linear(colour: str) -> np.ndarray:
    share = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def _contrast(one: str, other: str) -> float:
    light = sorted(float(_linear(each) @ [0.2126, 0.7152, 0.0722]) for each in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)


def _oklab(linear: np.ndarray) -> np.ndarray:
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return np.asarray(lab @ np.cbrt(cones @ np.clip(linear, 0, 1)))


def _apart(one: str, other: str, eye: np.ndarray) -> float:
    return float(100 * np.linalg.norm(_oklab(eye @ _linear(one)) - _oklab(eye @ _linear(other))))


def test_the_dark_theme_is_the_same_by_system_and_by_button() -> None:
    assert _theme(':root:not([data-theme="light"]) {') == DARK
    assert set(LIGHT) == set(DARK)


@THEMES
def test_text_is_readable(theme: dict[str, str]) -> None:
    pairs = [("ink", "page"), ("ink", "surface"), ("soft", "page"), ("soft", "surface"), ("link", "surface")]
    pairs += [("warn-ink", "warn-back"), ("loud-ink", "loud-back")]
    for ink, ground in pairs:
        assert _contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)


@THEMES
def test_marks_stand_out_from_the_surface(theme: dict[str, str]) -> None:
    for name in ("accent", *[f"c{k}" for k in range(7)]):
        assert _contrast(theme[name], theme["surface"]) >= 3, name


@THEMES
@pytest.mark.parametrize("eye", list(EYES))
def test_classes_keep_apart_for_every_eye(theme: dict[str, str], eye: str) -> None:
    classes = [theme[f"c{k}"] for k in range(7)]
    for one, other in itertools.combinations(classes, 2):
        assert _apart(one, other, EYES[eye]) >= 8, (one, other)
    for one, other in itertools.combinations(classes[:3], 2):  # most tasks have three classes
        assert _apart(one, other, EYES[eye]) >= 15, (one, other)


@THEMES
def test_counts_stay_readable_on_the_darkest_cell(theme: dict[str, str]) -> None:
    share = float(re.search(r"calc\(var\(--p, 0%\) \* (\.\d+)\)", _style()).group(1))  # type: ignore[union-attr]
    mixed = share * _oklab(_linear(theme["sequence"])) + (1 - share) * _oklab(_linear(theme["surface"]))
    inverse = [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
    cones = (np.array(inverse) @ mixed) ** 3
    luminance = float(np.array([-0.0405762, 1.1122868, -0.0717075]) @ cones)
    ink = float(_linear(theme["ink"]) @ [0.2126, 0.7152, 0.0722])
    low, high = sorted((luminance, ink))
    assert (high + 0.05) / (low + 0.05) >= 4.5
