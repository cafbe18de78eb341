"""From the results of all folds to `predictions.csv`, `metrics.json`, `curves.csv` and `embeddings.npz`."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mien.experiments.jobs import FoldResult
from mien.experiments.setting import Setting
from mien.files import write_json, write_whole
from mien.metrics import calibration, intervals, recognition, uncertainty

SCORES = ("accuracy", "uf1", "uar", "weighted_f1")


def predictions_table(setting: Setting, results: Sequence[FoldResult]) -> pd.DataFrame:
    """One row per seed and clip, in the order of the seeds and of the set."""
    names = np.array(setting.classes)
    # A run that began under an older version may hold folds without a doubt: then no clip gets one.
    doubtful = all(result.doubt is not None for result in results)
    parts = []
    for result in results:
        fold = setting.folds[result.job.fold]
        at = fold.held_out
        subjects = [group.split("/", 1)[1] for group in setting.groups[at]]
        part = pd.DataFrame(
            {
                "position": at,
                "key": setting.keys[at],
                "dataset": setting.datasets[at],
                "subject": subjects,
                "fold": fold.name,
                "seed": result.job.seed,
                "truth": names[setting.labels[at]],
                "predicted": names[result.prob.argmax(axis=1)],
            }
        )
        for k, name in enumerate(setting.classes):
            part[f"prob_{name}"] = result.prob[:, k]
        if doubtful:
            part["doubt"] = result.doubt
        parts.append(part)
    table = pd.concat(parts).sort_values(["seed", "position"], kind="stable")
    return table.drop(columns="position").reset_index(drop=True)


def metrics(table: pd.DataFrame, classes: Sequence[str], audit: Mapping[str, Any] | None) -> dict[str, Any]:
    """All scores of a predictions table (columns as `Run.predictions` gives them); see the run-folder
    format."""
    k = len(classes)
    index = {name: i for i, name in enumerate(classes)}
    truth, predicted = table["truth"].map(index), table["predicted"].map(index)
    by_seed = [
        (seed, recognition.confusion(truth[rows], predicted[rows], k))
        for seed, rows in table.groupby("seed", sort=True).indices.items()
    ]
    per_seed = [{"seed": int(str(seed)), **recognition.scores(matrix).as_dict()} for seed, matrix in by_seed]
    wide = table.assign(p=predicted).set_index(["key", "seed"])["p"].unstack()  # noqa: PD010
    first = table[table["seed"] == table["seed"].min()].set_index("key").loc[wide.index]
    labels = first["truth"].map(index).to_numpy()
    bootstrap = intervals.subject_bootstrap(
        labels,
        wide.to_numpy().T,
        first["group"].to_numpy(str),
        k,
        datasets=first["dataset"].to_numpy(str),
    )
    pooled = sum(matrix for _, matrix in by_seed)
    prob = table[[f"prob_{name}" for name in classes]].to_numpy(float)
    found: dict[str, Any] = {"n_clips": len(first), "n_subjects": int(first["group"].nunique())}
    found["n_seeds"] = len(by_seed)
    for name in SCORES:
        values = np.array([row[name] for row in per_seed])
        found[name] = {
            "mean": float(values.mean()),
            "sd": float(values.std(ddof=1)) if len(values) > 1 else None,
            "low": bootstrap.intervals[name].low,
            "high": bootstrap.intervals[name].high,
        }
    found["undefined"] = recognition.undefined_reason(pooled, classes)
    found["per_class"] = {
        row.name: {
            "precision": row.precision,
            "recall": row.recall,
            "f1": row.f1,
            "support": row.support // len(by_seed),
        }
        for row in recognition.per_class(pooled, classes)
    }
    found["per_seed"] = per_seed
    found["per_database"] = _per_database(table, truth, predicted, k)
    found["per_subject"] = _per_subject(table, truth, predicted, k)
    found["confusion"] = np.asarray(pooled).tolist()
    found["ece"], found["brier"] = calibration.ece(prob, truth), calibration.brier(prob, truth)
    found["aurc"] = _aurc(table, truth, prob)
    found["reliability"] = [asdict(b) for b in calibration.reliability_curve(prob, truth)]
    found["audit"] = audit
    return found


def _aurc(table: pd.DataFrame, truth: pd.Series, prob: np.ndarray) -> dict[str, float]:
    """Area under the risk-coverage curve per seed, averaged, of each way to order the clips by confidence."""
    right = (prob.argmax(axis=1) == truth).to_numpy()
    orders = {"confidence": prob.max(axis=1), "entropy": -uncertainty.predictive_entropy(prob)}
    if "doubt" in table:
        orders["doubt"] = -table["doubt"].to_numpy(float)
    orders["least_possible"] = right.astype(float)
    seeds = list(table.groupby("seed", sort=True).indices.values())
    return {
        name: float(np.mean([uncertainty.aurc(score[rows], right[rows]) for rows in seeds]))
        for name, score in orders.items()
    }


def _seed_means(rows: pd.DataFrame, truth: pd.Series, predicted: pd.Series, k: int) -> dict[str, float]:
    """Scores of some rows: pooled per seed, then the mean over the seeds."""
    each = [
        recognition.scores(recognition.confusion(truth.loc[at], predicted.loc[at], k)).as_dict()
        for at in rows.groupby("seed").groups.values()
    ]
    return {name: float(np.mean([scores[name] for scores in each])) for name in SCORES}


def _per_database(
    table: pd.DataFrame, truth: pd.Series, predicted: pd.Series, k: int
) -> dict[str, Any] | None:
    """Scores of each database among the same pooled predictions; None if there is one database only."""
    if table["dataset"].nunique() < 2:
        return None
    return {
        str(name): {
            "n_clips": int(rows["key"].nunique()),
            "n_subjects": int(rows["group"].nunique()),
            **_seed_means(rows, truth, predicted, k),
        }
        for name, rows in table.groupby("dataset", sort=True)
    }


def _per_subject(table: pd.DataFrame, truth: pd.Series, predicted: pd.Series, k: int) -> list[dict[str, Any]]:
    found = []
    for group, rows in table.groupby("group", sort=True):
        scores = _seed_means(rows, truth, predicted, k)
        dataset, subject = str(group).split("/", 1)
        n = int(rows["key"].nunique())
        found.append(
            {"group": str(group), "dataset": dataset, "subject": subject, "n_clips": n}
            | {"accuracy": scores["accuracy"], "uf1": scores["uf1"]}
        )
    return found


def peeked(setting: Setting, results: Sequence[FoldResult]) -> dict[str, Any] | None:
    """The scores if, fold by fold, the epoch that does best on the held-out clips had been kept.

    Not a valid estimate: it says how much choosing the epoch on the held-out subject would have added. Means
    over the seeds of the pooled scores; the first of equally good epochs is taken.
    """
    if any(result.peeked is None for result in results):
        return None
    k = len(setting.classes)
    per_seed = []
    for seed in setting.seeds:
        total = np.zeros((k, k), np.int64)
        for result in results:
            if result.job.seed != seed or result.peeked is None:
                continue
            labels = setting.labels[setting.folds[result.job.fold].held_out]
            right = (result.peeked == labels).sum(axis=1)
            total += recognition.confusion(labels, result.peeked[right.argmax()].astype(np.int64), k)
        per_seed.append(recognition.scores(total).as_dict())
    found: dict[str, Any] = {name: float(np.mean([s[name] for s in per_seed])) for name in SCORES}
    found["per_seed"] = [{"seed": seed, **s} for seed, s in zip(setting.seeds, per_seed, strict=True)]
    found["words"] = (
        "invalid: the score if the epoch had been chosen on the held-out clips, fold by fold "
        "(largest number of right clips, first such epoch)"
    )
    return found


def write_outputs(
    path: Path,
    setting: Setting,
    results: Sequence[FoldResult],
    facts: Mapping[str, Any],
    references: Mapping[str, Any],
) -> dict[str, Any]:
    """Write the outputs of a finished run; returns the metrics. `facts` go to the head of `metrics.json`, the scores
    of the references to its end."""
    table = predictions_table(setting, results)
    write_whole(path / "predictions.csv", table.to_csv(index=False, lineterminator="\n").encode())
    if any(result.curve.size for result in results):
        write_whole(path / "curves.csv", _curves(setting, results).to_csv(index=False).encode())
    _write_embeddings(path / "embeddings.npz", setting, results)
    table["group"] = table["dataset"] + "/" + table["subject"]
    found = metrics(table, setting.classes, peeked(setting, results))
    ordered = {name: found.pop(name) for name in ("n_clips", "n_subjects", "n_seeds")} | dict(facts) | found
    ordered["references"] = dict(references)
    write_json(path / "metrics.json", ordered)
    return ordered


def _curves(setting: Setting, results: Sequence[FoldResult]) -> pd.DataFrame:
    """Training curves, members averaged: seed, fold, epoch, and the loss terms."""
    parts = []
    for result in results:
        part = pd.DataFrame(result.curve.mean(axis=0), columns=list(result.curve_names)).round(5)
        part.insert(0, "epoch", np.arange(1, len(part) + 1))
        part.insert(0, "fold", setting.folds[result.job.fold].name)
        part.insert(0, "seed", result.job.seed)
        parts.append(part)
    return pd.concat(parts)


def _write_embeddings(path: Path, setting: Setting, results: Sequence[FoldResult]) -> None:
    """Embeddings of the held-out clips, each by the network of its own fold; first seed only."""
    own = [(result, result.embedding) for result in results if result.embedding is not None]
    if not own:
        return
    at = np.concatenate([setting.folds[result.job.fold].held_out for result, _ in own])
    order = np.argsort(at, kind="stable")
    arrays: dict[str, Any] = {
        "key": setting.keys[at],
        "visual": np.concatenate([e.visual for _, e in own]),
        "nearest": np.concatenate([np.array(e.nearest, dtype=np.str_) for _, e in own]),
        "similarity": np.concatenate([e.similarity for _, e in own]),
    }
    stream = io.BytesIO()
    np.savez_compressed(stream, **{name: array[order] for name, array in arrays.items()})
    write_whole(path, stream.getvalue())
