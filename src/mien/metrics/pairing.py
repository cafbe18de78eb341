"""Prediction tables read for a paired comparison: complete in themselves, and about the same clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from mien.errors import InputError, Problems

COLUMNS = ("key", "group", "dataset", "seed", "truth", "predicted")
SHOWN = 5  # differences named in an error


@dataclass(frozen=True)
class Predictions:
    """A checked prediction table: one row per clip in key order, predictions (S, N) by ascending seed."""

    keys: npt.NDArray[np.str_]
    groups: npt.NDArray[np.str_]
    datasets: npt.NDArray[np.str_]
    truth: npt.NDArray[np.str_]
    predicted: npt.NDArray[np.str_]
    seeds: tuple[int, ...]


def read(table: pd.DataFrame, which: str) -> Predictions:
    """The table as arrays; raises with everything that is wrong with it."""
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing or table.empty:
        raise InputError(
            f"the {which} prediction table cannot be compared",
            found=f"no column {', '.join(missing)}" if missing else "no rows",
        )
    frame = table.loc[:, list(COLUMNS)]
    problems = Problems()
    problems.extend(f"column {column} has empty cells" for column in COLUMNS if frame[column].isna().any())
    seed = pd.to_numeric(frame["seed"], errors="coerce")
    if (seed.dropna() % 1 != 0).any() or (seed.isna() & frame["seed"].notna()).any():
        problems.add("column seed has values that are no whole numbers")
    problems.raise_if_any(f"the {which} prediction table is broken")
    frame = frame.astype({column: str for column in COLUMNS if column != "seed"})
    frame["seed"] = seed.astype(int)
    twice = frame[frame.duplicated(["key", "seed"])]
    problems.extend(f"clip '{key}' occurs twice for a seed" for key in twice["key"].unique()[:SHOWN])
    counts = frame.groupby("key")["seed"].nunique()
    lacking = counts.index[counts != frame["seed"].nunique()]
    problems.extend(f"clip '{key}' lacks a seed that others have" for key in lacking[:SHOWN])
    for column in ("group", "dataset", "truth"):
        several = frame.groupby("key")[column].nunique()
        unsure = several.index[several > 1][:SHOWN]
        problems.extend(f"clip '{key}' has several values of {column}" for key in unsure)
    problems.raise_if_any(f"the {which} prediction table is broken")
    frame = frame.sort_values(["seed", "key"], kind="stable")
    seeds = tuple(int(s) for s in frame["seed"].unique())
    first = frame[frame["seed"] == seeds[0]]
    keys, groups, datasets, truth = (
        first[column].to_numpy(dtype=str) for column in ("key", "group", "dataset", "truth")
    )
    predicted = frame["predicted"].to_numpy(dtype=str).reshape(len(seeds), -1)
    return Predictions(keys, groups, datasets, truth, predicted, seeds)


def check_same(a: Predictions, b: Predictions) -> None:
    """Raise, naming the first differences, unless both are about the same clips with the same truths."""
    problems = Problems()
    for words, extra in (
        ("only in the first run", np.setdiff1d(a.keys, b.keys)),
        ("only in the second run", np.setdiff1d(b.keys, a.keys)),
    ):
        if extra.size:
            more = f" and {extra.size - SHOWN} more" if extra.size > SHOWN else ""
            problems.add(f"{extra.size} clips {words}: {', '.join(extra[:SHOWN])}{more}")
    problems.raise_if_any(
        "the two runs did not see the same clips", do="evaluate both with the same set, task and protocol"
    )
    for words, left, right in (
        ("truth", a.truth, b.truth),
        ("subject", a.groups, b.groups),
        ("database", a.datasets, b.datasets),
    ):
        differ = np.flatnonzero(left != right)
        problems.extend(
            f"{words} of clip '{a.keys[i]}': '{left[i]}' in the first run, '{right[i]}' in the second"
            for i in differ[:SHOWN]
        )
        if differ.size > SHOWN:
            problems.add(f"{words}: {differ.size} clips differ in all")
    problems.raise_if_any(
        "the two runs disagree about their clips", do="evaluate both with the same set and task"
    )


def class_names(classes: Sequence[str] | None, a: Predictions, b: Predictions) -> npt.NDArray[np.str_]:
    """The sorted classes: the given ones, which must cover both tables, or all that occur."""
    seen = np.unique(np.concatenate([a.truth, a.predicted.ravel(), b.predicted.ravel()]))
    if classes is None:
        return seen
    unknown = np.setdiff1d(seen, list(classes))
    if unknown.size:
        raise InputError(
            "a table names a class that the task does not have",
            found=", ".join(unknown),
            do=f"the classes are {', '.join(classes)}",
        )
    return np.unique(list(classes))
