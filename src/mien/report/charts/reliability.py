"""The reliability diagram: how often the recogniser is right, for each level of probability it gives."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from mien.report.charts.svg import Plot, line, path_through, tag, text
from mien.report.schema import ReliabilityBin

FIFTHS = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]


def reliability_diagram(bins: Sequence[ReliabilityBin]) -> Markup:
    """Accuracy against probability, with the diagonal to follow; under it the predictions of each bin."""
    plot = Plot(460, 430, (0, 1), (0, 1), bottom=122)
    filled = [each for each in bins if each.n > 0 and not math.isnan(each.confidence + each.accuracy)]
    most = max((each.n for each in filled), default=1)
    points = [(plot.px(each.confidence), plot.py(each.accuracy)) for each in filled]
    parts = [
        plot.y_axis("share that was right", FIFTHS),
        line(plot.px(0), plot.py(0), plot.px(1), plot.py(1), "ideal"),
        text(plot.px(0.03), plot.py(0.95), "underconfident", class_="note"),
        text(plot.px(0.97), plot.py(0.04), "overconfident", class_="note", text_anchor="end"),
    ]
    if points:
        parts.append(tag("path", d=path_through(points), class_="line accent"))
    base = plot.height - plot.bottom + 76
    for each, (x, y) in zip(filled, points, strict=True):
        words = (
            f"probability {each.low:.2f} to {each.high:.2f}: {each.n} predictions, "
            f"mean probability {each.confidence:.3f}, right {each.accuracy:.3f}"
        )
        radius = 3.0 + 6.0 * math.sqrt(each.n / most)
        parts.append(tag("circle", tag("title", words), cx=x, cy=y, r=radius, class_="dot accent"))
        left, right = plot.px(each.low) + 1, plot.px(each.high) - 1
        tall = max(1.0, 48.0 * each.n / most)
        bar = {"x": float(left), "y": base - tall, "width": float(max(right - left, 1)), "height": tall}
        parts.append(tag("rect", tag("title", words), rx=1.5, class_="bar accent", **bar))
    parts.append(line(plot.left, base, plot.width - plot.right, base, "base"))
    parts.append(text(plot.left - 7, base - 40, f"{most:,}", text_anchor="end", class_="tick"))
    parts += [text(plot.px(v), base + 17, f"{v:g}", text_anchor="middle", class_="tick") for v in FIFTHS]
    middle = (plot.left + plot.width - plot.right) / 2
    parts.append(
        text(middle, plot.height - 8, "highest probability given", text_anchor="middle", class_="axis")
    )
    parts.append(text(plot.left, base - 56, "predictions per bin", class_="note"))
    said = "; ".join(f"at {each.confidence:.2f} right {each.accuracy:.2f} (n {each.n})" for each in filled)
    return plot.svg(*parts, label=f"Reliability diagram. {said or 'No bin holds a prediction.'}")
