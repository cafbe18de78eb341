"""A fitted network as one file: weights, how its clips are prepared, how sure it is, and its honest record.

Safetensors: the tensors of every member, the texts of its training in the shared space, and the card as JSON in
the header. Nothing is unpickled; a file of another schema is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from torch import nn

from mien.clips import tasks
from mien.errors import InputError
from mien.files import write_whole
from mien.metrics.calibration import tempered
from mien.metrics.uncertainty import mutual_information
from mien.models import registry
from mien.models.base import Network, TextSpace
from mien.prepare.recipe import Recipe
from mien.training.fit import NetworkRecogniser, member_probabilities
from mien.training.weights import members, state_of

SHIPPED = "aie-cmcl-flow.safetensors"
SCHEMA: Literal[1] = 1
_CARD, _TEXTS = "mien", "texts"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Calibration(_Part):
    """How probabilities are made believable, and from which on an answer is given.

    `ece_before` and `ece_after` (15 bins) and the accuracy of answered clips are those of clips whose subject
    took no part in fitting the temperature and the threshold.
    """

    temperature: float = Field(gt=0)
    abstain_below: float = Field(ge=0, le=1)
    target_accuracy: float = Field(ge=0, le=1)
    coverage: float = Field(ge=0, le=1)
    accuracy_answered: float = Field(ge=0, le=1)
    ece_before: float
    ece_after: float
    fitted_on: str


class Score(_Part):
    """A score with the ends of its 95 % interval; None where it is undefined."""

    mean: float | None
    low: float | None
    high: float | None


class Record(_Part):
    """How well the recogniser did on clips it was not trained on; `apex` says who found the apex."""

    on: str
    protocol: str
    n_clips: int
    n_subjects: int
    n_seeds: int
    uf1: Score
    uar: Score
    accuracy: Score
    apex: Literal["given", "spotted"]
    command: str


class TrainedOn(_Part):
    """A set that went into the weights."""

    name: str
    data_hash: str
    n_clips: int
    n_subjects: int
    made_up: bool


class Card(_Part):
    """All that is known of a deployed model.

    Attributes:
        recipe: how the frames of a clip become its arrays. arrays: the size of one clip's arrays.
        sentences: the AU sentences whose places in the shared space are kept.
        record: honest scores, the first the most telling. notes: what a reader should know.
    """

    schema_: Literal[1] = Field(SCHEMA, alias="schema")
    model: str
    title: str
    paper: str
    options: dict[str, Any]
    task: str
    classes: tuple[str, ...]
    recipe: dict[str, Any]
    arrays: dict[str, tuple[int, ...]]
    n_members: int = Field(ge=1)
    sentences: tuple[str, ...] = ()
    calibration: Calibration
    record: tuple[Record, ...] = Field(min_length=1)
    trained_on: tuple[TrainedOn, ...] = Field(min_length=1)
    notes: tuple[str, ...] = ()
    versions: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a deployed model says of n clips.

    Attributes:
        prob: (n, K) calibrated probabilities. members: (M, n, K) those of each member, or of each Monte-Carlo pass of
        each member.
        nearest: for each clip the nearest AU sentences with their cosines, best first; empty without texts.
    """

    prob: NDArray[np.float64]
    members: NDArray[np.float64]
    nearest: tuple[tuple[tuple[str, float], ...], ...]

    @property
    def doubt(self) -> NDArray[np.float64]:
        """(n,) mutual information between class and member, nats: how far the members disagree."""
        return mutual_information(self.members)


@dataclass(frozen=True, eq=False)
class Deployed:
    """A model that can be used: its card, members and texts."""

    card: Card
    network: Network
    modules: tuple[nn.Module, ...]
    texts: TextSpace | None

    @property
    def recipe(self) -> Recipe:
        """How clips are prepared for it."""
        return Recipe.model_validate(self.card.recipe)

    def predict(self, arrays: Mapping[str, NDArray[Any]], n_nearest: int = 3) -> Predictions:
        """Probabilities and nearest texts of clips: arrays (n, ...) as the recipe makes them.

        Raises:
            InputError: an array is missing or of another size than the model was trained on.
        """
        _check_arrays(arrays, self.card)
        found = member_probabilities(self.network, self.modules, arrays, torch.device("cpu"))
        temperature = self.card.calibration.temperature
        nearest: tuple[tuple[tuple[str, float], ...], ...] = ((),) * found.shape[1]
        if self.texts is not None:
            cosine = self.network.visual(self.modules[0], arrays) @ self.texts.vectors.T
            best = np.argsort(-cosine, axis=1, kind="stable")[:, :n_nearest]
            nearest = tuple(
                tuple((self.texts.sentences[i], float(row[i])) for i in chosen)
                for row, chosen in zip(cosine, best, strict=True)
            )
        return Predictions(tempered(found.mean(axis=0), temperature), tempered(found, temperature), nearest)


def save(path: Path, card: Card, fitted: NetworkRecogniser, texts: TextSpace | None) -> None:
    """Write the model to a file, whole or not at all; the same model gives the same bytes."""
    tensors = state_of(fitted.modules)
    if texts is not None:
        tensors[_TEXTS] = torch.from_numpy(texts.vectors).contiguous()
    content = to_bytes(tensors, {_CARD: card.model_dump_json(by_alias=True)})
    write_whole(path, content)


def shipped() -> Path:
    """The file of the model that comes with Mien."""
    return Path(str(resources.files("mien") / "weights" / SHIPPED))


def read_card(path: Path) -> Card:
    """The card of a model's file.

    Raises:
        InputError: no such file, no model of Mien, or one of another version.
    """
    do = "give a file that mien train wrote"
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(_CARD)
    except (OSError, SafetensorError) as error:
        raise InputError("the model cannot be read", where=path, found=error, do=do) from error
    if text is None:
        raise InputError("this file holds weights, but no model of Mien", where=path, do=do)
    try:
        return Card.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(
            "the model's card cannot be used: another version of Mien wrote it, or it was changed",
            where=path,
            found=f"{'.'.join(map(str, first['loc']))}: {first['msg']}",
            do="train it again with this version",
        ) from error


def load(path: Path | None = None) -> Deployed:
    """The model of a file; None takes the one that comes with Mien.

    Raises:
        InputError: the file cannot be read, or its weights do not fit its card.
    """
    file = shipped() if path is None else path
    card = read_card(file)
    if (task := tasks.get(card.task)).classes != card.classes:
        raise InputError(
            "the model was trained for other classes",
            where=file,
            found=f"{', '.join(card.classes)}; '{card.task}' has {', '.join(task.classes)}",
        )
    network = registry.create(card.model, card.options)
    assert isinstance(network, Network)
    tensors = load_file(file)
    vectors = tensors.pop(_TEXTS, None)
    modules = members(network, task, tensors, file)
    if len(modules) != card.n_members or (0 if vectors is None else len(vectors)) != len(card.sentences):
        raise InputError("the weights do not fit the model's card", where=file, do="copy the file again")
    texts = None if vectors is None else TextSpace(card.sentences, vectors.numpy())
    return Deployed(card, network, tuple(modules), texts)


def versions() -> dict[str, str]:
    """The versions that a card names."""
    return {name: metadata.version(name) for name in ("mien", "torch", "numpy")}


def _check_arrays(arrays: Mapping[str, NDArray[Any]], card: Card) -> None:
    for name, size in card.arrays.items():
        found = arrays[name].shape[1:] if name in arrays else None
        if found != size:
            raise InputError(
                f"the model reads '{name}' of size {size}",
                found="no such array" if found is None else found,
                do="prepare the clips with the model's own recipe",
            )
