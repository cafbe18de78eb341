"""The embedding map: each clip's visual embedding, projected to the plane that keeps most of the spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from mien.report.charts.svg import Plot, marker, tag


@dataclass(frozen=True)
class MapPoint:
    """One clip of the map: where its embedding fell, and what is known of it."""

    key: str
    truth: str
    predicted: str
    nearest: str
    similarity: float
    au: str

    @property
    def right(self) -> bool:
        return self.truth == self.predicted

    def words(self) -> str:
        """What the pointer shows, a line per fact."""
        lines = [self.key, f"class: {self.truth}", f"recognised as: {self.predicted}"]
        if self.nearest:
            lines.append(f"nearest AU sentence: {self.nearest} (similarity {self.similarity:.2f})")
        lines.append(f"its own AUs: {self.au}")
        return "\n".join(lines)


def plane(visual: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """Coordinates (N, 2) on the first two principal components, and the share of the variance each keeps.

    Embeddings that are all alike, or fewer than two clips, give points at the origin and shares of zero.
    """
    centred = visual.astype(np.float64) - visual.mean(axis=0, dtype=np.float64)
    if min(visual.shape) < 2 or not np.abs(centred).max() > 1e-12:
        return np.zeros((len(visual), 2)), (0.0, 0.0)
    from sklearn.decomposition import PCA

    analysis = PCA(n_components=2, svd_solver="full")
    points = analysis.fit_transform(visual.astype(np.float64))
    shares = analysis.explained_variance_ratio_
    return points, (float(shares[0]), float(shares[1]))


def embedding_map(
    points: Sequence[MapPoint], at: np.ndarray, shares: tuple[float, float], classes: Sequence[str]
) -> Markup:
    """The map, one colour and shape per class; hollow marks are clips that were recognised wrongly."""
    reach = float(np.abs(at).max()) * 1.06 or 1.0
    wide = _range(at[:, 0], reach)
    tall = _range(at[:, 1], reach)
    plot = Plot(760, 560, wide, tall, left=34, bottom=34, right=10, top=10)
    order = {name: place for place, name in enumerate(classes)}
    drawn = [
        tag("rect", x=34, y=10, width=716, height=516, class_="field"),
        plot.x_axis(f"first component ({shares[0]:.0%} of the variance)", []),
        plot.y_axis(f"second component ({shares[1]:.0%})", []),
    ]
    for point, (x, y) in zip(points, at.tolist(), strict=True):
        place = order[point.truth]
        look = f"point c{place % 7} {'right' if point.right else 'wrong'} class-{place}"
        drawn.append(marker(place, plot.px(x), plot.py(y), 4.6, tag("title", point.words()), class_=look))
    label = (
        f"Map of {len(points)} clips by their visual embedding, marked by class: {', '.join(classes)}. "
        "The table under it lists every clip."
    )
    return plot.svg(*drawn, label=label, class_="chart map")


def _range(values: np.ndarray, reach: float) -> tuple[float, float]:
    margin = 0.05 * reach + 1e-9
    return float(values.min()) - margin, float(values.max()) + margin
