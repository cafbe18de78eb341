"""The state of a training on disk, so that one that was killed goes on as if nothing had happened."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from torch import Tensor

from mien.errors import InputError, UsageError
from mien.files import write_whole
from mien.training.loop import Curve
from mien.training.material import Material

_MODULE, _OPTIMISER, _RANDOM = "module.", "optimiser.", "random"


@dataclass(frozen=True)
class Checkpoint:
    """A training's last finished epoch in a safetensors file: weights, optimiser, random numbers, curve.

    Attributes:
        path: the file; it is replaced after every epoch, whole or not at all.
        asked: what decides the outcome; the file of another training is refused.
    """

    path: Path
    asked: str

    def restore(self, material: Material, optimiser: torch.optim.Optimizer) -> Curve:
        """Put module, optimiser and random numbers where they were; the rows of the epochs that are done.

        Raises:
            UsageError: the file is of another training.
            InputError: it is damaged.
        """
        if not self.path.is_file():
            return []
        try:
            with safe_open(self.path, framework="pt") as file:
                words = file.metadata() or {}
            state = load_file(self.path)
            curve: Curve = json.loads(words["curve"])
            asked = words["asked"]
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise InputError(
                "the interrupted training cannot be read", where=self.path, found=error, do="delete this file"
            ) from error
        if asked != self.asked:
            raise UsageError(
                "another training was interrupted here",
                where=self.path,
                do="finish it with its own command, delete this file, or name another --out",
            )
        material.module.load_state_dict(_part(state, _MODULE))
        slots: dict[int, dict[str, Tensor]] = {}
        for name, value in _part(state, _OPTIMISER).items():
            number, key = name.split(".", 1)
            slots.setdefault(int(number), {})[key] = value
        optimiser.load_state_dict({"state": slots, "param_groups": optimiser.state_dict()["param_groups"]})
        material.generator.set_state(state[_RANDOM])
        return curve

    def keep(self, material: Material, optimiser: torch.optim.Optimizer, curve: Curve) -> None:
        """Write the training as it stands."""
        state = {_MODULE + name: value for name, value in material.module.state_dict().items()}
        for number, slot in optimiser.state_dict()["state"].items():
            state |= {
                f"{_OPTIMISER}{number}.{key}": value
                for key, value in slot.items()
                if isinstance(value, Tensor)
            }
        state[_RANDOM] = material.generator.get_state()
        plain = {name: value.detach().cpu().contiguous() for name, value in state.items()}
        write_whole(self.path, to_bytes(plain, {"asked": self.asked, "curve": json.dumps(curve)}))

    def discard(self) -> None:
        """Remove the file: the training has ended."""
        self.path.unlink(missing_ok=True)


def _part(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
