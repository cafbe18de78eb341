"""What an evaluation is: its configuration, and everything that follows from it before any training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from mien.clips import tasks
from mien.clips.people import people
from mien.clips.tasks import Task
from mien.errors import InputError, UsageError
from mien.facs.annotation import VOCABULARY, AUAnnotation, multi_hot
from mien.models import registry
from mien.models.base import CLIPS, GIVEN, ORACLE, Needs, Network
from mien.prepare import recipe
from mien.prepare.catalogue import open_set
from mien.prepare.prepared import PreparedSet
from mien.protocols import folds as protocols
from mien.protocols.folds import Fold

BackendName = Literal["auto", "loop", "stacked", "processes", "ray"]


class EvaluateConfig(BaseModel):
    """One evaluation, as asked for on the command line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    data: str | tuple[str, ...] = Field(description="a prepared set, or several as one")
    task: str
    protocol: str = "loso"
    train_on: str | tuple[str, ...] | None = Field(
        None, description="another set, or several, to train on; all of `data` is then held out"
    )
    seeds: int = Field(3, ge=1, le=1000, description="how many seeds: 0, 1, ...")
    options: dict[str, str] = Field(default_factory=dict)
    backend: BackendName = "auto"
    audit: bool = False
    device: Literal["auto", "cpu", "cuda"] = "auto"
    workers: int = Field(0, ge=0, description="worker processes; 0 = one per core")
    ray_address: str | None = None
    gpus_per_fold: float = Field(0.0, ge=0)


@dataclass(frozen=True)
class Setting:
    """Everything that is fixed before training: arrays and labels of the kept clips, and the folds.

    Plain arrays and small objects only, so that it can be handed to another process or machine.
    """

    model: str
    options: Mapping[str, Any]
    task: Task
    arrays: Mapping[str, NDArray[Any]]
    labels: NDArray[np.int64]
    keys: NDArray[np.str_]
    groups: NDArray[np.str_]
    datasets: NDArray[np.str_]
    annotations: tuple[AUAnnotation, ...]
    folds: tuple[Fold, ...]
    seeds: tuple[int, ...]
    audit: bool
    device: str

    @property
    def classes(self) -> tuple[str, ...]:
        return self.task.classes


@dataclass(frozen=True)
class _Part:
    """The clips of prepared sets that a task keeps."""

    sources: tuple[PreparedSet, ...]
    excluded: list[tuple[str, str]]
    arrays: dict[str, NDArray[Any]]
    labels: NDArray[np.int64]
    keys: NDArray[np.str_]
    groups: NDArray[np.str_]
    datasets: NDArray[np.str_]
    annotations: tuple[AUAnnotation, ...]


@dataclass(frozen=True)
class Resolved:
    """What a configuration means.

    Attributes:
        data: the sets whose clips are held out. excluded: keys of their clips left out, with reasons.
        trained_on: the other set, for a transfer; else none.
    """

    setting: Setting
    data: tuple[PreparedSet, ...]
    excluded: list[tuple[str, str]]
    trained_on: tuple[PreparedSet, ...]


def resolve(config: EvaluateConfig) -> Resolved:
    """The setting of a configuration, its prepared sets, and the clips left out.

    Raises:
        UsageError: an unknown model, option, task or protocol.
        InputError: a set that cannot be used, lacks an array, or leaves a fold without a class.
    """
    if registry.card(config.model).kind == "probe":
        raise UsageError(
            f"'{config.model}' names people, not expressions",
            do=f"mien probe identity --network {config.model}",
        )
    method = registry.create(config.model, config.options)
    task = tasks.get(config.task)
    choice = protocols.parse(config.protocol)
    if config.train_on is not None and choice.protocol.name != "transfer":
        raise UsageError(
            "--train-on goes with protocol 'transfer' alone",
            found=config.protocol,
            do="leave one of them out",
        )
    if isinstance(method, Network):
        method.check(task)
    part = _parts(config.data, method.needs, task)
    trained_on: tuple[PreparedSet, ...] = ()
    if config.train_on is None:
        folds = protocols.make_folds(
            config.protocol,
            groups=part.groups,
            datasets=part.datasets,
            labels=part.labels,
            classes=task.classes,
        )
    else:
        source = _parts(config.train_on, method.needs, task)
        trained_on = source.sources
        part, folds = _transfer(part, source)
    if isinstance(method, Network):
        held_out = {str(group) for fold in folds for group in part.groups[fold.held_out]}
        method.admit((*part.sources, *trained_on), held_out)
    setting = Setting(
        model=config.model,
        options=config.options,
        task=task,
        arrays=part.arrays,
        labels=part.labels,
        keys=part.keys,
        groups=part.groups,
        datasets=part.datasets,
        annotations=part.annotations,
        folds=tuple(folds),
        seeds=tuple(range(config.seeds)),
        audit=config.audit,
        device=_device(config),
    )
    return Resolved(setting, part.sources, part.excluded, trained_on)


def _parts(names: str | tuple[str, ...], needs: Needs, task: Task) -> _Part:
    """The clips that a task keeps of one set, or of several as one."""
    each = (names,) if isinstance(names, str) else names
    part = _pooled([_part(name, needs, task) for name in each])
    _refuse_twice(part)
    return part


