"""A run folder, read and checked: everything the report shows, or one error that lists all that is wrong."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from pydantic import ValidationError

from mien.errors import InputError, Problems
from mien.report.schema import SCHEMA, Record, RunConfig, RunMetrics

KEY_COLUMNS = ("key", "dataset", "subject", "fold", "seed", "truth", "predicted")
ROUNDING = 1e-3  # by which a probability may leave 0..1
RECORD = TypeVar("RECORD", bound=Record)
READ = TypeVar("READ")

# what numpy raises for a file that is no npz archive, or a damaged one
UNREADABLE = (
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    EOFError,
    KeyError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True)
class Embeddings:
    """The held-out clips of the first seed, each as its own fold's network saw it.

    Attributes:
        key: (N,) clip keys.
        visual: (N, d) visual embeddings.
        nearest: (N,) AU sentence nearest to each clip in its fold's bank, "" where there is none.
        similarity: (N,) cosine similarity of clip and sentence, NaN where there is none.
    """

    key: np.ndarray
    visual: np.ndarray
    nearest: np.ndarray
    similarity: np.ndarray


@dataclass(frozen=True)
class RunFolder:
    """A checked run. `curves` and `embeddings` are None where the run holds none."""

    path: Path
    config: RunConfig
    metrics: RunMetrics
    predictions: pd.DataFrame
    curves: pd.DataFrame | None
    embeddings: Embeddings | None

    @property
    def prob_columns(self) -> list[str]:
        return [f"prob_{name}" for name in self.config.classes]


def kind_of(path: Path) -> str | None:
    """Which kind of run a folder says it is; None if it does not say so in a way that can be read."""
    try:
        content = json.loads((path / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # told in full by whoever reads the run
        return None
    return str(content.get("kind")) if isinstance(content, dict) else None


def read_run(path: Path) -> RunFolder:
    """The run in folder `path`.

    Raises:
        InputError: the folder is absent, or files in it are missing or damaged; all problems in one message.
    """
    if not path.is_dir():
        raise InputError(
            "There is no run folder here.",
            where=path,
            do="give the folder that `mien evaluate ... --out` wrote",
        )
    problems = Problems()
    config = read_record(path / "run.json", RunConfig, problems)
    metrics = read_record(path / "metrics.json", RunMetrics, problems)
    if config is not None and config.schema_version != SCHEMA:
        problems.add(f"run.json: schema {config.schema_version}; this version of Mien reads schema {SCHEMA}")
    predictions = _predictions(path / "predictions.csv", config, problems)
    curves = _if_there(path / "curves.csv", _curves, problems)
    embeddings = _if_there(path / "embeddings.npz", _embeddings, problems)
    if config is not None and metrics is not None:
        _check_agreement(config, metrics, problems)
    if embeddings is not None and predictions is not None:
        strange = set(embeddings.key) - set(predictions["key"])
        if strange:
            problems.add(
                f"embeddings.npz: {len(strange)} keys are not in predictions.csv, first {min(strange)!r}"
            )
    command = " ".join(config.command) if config is not None else ""
    problems.raise_if_any(
        "This run folder is incomplete or damaged.",
        where=path,
        do="repeat the command that made it; finished folds are kept, the rest is written again: "
        f"{command or 'mien evaluate ... --out ' + str(path)}",
    )
    if config is None or metrics is None or predictions is None:  # each of them has added a problem above
        raise AssertionError("a missing file went unreported")
    return RunFolder(path, config, metrics, predictions, curves, embeddings)


def read_record(file: Path, record: type[RECORD], problems: Problems) -> RECORD | None:
    """The content of a JSON file as a record, or None; what is wrong with it goes to `problems`."""
    if not file.is_file():
        problems.add(f"{file.name}: missing")
        return None
    try:
        return record.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            place = ".".join(str(part) for part in fault["loc"]) or "(top level)"
            problems.add(f"{file.name}: {place}: {fault['msg']}")
    except (OSError, ValueError, RecursionError) as error:  # what is no JSON, or no UTF-8, is a ValueError
        problems.add(f"{file.name}: cannot be read as JSON ({error})")
    return None


def read_table(file: Path, problems: Problems, text: tuple[str, ...]) -> pd.DataFrame | None:
    """The CSV file with the columns in `text` as strings, or None and a problem."""
    if not file.is_file():
        problems.add(f"{file.name}: missing")
        return None
    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, ValueError, pd.errors.ParserError) as error:  # EmptyDataError is a ValueError
        problems.add(f"{file.name}: cannot be read as CSV ({str(error).strip()})")
        return None
    missing = [name for name in text if name not in table.columns]
    if missing:
        problems.add(f"{file.name}: missing columns {', '.join(missing)}")
        return None
    if table.empty:
        problems.add(f"{file.name}: has no rows")
        return None
    return table


def _predictions(file: Path, config: RunConfig | None, problems: Problems) -> pd.DataFrame | None:
    probs = tuple(f"prob_{name}" for name in config.classes) if config else ()
    table = read_table(file, problems, KEY_COLUMNS + probs)
    if table is None:
        return None
    before = len(problems)
    numbers = table[[*probs, "seed"]].apply(pd.to_numeric, errors="coerce")
    for name in numbers.columns:
        table[name] = numbers[name]
    for name in probs:
        bad = ~numbers[name].between(-ROUNDING, 1 + ROUNDING)
        if bad.any():
            problems.add(f"{file.name}: {name}: {_rows(bad)} not a probability")
    if numbers["seed"].isna().any():
        problems.add(f"{file.name}: seed: {_rows(numbers['seed'].isna())} not a number")
    twice = table.duplicated(["key", "seed"])
    if twice.any():
        problems.add(f"{file.name}: {_rows(twice)} a second row for the same clip and seed")
    if config is not None:
        for name in ("truth", "predicted"):
            unknown = ~table[name].isin(config.classes)
            if unknown.any():
                problems.add(f"{file.name}: {name}: {_rows(unknown)} not one of {', '.join(config.classes)}")
        absent = sorted(set(config.seeds) - set(numbers["seed"].dropna()))
        if absent:
            problems.add(f"{file.name}: no rows for seed {', '.join(map(str, absent))}")
    return table if len(problems) == before else None


def _rows(bad: pd.Series) -> str:
    """Where the true entries of `bad` stand in the file, counted as an editor counts lines."""
    lines = [int(at) + 2 for at in np.flatnonzero(bad.to_numpy())[:3]]
    count = int(bad.sum())
    listed = ", ".join(map(str, lines)) + (", ..." if count > len(lines) else "")
    return f"{count} {'row' if count == 1 else 'rows'} (line {listed})"


def _if_there(file: Path, read: Callable[[Path, Problems], READ], problems: Problems) -> READ | None:
    return read(file, problems) if file.is_file() else None


def _curves(file: Path, problems: Problems) -> pd.DataFrame | None:
    """The training curves as numbers; empty cells (a term that was not computed) are NaN."""
    table = read_table(file, problems, ("seed", "fold", "epoch", "loss"))
    if table is None:
        return None
    values: pd.DataFrame = table.drop(columns="fold").apply(pd.to_numeric, errors="coerce")
    if values["epoch"].isna().any():
        problems.add(f"{file.name}: epoch: {_rows(values['epoch'].isna())} not a number")
        return None
    values["fold"] = table["fold"]
    return values


def _embeddings(file: Path, problems: Problems) -> Embeddings | None:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
    except UNREADABLE as error:
        problems.add(f"{file.name}: cannot be read ({error})")
        return None
    missing = [name for name in ("key", "visual") if name not in found]
    if missing:
        problems.add(f"{file.name}: missing arrays {', '.join(missing)}")
        return None
    n = len(found["key"])
    nearest = found.get("nearest", np.full(n, ""))
    similarity = found.get("similarity", np.full(n, np.nan))
    visual = found["visual"]
    if visual.ndim != 2 or {len(visual), len(nearest), len(similarity)} != {n} or n == 0:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in found.items())
        problems.add(f"{file.name}: arrays do not fit together ({shapes})")
        return None
    if not np.isfinite(visual).all():
        problems.add(f"{file.name}: visual holds NaN or infinite values")
        return None
    return Embeddings(found["key"].astype(str), visual, nearest.astype(str), similarity.astype(float))


def _check_agreement(config: RunConfig, metrics: RunMetrics, problems: Problems) -> None:
    """Adds a problem where metrics.json speaks of other classes than run.json."""
    k = len(config.classes)
    if len(metrics.confusion) != k or any(len(row) != k for row in metrics.confusion):
        problems.add(f"metrics.json: confusion is not {k} x {k}, but run.json names {k} classes")
    if metrics.per_class and set(metrics.per_class) != set(config.classes):
        problems.add(
            f"metrics.json: per_class names {sorted(metrics.per_class)}, run.json {sorted(config.classes)}"
        )
