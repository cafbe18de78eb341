"""Weights of fitted networks as safetensors: no pickle is written or read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    return members(network, task, tensors, path)


def members(
    network: Network, task: Task, tensors: Mapping[str, torch.Tensor], where: object
) -> list[nn.Module]:
    """The members whose tensors are named as `state_of` names them, in evaluation mode.

    Raises:
        InputError: they do not fit the network.
    """
    modules = []
    try:
        numbers = sorted({int(name.split(".", 1)[0]) for name in tensors})
        for member in numbers:
            own = {n.split(".", 1)[1]: t for n, t in tensors.items() if n.startswith(f"{member}.")}
            module = network.rebuild(task, own)
            module.load_state_dict(own)
            modules.append(module.eval())
    except (RuntimeError, ValueError, IndexError) as error:
        raise InputError("weights do not fit the network", where=where, found=error) from error
    return modules


def fingerprint(modules: Sequence[nn.Module]) -> bytes:
    """The bytes of all weights, for tests that two trainings gave bit-identical networks."""
    return b"".join(
        value.detach().cpu().to(torch.float32).contiguous().numpy().tobytes()
        for module in modules
        for value in module.state_dict().values()
    )
