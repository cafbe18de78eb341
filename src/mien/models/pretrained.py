"""Encoders pre-trained on clips of people: their file, what it says of itself, and whom it must not be judged on.

Safetensors: the tensors of the encoders, and the card as JSON in the header. Nothing is unpickled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from mien.clips.people import people
from mien.errors import InputError
from mien.files import write_whole
from mien.models.kinetics import check_file
from mien.prepare.prepared import PreparedSet

_HEADER = "mien-pretrained"
_DO = "give a file that mien pretrain wrote"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Framing(_Part):
    """How faces are cut out: the recipe's face step (None for sets without one), and the side of the pictures."""

    face: dict[str, Any] | None
    size_px: int

    @classmethod
    def of(cls, data: PreparedSet, array: str) -> Framing:
        """The framing of an array of a prepared set."""
        return cls(face=data.recipe.get("face"), size_px=int(data.arrays[array].shape[-1]))

    @property
    def words(self) -> str:
        """Side and framing in a few words."""
        face = {} if self.face is None else self.face
        sides = [
            f"{name} {face[name]}" for name in ("shown_per_interocular", "shown_eyes_at") if name in face
        ]
        return ", ".join([f"{self.size_px} px", *sides])


class SeenSet(_Part):
    """A set of clips that was pre-trained on, with its people."""

    name: str
    data_hash: str
    made_up: bool
    kind: str = Field(description="macro, micro, or unknown")
    n_clips: int
    n_pairs: int
    subjects: tuple[str, ...]


class CopyTest(_Part):
    """How well the future was rebuilt for people left aside; errors are 2 - 2 cos of latent vectors.

    Attributes:
        error, copying: of the prediction, and of taking the present for the future.
        gain: 1 - error / copying. without_action: the same when the network is not told of the motion.
        spread: standard deviation of the target's channels over that of independent ones; near 0: it collapsed.
    """

    error: float
    copying: float
    gain: float
    without_action: float
    spread: float
    n_pairs: int


class PretrainingCard(_Part):
    """All that is known of pre-trained encoders.

    Attributes:
        network, network_options: what was trained. settings: how. asked: fingerprint of all that decides the weights.
        left_out: clips without a usable pair, with reasons.
    """

    schema_: Literal[1] = Field(1, alias="schema")
    method: Literal["future frames"] = "future frames"
    network: str
    network_options: dict[str, Any]
    settings: dict[str, Any]
    seed: int
    framing: Framing
    sets: tuple[SeenSet, ...] = Field(min_length=1)
    left_out: tuple[tuple[str, str], ...]
    copy_test: CopyTest
    asked: str
    versions: dict[str, str]
    command: str

    @property
    def told_of_others(self) -> bool:
        """Whether `copy_test` is of people who were left aside; if not, it is of the clips that were trained on."""
        seen = people(subject for one in self.sets for subject in one.subjects)
        return self.settings.get("aside", 0) > 0 and len(seen) > 1

    @property
    def words(self) -> str:
        """One line for the record of a run."""
        names = " + ".join(
            f"{one.name} ({one.n_clips} clips, {len(one.subjects)} people)" for one in self.sets
        )
        return f"pre-trained on {names}; {100 * self.copy_test.gain:.0f} % better than copying"


def write(path: Path, card: PretrainingCard, encoders: Mapping[str, nn.Module]) -> None:
    """Write the encoders to a file, whole or not at all; the same gives the same bytes."""
    tensors = {
        f"{part}.{name}": value.detach().cpu().contiguous()
        for part, module in encoders.items()
        for name, value in module.state_dict().items()
    }
    write_whole(path, to_bytes(tensors, {_HEADER: card.model_dump_json(by_alias=True)}))


def read_card(path: Path) -> PretrainingCard:
    """The card of a file.

    Raises:
        UsageError: no such file, or a pickled one.
        InputError: no file of pre-trained encoders, or one of another version.
    """
    check_file(path)
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(_HEADER)
    except (OSError, SafetensorError) as error:
        raise InputError("the weights cannot be read", where=path, found=error, do=_DO) from error
    if text is None:
        raise InputError(
            "nothing says on whom these weights were pre-trained: a held-out subject may be among them",
            where=path,
            do=_DO,
        )
    try:
        return PretrainingCard.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        found = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise InputError("the card of the weights cannot be used", where=path, found=found, do=_DO) from error


def load_into(path: Path, encoders: Mapping[str, nn.Module]) -> None:
    """Set every tensor of the encoders to that of the file.

    Raises:
        UsageError, InputError: as `read_card`, or a tensor is missing, superfluous or of another size.
    """
    card = read_card(path)
    given = load_file(path)
    try:
        for part, module in encoders.items():
            mine = {name: _taken(given, f"{part}.{name}") for name in module.state_dict()}
            module.load_state_dict(mine)
        if given:
            raise KeyError(f"{len(given)} tensors that it has no use for, such as {next(iter(given))}")
    except (KeyError, RuntimeError) as error:
        raise InputError(
            "the pre-trained encoders are not those of this network",
            where=path,
            found=f"{card.network} with {card.network_options}: {str(error).splitlines()[-1].strip()}",
            do="evaluate the network that was pre-trained, with the same options of its size",
        ) from error


def _taken(given: dict[str, Tensor], name: str) -> Tensor:
    if name not in given:
        raise KeyError(f"no tensor {name}")
    return given.pop(name)


def admit(path: Path, array: str, sources: Iterable[PreparedSet], held_out: Iterable[str]) -> None:
    """Nothing, if the weights in the file may be judged on these subjects (`database/subject`) of these sets.

    Raises:
        InputError: a held-out person was seen in pre-training, or the clips were cut out in another way.
    """
    card, wanted = read_card(path), set(held_out)
    for source in sources:
        framing = Framing.of(source, array)
        if framing != card.framing:
            raise InputError(
                "the weights were pre-trained on faces that were cut out in another way",
                where=f"{path} and {source.path}",
                found=f"{card.framing.words}; the set: {framing.words}",
                do="prepare both by recipes with the same face step and size, such as macro-rgb and onset-apex-rgb",
            )
        here = people(wanted.intersection(source.table.groups.tolist()))
        for seen in card.sets:
            # A twin has the names of a database's subjects, but other people.
            both = sorted(here & people(seen.subjects)) if seen.made_up == source.made_up else []
            if both:
                raise InputError(
                    "the weights were pre-trained on people who are held out in this evaluation",
                    where=f"{path} and {source.path}",
                    found=f"{len(both)} of {len(here)} held-out subjects are in {seen.name}, such as {both[0]}",
                    do="pre-train on clips of other people: mien pretrain --without SUBJECT leaves some out",
                )
