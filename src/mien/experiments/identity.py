"""How much a representation tells who a clip shows: a linear probe for people, closed set and open set.

A representation from which people can be named lets a random split score well for the wrong reason. The probe
names people from clips of another session, beside the usual random split, which shares sessions (light, clothes,
pose) between training and test; and, for pictures, from the first frame alone and from what changes after it. After
the critique of Kay et al., "Person Recognition using Facial Micro-Expressions with Deep Learning", arXiv
2306.13907, whose random split shares sessions and has neither baseline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import GroupKFold

from mien.clips.sessions import sessions
from mien.clips.table import ClipTable
from mien.errors import InputError, UsageError
from mien.experiments.linear_probe import FloatArray, IntArray, LinearNamer, inner_products
from mien.metrics.identification import (
    rank_k,
    rank_k_interval,
    ranks,
    verification,
    verification_intervals,
)
from mien.prepare.prepared import PreparedSet
from mien.protocols.sessions import enrolled_parts, several_sessions

PICTURES = frozenset({"r", "g", "b", "grey"})
MOMENTS = ("onset", "apex")
# Fewer people than this say nothing about telling people apart; verification needs two held out and two enrolled.
FEWEST = 4

Update = Callable[[int, int, str], None]


@dataclass(frozen=True)
class ProbeConfig:
    """Parts of the data, each held out once; the seed that deals clips to them and draws the bootstrap."""

    folds: int = 5
    seed: int = 0


class Namer(Protocol):
    """Learns people from training clips and scores test clips (n, K) for them; see `LinearNamer.scores`."""

    def scores(self, train: IntArray, test: IntArray, people: IntArray, parts: IntArray, /) -> FloatArray: ...


#: What names people, by the view of the clips that it reads.
Views = Mapping[str, Namer]


def set_views(prepared: PreparedSet, names: tuple[str, ...] = ()) -> Views:
    """Every array of the set (or those named); pictures also as their first frame and as the change since it.

    Raises:
        UsageError: the set has no array of that name.
    """
    unknown = [name for name in names if name not in prepared.arrays]
    if unknown:
        raise UsageError(
            "the prepared set has no such array",
            where=prepared.path,
            found=", ".join(unknown),
            do=f"choose among {', '.join(sorted(prepared.arrays))}",
        )
    return {
        title: LinearNamer(inner_products(array))
        for name in names or sorted(prepared.arrays)
        for title, array in forms(name, prepared.arrays[name], prepared.specs[name].channels)
    }


def features_view(features: npt.NDArray[Any], n_clips: int) -> Views:
    """Features (N, ...) of one's own, such as the embeddings of one network, a row per clip of the set.

    Raises:
        InputError: not a row per clip, or a value that is no finite number.
    """
    if features.ndim < 2 or len(features) != n_clips:
        raise InputError(
            "the features need one row per clip of the prepared set",
            found=f"shape {features.shape} for {n_clips} clips",
        )
    if features.dtype.kind not in "fiu" or not np.isfinite(features).all():
        raise InputError("the features must be finite numbers", found=f"type {features.dtype}")
    return {"features": LinearNamer(inner_products(features.reshape(n_clips, -1)))}


def forms(
    name: str, array: npt.NDArray[Any], channels: tuple[str, ...]
) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """The array under its name; pictures also as their first frame, and as what changes after it (0 in the first)."""
    yield name, array
    if channels == MOMENTS:
        frames = array[:, None]  # the channels are the two moments
    elif array.ndim == 5 and PICTURES.issuperset(channels):
        frames = array
    else:
        return
    first = frames[:, :, :1]
    yield f"{name}, first frame (still)", first
    yield f"{name}, change since it (motion)", frames.astype(np.float32) - first


def probe(
    table: ClipTable, views: Views, config: ProbeConfig, update: Update | None = None
) -> dict[str, Any]:
    """The findings, ready for JSON: one row per database, view and split, and the clips left out of each database.

    Databases are probed one by one: which database a clip is from would say much about the person.

    Raises:
        UsageError: fewer than two folds.
        InputError: no database has enough people of several sessions.
    """
    if config.folds < 2:
        raise UsageError("the probe needs two folds or more", found=config.folds)
    cases, databases = _cases(table)
    if not cases:
        raise InputError(
            f"no database of the set has {FEWEST} people or more with clips of two sessions",
            found="; ".join(
                f"{name}: {facts['people']} such people of {facts['people_of_all']}"
                for name, facts in databases.items()
            ),
        )
    todo = [(case, view, split) for case in cases for view in views for split in case.splits]
    rows = []
    for done, (case, view, split) in enumerate(todo):
        if update:
            update(done, len(todo), f"{case.database}, {view}, {split}")
        rows.append(_row(case, views[view], split, config, view))
    if update:
        update(len(todo), len(todo), "done")
    return {"config": asdict(config), "databases": databases, "rows": rows}


@dataclass(frozen=True, eq=False)
class _Case:
    """The clips of a database whose people have several sessions: their places in the set, people, and splits."""

    database: str
    at: IntArray
    groups: npt.NDArray[np.str_]
    splits: Mapping[str, npt.NDArray[np.str_]]


def _cases(table: ClipTable) -> tuple[list[_Case], dict[str, dict[str, Any]]]:
    names, known = sessions(table)
    groups, homes = table.groups, table.datasets
    cases, told = [], {}
    for database in np.unique(homes).tolist():
        here = homes == database
        at = np.flatnonzero(here)[several_sessions(groups[here], names[here])]
        people = np.unique(groups[at]).size
        by_session = bool(known[here].all())
        told[database] = {
            "clips": int(at.size),
            "people": int(people),
            "clips_of_all": int(here.sum()),
            "people_of_all": int(np.unique(groups[here]).size),
            "sessions_known": by_session,
            "probed": people >= FEWEST,
        }
        if people >= FEWEST:
            # where sessions are unknown, names are the clips' own and only clips are kept apart
            apart = {"other sessions": names[at]} if by_session else {}
            cases.append(_Case(database, at, groups[at], {**apart, "other clips": table.keys[at]}))
    return cases, told


def _row(case: _Case, namer: Namer, split: str, config: ProbeConfig, view: str) -> dict[str, Any]:
    people = np.unique(case.groups, return_inverse=True)[1]
    blocks = case.splits[split]
    parts = enrolled_parts(case.groups, blocks, config.folds, config.seed)
    return {
        "database": case.database,
        "view": view,
        "split": split,
        "clips": int(case.at.size),
        "people": int(people.max()) + 1,
        **_identified(case, namer, people, parts, config.seed),
        **_verified(case, namer, people, blocks, parts, config),
    }


def _identified(case: _Case, namer: Namer, people: IntArray, parts: IntArray, seed: int) -> dict[str, Any]:
    """Top-1 and top-5 with intervals over people, and of always naming the people most frequent in training."""
    places = np.empty(people.size, dtype=np.int64)
    guessed = np.empty(people.size, dtype=np.int64)
    for part in np.unique(parts):
        train, test = np.flatnonzero(parts != part), np.flatnonzero(parts == part)
        scores = namer.scores(case.at[train], case.at[test], people[train], parts[train])
        places[test] = ranks(scores, people[test])
        order = np.argsort(-np.bincount(people[train]), kind="stable")
        guessed[test] = order.argsort()[people[test]] + 1
    told: dict[str, Any] = {}
    for k in (1, 5):
        interval = rank_k_interval(places, case.groups, k, seed=seed)
        told |= {
            f"top{k}": rank_k(places, k),
            f"top{k}_low": interval.low,
            f"top{k}_high": interval.high,
            f"chance{k}": rank_k(guessed, k),
        }
    return told


def _verified(
    case: _Case,
    namer: Namer,
    people: IntArray,
    blocks: npt.NDArray[np.str_],
    parts: IntArray,
    config: ProbeConfig,
) -> dict[str, Any]:
    """AUC and equal error rate of pairs of clips of people who were in no training.

    Two clips are alike as their scores for the people who were: the cosine between them. Both clips of a pair are
    held out together; pairs of one block (a session, or the clip itself) are left out.
    """
    n_people = int(people.max()) + 1
    folds = GroupKFold(n_splits=min(config.folds, n_people // 2))
    alike, first, second = [], [], []
    for train, test in folds.split(people, groups=people):
        own = np.unique(people[train], return_inverse=True)[1]
        scores = namer.scores(case.at[train], case.at[test], own, parts[train])
        scores = scores - scores.mean(axis=1, keepdims=True)
        unit = scores / np.maximum(np.linalg.norm(scores, axis=1, keepdims=True), 1e-12)
        a, b = np.triu_indices(test.size, 1)
        apart = blocks[test[a]] != blocks[test[b]]
        a, b = a[apart], b[apart]
        alike.append((unit[a] * unit[b]).sum(axis=1))
        first.append(case.groups[test[a]])
        second.append(case.groups[test[b]])
    similarity, one, other = np.concatenate(alike), np.concatenate(first), np.concatenate(second)
    found = verification(similarity, one == other)
    auc, eer = verification_intervals(similarity, one, other, seed=config.seed)
    return {
        **asdict(found),
        "auc_low": auc.low,
        "auc_high": auc.high,
        "eer_low": eer.low,
        "eer_high": eer.high,
    }
