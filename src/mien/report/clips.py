"""Single clips of a run as the page shows them: the worst mistakes, and the points of the embedding map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from mien.report.charts.embedding import MapPoint, embedding_map, plane
from mien.report.charts.flow import FlowPicture, flow_picture
from mien.report.prepared import ClipSource
from mien.report.run_folder import RunFolder

MOST_WORST = 12
MOST_POINTS = 1500


@dataclass(frozen=True)
class ClassProb:
    """The probability of one class, averaged over the seeds."""

    name: str
    prob: float
    place: int


@dataclass(frozen=True)
class WorstClip:
    """A clip that was recognised wrongly with high probability."""

    key: str
    truth: str
    wrong: str
    probs: Sequence[ClassProb]
    n_wrong_seeds: int
    au: str
    nearest: str
    flow: FlowPicture | None


@dataclass(frozen=True)
class EmbeddingMap:
    """The map and its table; `n_left_out` counts clips that are not drawn to keep the page light."""

    picture: Markup
    points: Sequence[MapPoint]
    n_left_out: int


def worst_clips(run: RunFolder, source: ClipSource, most: int = MOST_WORST) -> list[WorstClip]:
    """The clips with the highest probability (mean over seeds) on a wrong class that beat the true one."""
    classes = run.config.classes
    grouped = run.predictions.groupby("key", sort=False)
    probs = grouped[run.prob_columns].mean().to_numpy()
    first = grouped.first()
    truth = np.array([classes.index(name) for name in first["truth"]])
    rows = np.arange(len(first))
    wrong = probs.copy()
    wrong[rows, truth] = -1.0
    beaten = wrong.max(axis=1) > probs[rows, truth]
    order = [row for row in np.argsort(-wrong.max(axis=1), kind="stable") if beaten[row]][:most]
    wrong_seeds = (
        (run.predictions["truth"] != run.predictions["predicted"]).groupby(run.predictions["key"]).sum()
    )
    nearest = _nearest(run)
    found = []
    for row in order:
        key = str(first.index[row])
        found.append(
            WorstClip(
                key=key,
                truth=classes[truth[row]],
                wrong=classes[int(wrong[row].argmax())],
                probs=[ClassProb(name, float(probs[row, k]), k) for k, name in enumerate(classes)],
                n_wrong_seeds=int(wrong_seeds[key]),
                au=source.au(key),
                nearest=nearest.get(key, ""),
                flow=_picture(source, key),
            )
        )
    return found


def _picture(source: ClipSource, key: str) -> FlowPicture | None:
    flow = source.flow(key)
    if flow is None:
        return None
    label = f"Flow of clip {key}: strain as a tint, motion as arrows."
    return flow_picture(flow, in_pixels=source.in_pixels, label=label)


def _nearest(run: RunFolder) -> dict[str, str]:
    if run.embeddings is None:
        return {}
    return dict(zip(run.embeddings.key.tolist(), run.embeddings.nearest.tolist(), strict=True))


def map_of(run: RunFolder, source: ClipSource, most: int = MOST_POINTS) -> EmbeddingMap | None:
    """The embedding map of the run's first seed, or None where the run holds no embeddings."""
    if run.embeddings is None:
        return None
    found = run.embeddings
    first_seed = run.predictions[run.predictions["seed"] == run.config.seeds[0]].set_index("key")
    known = np.flatnonzero(np.isin(found.key, first_seed.index))
    at, shares = plane(found.visual[known])
    drawn = np.unique(np.linspace(0, len(known) - 1, min(len(known), most)).round().astype(int))
    points = []
    for row in known[drawn]:
        key = str(found.key[row])
        clip = first_seed.loc[key]
        similarity = float(found.similarity[row])
        nearest = str(found.nearest[row]) if not math.isnan(similarity) else ""
        points.append(
            MapPoint(key, str(clip["truth"]), str(clip["predicted"]), nearest, similarity, source.au(key))
        )
    picture = embedding_map(points, at[drawn], shares, run.config.classes)
    return EmbeddingMap(picture, points, len(known) - len(drawn))
