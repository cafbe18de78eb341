"""Inline SVG: escaped tags, and a plot area with axes.

Colours come from the page's style sheet, so that a chart follows its theme.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup, escape

MARKERS = ("circle", "square", "triangle", "diamond", "down", "plus", "hexagon")


def number(value: float) -> str:
    """`value` with at most two decimals: fine enough for a coordinate, and short."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """`<name ...>children</name>`, every value escaped.

    A trailing `_` of an attribute's name is dropped, others become `-`; an attribute of None is left out.
    """
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if value is None:
            continue
        text = number(value) if isinstance(value, float) else str(value)
        parts.append(f' {key.rstrip("_").replace("_", "-")}="{escape(text)}"')
    inner = Markup("").join(escape(child) for child in children)
    return Markup("".join(parts)) + Markup(">") + inner + Markup(f"</{name}>")


def text(x: float, y: float, words: object, **attributes: object) -> Markup:
    return tag("text", words, x=float(x), y=float(y), **attributes)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return tag("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=class_)


def path_through(points: list[tuple[float, float]]) -> str:
    """The `d` of a polyline."""
    return "M" + "L".join(f"{number(x)},{number(y)}" for x, y in points)


def marker(kind: int, x: float, y: float, r: float, *children: object, class_: str) -> Markup:
    """A mark about as large as a circle of radius `r`; the shape tells classes apart where colour cannot."""
    shape = MARKERS[kind % len(MARKERS)]
    if shape == "circle":
        return tag("circle", *children, cx=float(x), cy=float(y), r=float(r), class_=class_)
    corners = {
        "square": [(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
        "triangle": [(0, -1.3), (1.15, 0.8), (-1.15, 0.8)],
        "diamond": [(0, -1.3), (1.15, 0), (0, 1.3), (-1.15, 0)],
        "down": [(0, 1.3), (1.15, -0.8), (-1.15, -0.8)],
        "plus": [
            *[(-0.4, -1.2), (0.4, -1.2), (0.4, -0.4), (1.2, -0.4), (1.2, 0.4), (0.4, 0.4)],
            *[(0.4, 1.2), (-0.4, 1.2), (-0.4, 0.4), (-1.2, 0.4), (-1.2, -0.4), (-0.4, -0.4)],
        ],
        "hexagon": [(math.cos(math.pi * k / 3) * 1.1, math.sin(math.pi * k / 3) * 1.1) for k in range(6)],
    }[shape]
    d = path_through([(x + r * dx, y + r * dy) for dx, dy in corners]) + "Z"
    return tag("path", *children, d=d, class_=class_)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from `low` to `high`, at most about `most` of them."""
    if not high > low:
        return [low]
    step = 10.0 ** math.floor(math.log10((high - low) / most))
    step *= next(m for m in (1, 2, 5, 10) if (high - low) / (step * m) <= most)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


@dataclass(frozen=True)
class Plot:
    """A plot area in a picture of `width` x `height` units, with linear scales from `x` and `y` ranges."""

    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]
    left: float = 48
    right: float = 14
    top: float = 14
    bottom: float = 44

    def px(self, value: float) -> float:
        return self.left + (value - self.x[0]) / (self.x[1] - self.x[0]) * (
            self.width - self.left - self.right
        )

    def py(self, value: float) -> float:
        span = self.height - self.top - self.bottom
        return self.top + (self.y[1] - value) / (self.y[1] - self.y[0]) * span

    def y_axis(self, label: str, at: list[float] | None = None) -> Markup:
        """Horizontal grid lines with their numbers, and the name of the axis above them."""
        drawn = Markup("")
        for value in ticks(*self.y) if at is None else at:
            y = self.py(value)
            drawn += line(self.left, y, self.width - self.right, y, "grid")
            drawn += text(self.left - 7, y + 4, f"{value:g}", text_anchor="end", class_="tick")
        middle = (self.top + self.height - self.bottom) / 2
        turn = f"rotate(-90 13 {number(middle)})"
        return drawn + text(13, middle, label, text_anchor="middle", class_="axis", transform=turn)

    def x_axis(self, label: str, at: list[float] | None = None) -> Markup:
        """The base line, numbers under it, and the name of the axis."""
        base = self.height - self.bottom
        drawn = line(self.left, base, self.width - self.right, base, "base")
        for value in ticks(*self.x) if at is None else at:
            drawn += text(self.px(value), base + 17, f"{value:g}", text_anchor="middle", class_="tick")
        middle = (self.left + self.width - self.right) / 2
        return drawn + text(middle, self.height - 7, label, text_anchor="middle", class_="axis")

    def svg(self, *content: Markup, label: str, class_: str = "chart", style: str | None = None) -> Markup:
        """The picture; `label` says in words what it shows, for those who do not see it."""
        box = f"0 0 {number(self.width)} {number(self.height)}"
        return tag("svg", *content, viewBox=box, role="img", aria_label=label, class_=class_, style=style)
