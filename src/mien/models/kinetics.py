"""Weights of published networks from a local safetensors file, key by key, with a report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from mien.errors import InputError, UsageError

PICKLED = {".pth", ".pt", ".tar", ".ckpt", ".bin", ".pkl"}
# A counter that batch normalisation with a fixed momentum never reads; some files leave it out.
COUNTER = "num_batches_tracked"


Adapt = Callable[[Mapping[str, Tensor], Mapping[str, Tensor]], dict[str, Tensor]]
"""Gives a file's tensors the names and sizes of an encoder's own: (the file's, the encoder's) -> the file's."""


@dataclass(frozen=True)
class Report:
    """What became of an encoder's tensors: their names by outcome, and what the file held besides."""

    file: Path
    sha256: str
    loaded: tuple[str, ...]
    missing: tuple[str, ...]
    other_shape: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def words(self) -> str:
        """One line for the record of a run; what stays random is named."""
        n = len(self.loaded) + len(self.missing) + len(self.other_shape)
        text = f"{len(self.loaded)} of {n} tensors from {self.file.name} (sha256 {self.sha256[:12]})"
        for title, names in (("missing", self.missing), ("of another shape", self.other_shape)):
            if names:
                more = f" and {len(names) - 4} more" if len(names) > 4 else ""
                text += f"; {title}, so random: {', '.join(names[:4])}{more}"
        return text + (f"; not used: {len(self.unused)}" if self.unused else "")


def check_file(path: Path) -> None:
    """Nothing, if this can be a safetensors file.

    Raises:
        UsageError: a pickled file, which may run code when it is opened, or no file.
    """
    if path.suffix in PICKLED:
        raise UsageError(
            "weights are read from safetensors files alone: a pickled file can run code when it is opened",
            where=path,
            do="convert it once, where you trust its source: docs/large-networks.md shows how",
        )
    if not path.is_file():
        raise UsageError("there is no such weights file", where=path)


def load_published(encoder: nn.Module, path: Path, *, stem: str, adapt: Adapt | None = None) -> Report:
    """Set the encoder's tensors to those of the file that have their name and shape.

    A stem for two flow channels is made from one for RGB: the mean over the colours, times 3/2, so that a
    constant input gives the same sum.

    Args:
        stem: the name of the first convolution's weight.
        adapt: what is to be done to the file's tensors first.

    Raises:
        UsageError: a pickled file, or no file.
        InputError: the file is damaged, or none of its tensors fits.
    """
    check_file(path)
    try:
        given = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(
            "this is no safetensors file",
            where=path,
            found=error,
            do="docs/large-networks.md shows how to convert published weights",
        ) from error
    own = {name: tensor for name, tensor in encoder.state_dict().items() if not name.endswith(COUNTER)}
    if adapt is not None:
        given = adapt(given, own)
    if stem in given and stem in own:
        given[stem] = _for_channels(given[stem], own[stem].shape[1])
    present = own.keys() & given.keys()
    fitting = {name for name in present if given[name].shape == own[name].shape}
    report = Report(
        file=path,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        loaded=tuple(sorted(fitting)),
        missing=tuple(sorted(own.keys() - present)),
        other_shape=tuple(sorted(present - fitting)),
        unused=tuple(sorted(n for n in given.keys() - own.keys() if not n.endswith(COUNTER))),
    )
    if not fitting:
        raise InputError(
            "no tensor of this file fits the network",
            where=path,
            found=f"names such as {', '.join(sorted(given)[:3]) or 'none'}; wanted such as {stem}",
            do="use a file of the network's published layout: docs/large-networks.md",
        )
    with torch.no_grad():
        for name in fitting:
            own[name].copy_(given[name])
    return report


def _for_channels(weight: Tensor, n_channels: int) -> Tensor:
    """A stem's weight (O, 3, ...) for two channels; any other stays as it is."""
    if weight.dim() != 5 or weight.shape[1] != 3 or n_channels != 2:
        return weight
    return weight.float().mean(dim=1, keepdim=True).repeat(1, 2, 1, 1, 1) * 1.5
