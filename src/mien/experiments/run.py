"""The run folder: written piece by piece, each piece whole or absent, and read back with checks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mien.errors import InputError, UsageError
from mien.experiments.jobs import FoldResult, Job
from mien.files import write_json, write_whole

SCHEMA = 1

# What must agree for a run to be continued; the rest (times, machine) may differ.
IDENTITY = ("model", "options", "data_hash", "task", "protocol", "seeds", "audit", "device", "keys_hash")


@dataclass(frozen=True)
class Run:
    """A run folder: `run.json`, `folds/`, `weights/`, and when finished `predictions.csv`, `metrics.json`."""

    path: Path
    record: dict[str, Any]

    @classmethod
    def begin(cls, path: Path, record: Mapping[str, Any]) -> Run:
        """A new run in `path`, or the interrupted one found there.

        Raises:
            UsageError: the folder holds another evaluation, or something that is no run.
        """
        # A call that was killed while writing leaves the piece it wrote; only names of ours are touched.
        for unfinished in [*path.glob(".run.json.*.part"), *path.glob("folds/.*.npz.*.part")]:
            unfinished.unlink()
        if path.exists() and any(path.iterdir()):
            if not (path / "run.json").exists():
                raise UsageError(
                    "the output folder is not empty and holds no run", where=path, do="name another --out"
                )
            old = cls.read_record(path)
            different = [name for name in IDENTITY if old.get(name) != record.get(name)]
            if different:
                found = "; ".join(f"{n}: {old.get(n)!r} there, {record.get(n)!r} asked" for n in different)
                raise UsageError(
                    "the output folder holds another evaluation",
                    where=path,
                    found=found[:600],
                    do="name another --out, or repeat the command that made it to resume or redo it",
                )
            return cls(path, old)
        path.mkdir(parents=True, exist_ok=True)
        run = cls(path, dict(record))
        run.write_record()
        return run

    @staticmethod
    def read_record(path: Path) -> dict[str, Any]:
        """`run.json` of a folder.

        Raises:
            InputError: it is missing or damaged.
        """
        file = path / "run.json"
        if not file.is_file():
            raise InputError("this is not a run folder", where=path, found="no run.json", do="name a folder that "
                             "mien evaluate wrote")  # fmt: skip
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
            schema = record["schema"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                "run.json is damaged",
                where=file,
                found=f"{type(error).__name__}: {error}",
                do="restore it from a copy, or start again with another --out",
            ) from error
        if schema != SCHEMA:
            raise InputError(
                "the run was written by another version of Mien", where=file, found=f"schema {schema}"
            )
        return dict(record)

    @classmethod
    def open(cls, path: Path) -> Run:
        """A finished run.

        Raises:
            InputError: not a run folder, damaged, or not finished.
        """
        run = cls(path, cls.read_record(path))
        for name in ("predictions.csv", "metrics.json"):
            if not (path / name).is_file():
                raise InputError(
                    "the run is not finished",
                    where=path,
                    found=f"no {name}",
                    do=f"repeat its command to finish it: {run.record.get('command', 'mien evaluate ...')}",
                )
        return run

    def predictions(self) -> pd.DataFrame:
        """`predictions.csv` as text columns, with numeric probabilities.

        Raises:
            InputError: a column is missing, a probability is no number, or the answers have none (`mien vlm`).
        """
        if self.record.get("kind") == "vlm":
            raise InputError(
                "the answers of a vision-language model have no probabilities",
                where=self.path,
                do="compare the other way round: mien vlm ask ... --beside RUN puts a run into the model's table",
            )
        file = self.path / "predictions.csv"
        try:
            table = pd.read_csv(file, dtype=str, keep_default_na=False)
            names = [f"prob_{name}" for name in self.record["classes"]]
            wanted = ["key", "dataset", "subject", "fold", "seed", "truth", "predicted", *names]
            missing = [name for name in wanted if name not in table.columns]
            if missing:
                raise ValueError(f"no column {', '.join(missing)}")
            table[names] = table[names].astype(float)
            table["seed"] = table["seed"].astype(int)
            if "doubt" in table:
                table["doubt"] = table["doubt"].astype(float)
            table["group"] = table["dataset"] + "/" + table["subject"]
        except (OSError, ValueError, KeyError, pd.errors.ParserError) as error:
            raise InputError(
                "predictions.csv is damaged",
                where=file,
                found=str(error),
                do=f"delete it and repeat the run's command: {self.record.get('command', 'mien evaluate ...')}",
            ) from error
        return table

    def fold_file(self, job: Job) -> Path:
        return self.path / "folds" / f"{job.name}.npz"

    def has(self, job: Job) -> bool:
        return self.fold_file(job).is_file()

    def store(self, result: FoldResult) -> None:
        """Keep the result of a job: its weights first, so that a result on disk always has them."""
        if result.weights:
            write_whole(self.path / "weights" / f"{result.job.name}.safetensors", result.weights)
        write_whole(self.fold_file(result.job), result.to_bytes())

    def load(self, job: Job) -> FoldResult:
        """The stored result of a job. Raises `InputError` if it is damaged."""
        file = self.fold_file(job)
        return FoldResult.from_bytes(file.read_bytes(), where=file)

    def write_record(self) -> None:
        write_json(self.path / "run.json", self.record)