def _part(name: str, needs: Needs, task: Task) -> _Part:
    data = open_set(name)
    _check_arrays(needs, data)
    assignment = task.assign(data.table)
    excluded = [(str(k), r) for k, r in zip(data.table.keys, assignment.reasons, strict=True) if r]
    kept = np.asarray(assignment.kept, dtype=np.int64)
    annotations = data.table.annotations
    if needs.action_units == "test":
        uncoded = [i for i in kept if not annotations[i].coded]
        excluded += [(str(data.table.keys[i]), "no AU coding, which this reference reads") for i in uncoded]
        kept = np.setdiff1d(kept, uncoded)
    if not len(kept):
        raise InputError(
            f"no clip of '{data.name}' is left for task '{task.name}'",
            where=data.path,
            found="; ".join(
                f"{n} left out: {why}" for why, n in Counter(why for _, why in excluded).most_common()
            ),
            do="mien data show SET lists what the set holds; mien tasks lists what a task keeps",
        )
    arrays: dict[str, NDArray[Any]] = {
        array: np.asarray(data.arrays[array])[kept] for array in needs.arrays if array not in GIVEN
    }
    marks = tuple(annotations[i] for i in kept)
    if ORACLE in needs.arrays:
        arrays[ORACLE] = multi_hot(marks, VOCABULARY)
    if CLIPS in needs.arrays:
        arrays[CLIPS] = np.zeros((len(kept), 0))
    labels = np.asarray(assignment.labels)[kept]
    if len(np.unique(labels)) < 2:
        raise InputError(
            "all clips that the task keeps are of one class",
            where=data.path,
            found=f"{len(labels)} clips of '{task.classes[labels[0]]}'",
            do="use a set or a task with two classes at least",
        )
    return _Part(
        sources=(data,),
        excluded=excluded,
        arrays=arrays,
        labels=labels,
        keys=data.table.keys[kept],
        groups=data.table.groups[kept],
        datasets=data.table.datasets[kept],
        annotations=marks,
    )


def _pooled(parts: Sequence[_Part]) -> _Part:
    """The clips of several sets as one; a clip may be in one of them only."""
    if len(parts) == 1:
        return parts[0]
    where = " and ".join(str(source.path) for part in parts for source in part.sources)
    for name in parts[0].arrays:
        if len(sizes := {part.arrays[name].shape[1:] for part in parts}) > 1:
            raise InputError(
                f"the sets hold '{name}' in different sizes",
                where=where,
                found=f"{' and '.join(map(str, sorted(sizes)))} per clip",
                do="prepare them with one recipe",
            )
    return _Part(
        sources=tuple(source for part in parts for source in part.sources),
        excluded=[row for part in parts for row in part.excluded],
        arrays={name: np.concatenate([part.arrays[name] for part in parts]) for name in parts[0].arrays},
        labels=np.concatenate([part.labels for part in parts]),
        keys=np.concatenate([part.keys for part in parts]),
        groups=np.concatenate([part.groups for part in parts]),
        datasets=np.concatenate([part.datasets for part in parts]),
        annotations=tuple(annotation for part in parts for annotation in part.annotations),
    )


def _refuse_twice(part: _Part) -> None:
    """Raise if a clip is there more than once: it would be trained on and held out."""
    names, counts = np.unique(np.char.add(np.char.add(part.datasets, "/"), part.keys), return_counts=True)
    if (counts > 1).any():
        raise InputError(
            "the sets hold the same clips",
            where=" and ".join(str(source.path) for source in part.sources),
            found=f"{int((counts > 1).sum())} clips more than once, such as {names[counts > 1][0]}",
            do="name sets of different clips",
        )


def _transfer(held_out: _Part, train: _Part) -> tuple[_Part, list[Fold]]:
    """Both parts as one, and the fold that trains on the second and holds out all of the first."""
    shared = sorted(people(held_out.groups) & people(train.groups))
    ours, theirs = held_out.sources, train.sources
    # A twin has the names of a database's subjects, but other people.
    if shared and {source.made_up for source in ours} & {source.made_up for source in theirs}:
        raise InputError(
            "the two sets hold clips of the same people",
            where=f"{theirs[0].path} and {ours[0].path}",
            found=f"{len(shared)} subjects in both, such as {shared[0]}",
            do="train on a set of other people",
        )
    n, pooled = len(held_out.labels), _pooled([held_out, train])
    at = np.arange(len(pooled.labels))
    fold = Fold(0, f"trained on {' and '.join(source.name for source in theirs)}", at[n:], at[:n])
    return replace(pooled, sources=ours, excluded=held_out.excluded), [fold]


def readable_recipes(needs: Needs) -> list[str]:
    """The recipes of Mien that make what a recogniser reads, by name."""
    return [name for name in recipe.names() if needs.unmet(recipe.load(name).clip_shapes) is None]


def _check_arrays(needs: Needs, data: PreparedSet) -> None:
    if unmet := needs.unmet(data.clip_shapes):
        recipes = readable_recipes(needs)
        known = (
            f"use recipe {' or '.join(recipes)}"
            if recipes
            else "write a recipe with these arrays (mien recipes)"
        )
        raise InputError(
            "this recogniser cannot read the prepared set",
            where=Path(data.path),
            found=unmet,
            do=f"{known}; mien models --data SET lists the recognisers that can read a set",
        )


def _device(config: EvaluateConfig) -> str:
    """Where the networks are trained. On Ray that is another machine: its share of a GPU decides."""
    import torch

    if config.backend == "ray":
        if (config.device == "cuda") != (config.gpus_per_fold > 0) and config.device != "auto":
            raise UsageError(
                "--device and --gpus-per-fold contradict each other",
                found=f"{config.device} and {config.gpus_per_fold:g}",
                do="on Ray, give --gpus-per-fold alone: above 0 means cuda",
            )
        return "cuda" if config.gpus_per_fold > 0 else "cpu"
    if config.device == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "no CUDA device is available", do="use --device cpu; mien doctor shows what is found"
        )
    if config.device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return config.device
