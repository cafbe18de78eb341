"""Finished runs as rows of a leaderboard, in groups that may be compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mien.clips import tasks
from mien.experiments.evaluate import MADE_UP
from mien.experiments.run import Run
from mien.models import registry
from mien.models.base import Network
from mien.report.board import Board, Row, in_order, ranked


def boards(runs: Iterable[Path]) -> list[Board]:
    """The runs of these folders in groups of the same task, protocol and clips, however the clips were prepared.

    Raises:
        InputError: a folder holds no finished run.
        UsageError: a run's method is not known to this version.
    """
    groups: dict[_Group, list[tuple[Run, dict[str, Any]]]] = {}
    for path in runs:
        run = Run.open(path)
        metrics = json.loads((path / "metrics.json").read_text(encoding="utf-8"))
        groups.setdefault(_group(run), []).append((run, metrics))
    return in_order(_board(group, members) for group, members in groups.items())


class _Group(NamedTuple):
    """What runs must share to stand in one table."""

    task: str
    protocol: str
    made_up: bool
    databases: tuple[str, ...]
    clips_hash: str


def _group(run: Run) -> _Group:
    record = run.record
    clips = run.predictions()[["dataset", "key", "truth"]].drop_duplicates().sort_values(["dataset", "key"])
    return _Group(
        task=record["task"],
        protocol=record["protocol"],
        made_up=MADE_UP in record["warnings"],
        databases=tuple(clips["dataset"].unique()),
        clips_hash=hashlib.sha256(clips.to_csv(index=False).encode()).hexdigest(),
    )


def _board(group: _Group, members: list[tuple[Run, dict[str, Any]]]) -> Board:
    evaluated = [_row(run, metrics) for run, metrics in members]
    beside = {
        name: scores for _, metrics in members for name, scores in metrics.get("references", {}).items()
    }
    references = {n: _reference(n, s) for n, s in beside.items() if "missing" not in s}
    references |= {row.model: row for row in evaluated if not row.ranked}
    run, metrics = members[0]
    return Board(
        **group._asdict(),
        apex=run.record["apex"],
        n_clips=metrics["n_clips"],
        n_subjects=metrics["n_subjects"],
        rows=ranked([*(row for row in evaluated if row.ranked), *references.values()]),
    )


def _data_words(record: Mapping[str, Any]) -> str:
    trained_on = record.get("trained_on")
    name = str(record["data"]["name"])
    return f"{name}, trained on {trained_on['name']}" if trained_on else name


def _row(run: Run, metrics: Mapping[str, Any]) -> Row:
    record = run.record
    card = registry.card(record["model"])
    audit = metrics["audit"]
    return Row(
        run=run.path.name,
        data="" if record["kind"] == "reference" else _data_words(record),
        commit=record["commit"],
        model=record["model"],
        title=card.title,
        ranked=record["kind"] != "reference",
        options=_changed(record["model"], record["options"]),
        n_clips=metrics["n_clips"],
        seeds=metrics["n_seeds"],
        uf1=metrics["uf1"],
        uar=metrics["uar"],
        accuracy=metrics["accuracy"],
        peeked_uf1=audit["uf1"] if audit else None,
        core_minutes=metrics["seconds"] / 60,
        parameters=parameters(record["model"], record["options"], record["task"]),
        published=card.published.get(record["task"], ""),
    )


def _reference(model: str, scores: Mapping[str, Any]) -> Row:
    """A reference as a run brought it along."""
    return Row(
        run="",
        data="",
        commit=None,
        model=model,
        title=registry.card(model).title,
        ranked=False,
        options=(),
        n_clips=scores["n_clips"],
        seeds=1,
        uf1=scores["uf1"],
        uar=scores["uar"],
        accuracy=scores["accuracy"],
        peeked_uf1=None,
        core_minutes=None,
        parameters=None,
        published="",
    )


def _changed(model: str, options: Mapping[str, Any]) -> tuple[str, ...]:
    usual = registry.options(model)().model_dump(mode="json")
    return tuple(f"{name}={_short(value)}" for name, value in options.items() if usual.get(name) != value)


def _short(value: object) -> str:
    """The value; of a file its name, for its folder tells only about the machine."""
    return Path(value).name if isinstance(value, str) and "/" in value else str(value)


def parameters(model: str, options: Mapping[str, Any], task: str) -> int | None:
    """How many numbers one network of a method learns; None for a method that is no network, or whose options are of
    another version."""
    known = registry.options(model).model_fields
    method = registry.create(model, {name: value for name, value in options.items() if name in known})
    if not isinstance(method, Network):
        return None
    module = method.build(tasks.get(task))
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
