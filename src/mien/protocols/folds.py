"""Folds of subjects: who is trained on, who is held out, for every protocol of the field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from mien.errors import InputError, Problems, UsageError, unknown
from mien.protocols.stratify import IntArray, StrArray, held_out_subjects, subject_parts


@dataclass(frozen=True, eq=False)
class Fold:
    """One split: ascending positions of its training and held-out clips; no subject is on both sides."""

    index: int
    name: str
    train: IntArray
    held_out: IntArray


@dataclass(frozen=True)
class Protocol:
    """What a protocol is called and what it does; `words` may hold {value}, the option after the colon."""

    name: str
    words: str
    default: float | None = None
    needs_databases: bool = False


@dataclass(frozen=True)
class Choice:
    """A protocol with its option, as a command line gives it: "kfold:5" -> kfold, 5."""

    protocol: Protocol
    value: float | None

    @property
    def words(self) -> str:
        """What is done, in one sentence."""
        return self.protocol.words.format(value=self.value if self.value is None else f"{self.value:g}")


PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {
        p.name: p
        for p in (
            Protocol("loso", "leave one subject out: every subject is held out once"),
            Protocol(
                "cde",
                "composite database evaluation (MEGC 2019): the databases are pooled, every subject is held "
                "out once, one confusion matrix over all, and the same predictions also per database",
                needs_databases=True,
            ),
            Protocol("lodo", "leave one database out: every database is held out once", needs_databases=True),
            Protocol(
                "kfold", "subject k-fold: subjects in {value} parts, each part held out once", default=5
            ),
            Protocol(
                "holdout", "hold-out: one random share of {value} of the subjects is held out", default=0.2
            ),
            Protocol("transfer", "transfer: trained on one set, all clips of another held out"),
        )
    }
)


def parse(protocol: str) -> Choice:
    """The protocol and its option behind a text such as "loso", "kfold:5" or "holdout:0.2".

    Raises:
        UsageError: an unknown name (the nearest is named), or an option that the protocol cannot take.

    >>> parse("kfold:4").words
    'subject k-fold: subjects in 4 parts, each part held out once'
    """
    name, colon, text = protocol.partition(":")
    if name not in PROTOCOLS:
        raise unknown(f"there is no protocol '{name}'", name, PROTOCOLS)
    known = PROTOCOLS[name]
    if not colon:
        return Choice(known, known.default)
    if known.default is None:
        raise UsageError(f"protocol '{name}' takes no option", found=protocol, do=f"write '{name}'")
    return Choice(known, _option(name, text))


def make_folds(
    protocol: str,
    *,
    groups: npt.ArrayLike,
    datasets: npt.ArrayLike,
    labels: npt.ArrayLike,
    seed: int = 0,
    classes: Sequence[str] | None = None,
) -> list[Fold]:
    """The folds of a protocol, in the order of the held-out names; the same whatever the order of the clips.

    Args:
        protocol: "loso", "cde", "lodo", "kfold[:k]" or "holdout[:fraction of the subjects]".
        groups: (N,) subject of every clip, unique across databases ("casme2/sub01").
        datasets: (N,) database of every clip.
        labels: (N,) class number of every clip, none left out (no -1).
        seed: draws the parts of `kfold` and `holdout`; the others ignore it.
        classes: class names for messages; numbers are shown without them.

    Raises:
        UsageError: the protocol is unknown or its option impossible.
        InputError: too few subjects or databases, a subject in two databases, or a fold whose training side
            lacks a class that occurs in the clips (all such folds are listed).
    """
    choice = parse(protocol)
    g, d, y = _checked(groups, datasets, labels)
    _check_enough(choice, np.unique(g), np.unique(d))
    name = choice.protocol.name
    if name == "transfer":
        raise UsageError(
            "protocol 'transfer' needs a second set", do="name the set to train on: --train-on SET"
        )
    if name == "lodo":
        sides = [(dataset, d == dataset) for dataset in np.unique(d).tolist()]
    elif name == "kfold":
        k = int(choice.value or 0)
        parts = subject_parts(g, y, k, seed)
        sides = [(f"part {i + 1} of {k}", np.isin(g, part)) for i, part in enumerate(parts)]
    elif name == "holdout":
        sides = [("hold-out", np.isin(g, held_out_subjects(g, y, choice.value or 0.0, seed)))]
    else:
        sides = [(subject, g == subject) for subject in np.unique(g).tolist()]
    folds = [Fold(i, title, _places(~held), _places(held)) for i, (title, held) in enumerate(sides)]
    _check_classes(folds, g, y, classes)
    return folds


def _option(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if name == "kfold" and not (value >= 2 and value.is_integer()):
        raise UsageError(
            "the number of parts must be a whole number from 2", found=f"kfold:{text}", do="write kfold:5"
        )
    if name == "holdout" and not 0 < value < 1:
        raise UsageError(
            "the held-out share must lie between 0 and 1", found=f"holdout:{text}", do="write holdout:0.2"
        )
    return value


def _checked(
    groups: npt.ArrayLike, datasets: npt.ArrayLike, labels: npt.ArrayLike
) -> tuple[StrArray, StrArray, IntArray]:
    g, d = np.asarray(groups).astype(str), np.asarray(datasets).astype(str)
    y = np.asarray(labels)
    if not (g.ndim == 1 and g.shape == d.shape == y.shape):
        raise InputError(
            "subject, database and label must be given for every clip",
            found=f"{g.shape} subjects, {d.shape} databases, {y.shape} labels",
        )
    problems = Problems()
    if y.size and (not np.issubdtype(y.dtype, np.integer) or y.min() < 0):
        problems.add("a label is no class number from 0: take only the clips that the task keeps")
    for subject in np.unique(g):
        homes = np.unique(d[g == subject])
        if homes.size > 1:
            problems.add(f"subject '{subject}' is in several databases: {', '.join(homes)}")
    problems.raise_if_any("the clips cannot be split into folds", do="name subjects as database/subject")
    return g, d, y.astype(np.int64)


def _check_enough(choice: Choice, subjects: StrArray, databases: StrArray) -> None:
    name = choice.protocol.name
    if subjects.size < 2:
        raise InputError(
            "at least two subjects are needed, one to train on and one to hold out",
            found=f"{subjects.size} ({', '.join(subjects) or 'no clip'})",
            do="use more subjects; clips of one person cannot tell how a recogniser does on another",
        )
    if choice.protocol.needs_databases and databases.size < 2:
        raise InputError(
            f"protocol '{name}' needs at least two databases",
            found=f"only '{databases[0]}'",
            do="use 'loso' for one database",
        )
    if name == "kfold" and (choice.value or 0) > subjects.size:
        raise InputError(
            "there are fewer subjects than parts",
            found=f"{subjects.size} subjects for kfold:{choice.value:g}",
            do=f"use kfold:{subjects.size} or fewer, or loso",
        )


def _check_classes(
    folds: Iterable[Fold], groups: StrArray, labels: IntArray, classes: Sequence[str] | None
) -> None:
    """Raise if a fold would learn without a class that exists; name the class and who holds all of it."""
    present = set(labels.tolist())
    problems = Problems()
    for fold in folds:
        for label in sorted(present - set(labels[fold.train].tolist())):
            word = f"'{classes[label]}'" if classes is not None and label < len(classes) else str(label)
            held = fold.held_out[labels[fold.held_out] == label]
            owners = np.unique(groups[held])
            who = f"subject '{owners[0]}'" if owners.size == 1 else f"subjects {', '.join(owners)}"
            problems.add(
                f"fold '{fold.name}': all {held.size} clips of class {word} belong to the held-out {who}; "
                "none is left to train on"
            )
    problems.raise_if_any(
        "a class is missing from the training side of a fold",
        do="add subjects that show the class, choose another task, or leave these clips out",
    )


def _places(chosen: npt.NDArray[np.bool_]) -> IntArray:
    return np.flatnonzero(chosen).astype(np.int64)
