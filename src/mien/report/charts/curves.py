"""Training curves: the mean of a loss term over folds and seeds, with the band that holds most of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup

from mien.report.charts.svg import Plot, path_through, tag, ticks

BAND = (5, 95)
MOST_POINTS = 240
NOT_TERMS = ("seed", "fold", "epoch")


@dataclass(frozen=True)
class TermCurve:
    """One loss term, drawn; `last` is its mean at the last epoch."""

    name: str
    last: float
    picture: Markup


def term_curves(curves: pd.DataFrame) -> list[TermCurve]:
    """One chart per loss term, the total loss first. A term that holds no number anywhere is not drawn."""
    names = sorted(
        (name for name in curves.columns if name not in NOT_TERMS), key=lambda name: name != "loss"
    )
    return [_term_curve(curves, name) for name in names if np.isfinite(curves[name]).any()]


def _term_curve(curves: pd.DataFrame, name: str) -> TermCurve:
    values = curves[["epoch", name]].replace([np.inf, -np.inf], np.nan).dropna()
    grouped = values.groupby("epoch")[name]
    table = pd.DataFrame(
        {
            "mean": grouped.mean(),
            "low": grouped.quantile(BAND[0] / 100),
            "high": grouped.quantile(BAND[1] / 100),
        }
    )
    step = np.unique(np.linspace(0, len(table) - 1, min(len(table), MOST_POINTS)).round().astype(int))
    shown = table.iloc[step]
    epochs = shown.index.to_numpy(float)
    low, high = min(0.0, float(shown["low"].min())), float(shown["high"].max())
    plot = Plot(460, 250, _widened(epochs[0], epochs[-1]), _widened(low, high + 0.04 * (high - low)), left=54)
    x = [plot.px(float(each)) for each in epochs]
    edge = [(a, plot.py(float(b))) for a, b in zip(x, shown["high"], strict=True)]
    edge += [
        (a, plot.py(float(b))) for a, b in zip(reversed(x), reversed(shown["low"].tolist()), strict=True)
    ]
    middle = [(a, plot.py(float(b))) for a, b in zip(x, shown["mean"], strict=True)]
    first, last = float(shown["mean"].iloc[0]), float(shown["mean"].iloc[-1])
    picture = plot.svg(
        plot.y_axis("loss"),
        tag("path", d=path_through(edge) + "Z", class_="band accent"),
        tag("path", d=path_through(middle), class_="line accent"),
        plot.x_axis("epoch", [each for each in ticks(*plot.x) if each == int(each)]),
        label=f"Training curve of {name}: its mean goes from {first:.3g} at epoch {epochs[0]:g} "
        f"to {last:.3g} at epoch {epochs[-1]:g}.",
    )
    return TermCurve(name, last, picture)


def _widened(low: float, high: float) -> tuple[float, float]:
    """The range, or one around it where both ends are the same."""
    return (low, high) if high > low else (low - 0.5, high + 0.5)
