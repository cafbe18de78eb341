"""Weights of fitted networks as safetensors: no pickle is written or read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from mien.clips.tasks import Task
from mien.errors import InputError
from mien.models.base import Network


def state_of(modules: Sequence[nn.Module]) -> dict[str, torch.Tensor]:
    """The tensors of all members, named `<member>.<parameter>`."""
    return {
        f"{i}.{name}": value.detach().cpu().contiguous()
        for i, module in enumerate(modules)
        for name, value in module.state_dict().items()
    }


def load(network: Network, task: Task, path: Path) -> list[nn.Module]:
    """The members of a file, in evaluation mode.

    Raises:
        InputError: the file cannot be read or does not fit the network.
    """
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError("weights cannot be read", where=path, found=error) from error
    members = sorted({int(name.split(".", 1)[0]) for name in tensors})
    modules = []
    for member in members:
        module = network.build(task)
        state = {n.split(".", 1)[1]: t for n, t in tensors.items() if n.startswith(f"{member}.")}
        try:
            module.load_state_dict(state)
        except RuntimeError as error:
            raise InputError("weights do not fit the network", where=path, found=error) from error
        modules.append(module.eval())
    return modules


def fingerprint(modules: Sequence[nn.Module]) -> bytes:
    """The bytes of all weights, for tests that two trainings gave bit-identical networks."""
    return b"".join(
        value.detach().cpu().to(torch.float32).contiguous().numpy().tobytes()
        for module in modules
        for value in module.state_dict().values()
    )
