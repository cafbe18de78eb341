"""The list of recognisers: one name, one card, one class and its options per method."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, TypeVar

import mien.models
from mien.errors import unknown
from mien.models.base import Network, Recogniser
from mien.models.options import Options


@dataclass(frozen=True)
class ModelCard:
    """What a method is, for a person.

    Attributes:
        kind: "reference" marks an upper or lower reference that no ranking includes, "probe" a network that names
            people and no expression.
        confirmed, assumed: what is known from the source, and what is our choice.
        published: by task, the figures that the authors report and how the epoch was chosen, as far as known.
    """

    name: str
    title: str
    paper: str
    summary: str
    confirmed: str = ""
    assumed: str = ""
    kind: Literal["recogniser", "reference", "probe"] = "recogniser"
    published: Mapping[str, str] = field(default_factory=dict)


Method = Network | Recogniser
M = TypeVar("M", bound=type)


@dataclass(frozen=True)
class _Entry:
    card: ModelCard
    options: type[Options]
    make: Callable[..., Method]


_ENTRIES: dict[str, _Entry] = {}


def register(card: ModelCard, options: type[Options]) -> Callable[[M], M]:
    """Class decorator: list the class (called with its options) under `card.name`."""

    def enter(cls: M) -> M:
        if card.name in _ENTRIES:
            raise ValueError(f"two recognisers are named '{card.name}'")
        _ENTRIES[card.name] = _Entry(card, options, cls)
        return cls

    return enter


@cache
def _load() -> None:
    """Import every module of this room once, so that its methods are listed."""
    for module in pkgutil.iter_modules(mien.models.__path__):
        importlib.import_module(f"mien.models.{module.name}")


def names() -> tuple[str, ...]:
    """The recognisers and references, all that can be evaluated, sorted."""
    _load()
    return tuple(sorted(name for name, entry in _ENTRIES.items() if entry.card.kind != "probe"))


def probes() -> tuple[str, ...]:
    """What `mien probe identity` can train, sorted."""
    _load()
    return tuple(sorted(name for name, entry in _ENTRIES.items() if entry.card.kind == "probe"))


def _entry(name: str) -> _Entry:
    _load()
    if name not in _ENTRIES:
        raise unknown(f"there is no recogniser '{name}'", name, (*names(), *probes()))
    return _ENTRIES[name]


def card(name: str) -> ModelCard:
    """The card of a method. Raises `UsageError` for an unknown name."""
    return _entry(name).card


def options(name: str) -> type[Options]:
    """The options class of a method. Raises `UsageError` for an unknown name."""
    return _entry(name).options


def create(name: str, given: Mapping[str, object] | None = None) -> Method:
    """A fresh method with the given options.

    Raises:
        UsageError: unknown name, unknown option (the nearest is named) or value out of range.
    """
    entry = _entry(name)
    return entry.make(entry.options.parse(given or {}, model=name))
