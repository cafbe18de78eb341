"""Weights as safetensors: what is written is read, damage is told."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch
import torch

from mien.clips import tasks
from mien.errors import InputError
from mien.models.ststnet import Ststnet, StstnetOptions
from mien.training.weights import fingerprint, load, state_of

TASK = tasks.get("megc-3")


def test_round_trip_keeps_every_bit(tmp_path: Path) -> None:
    network = Ststnet(StstnetOptions())
    modules = [network.build(TASK) for _ in range(2)]
    file = tmp_path / "w.safetensors"
    file.write_bytes(safetensors.torch.save(state_of(modules)))
    assert fingerprint(load(network, TASK, file)) == fingerprint(modules)


@pytest.mark.parametrize("content", [b"", b"not weights", b"\x08\0\0\0\0\0\0\0{}      "])
def test_damage_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "w.safetensors"
    file.write_bytes(content)
    network = Ststnet(StstnetOptions())
    if content.startswith(b"\x08"):
        assert load(network, TASK, file) == []
    else:
        with pytest.raises(InputError, match="cannot be read"):
            load(network, TASK, file)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "w.safetensors"
    file.write_bytes(safetensors.torch.save({"0.classifier.weight": torch.zeros(3, 7)}))
    with pytest.raises(InputError, match="do not fit"):
        load(Ststnet(StstnetOptions()), TASK, file)
