"""A training that is interrupted after any epoch ends with the same bits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mien.errors import InputError, UsageError
from mien.experiments.jobs import train_view
from mien.experiments.setting import Setting
from mien.models.offapexnet import Offapexnet, OffapexnetOptions
from mien.training.checkpoint import Checkpoint
from mien.training.loop import train
from mien.training.material import Material, gather
from mien.training.weights import fingerprint


class _Stopped(Exception):
    pass


def _material(setting: Setting) -> Material:
    network = Offapexnet(OffapexnetOptions(epochs=4, batch_size=16))
    view = train_view(setting, setting.folds[0])
    return gather(network, view, seed=0, member=0, device=torch.device("cpu"))


def _stop_after(last: int) -> Callable[[int, torch.nn.Module], None]:
    def observe(epoch: int, module: torch.nn.Module) -> None:
        if epoch == last:
            raise _Stopped

    return observe


@pytest.mark.parametrize("last", [0, 2])
def test_it_goes_on_with_the_same_bits(
    last: int, small_setting: Callable[..., Setting], tmp_path: Path
) -> None:
    setting = small_setting("offapexnet")
    whole = _material(setting)
    curve = train(whole)
    checkpoint = Checkpoint(tmp_path / "c", "this")
    with pytest.raises(_Stopped):
        train(_material(setting), _stop_after(last), checkpoint)
    resumed = _material(setting)
    with torch.no_grad():
        for parameter in resumed.module.parameters():
            parameter.zero_()
    seen: list[int] = []
    assert train(resumed, lambda epoch, _: seen.append(epoch), checkpoint) == curve
    assert seen == list(range(last + 1, 4))
    assert fingerprint([resumed.module]) == fingerprint([whole.module])
    checkpoint.discard()
    assert not list(tmp_path.iterdir())


def test_the_file_of_another_training_and_a_damaged_one_are_refused(
    small_setting: Callable[..., Setting], tmp_path: Path
) -> None:
    setting = small_setting("offapexnet")
    train(_material(setting), keeper=Checkpoint(tmp_path / "c", "this"))
    with pytest.raises(UsageError, match="another training"):
        train(_material(setting), keeper=Checkpoint(tmp_path / "c", "that"))
    (tmp_path / "c").write_bytes((tmp_path / "c").read_bytes()[:-10])
    with pytest.raises(InputError, match="cannot be read"):
        train(_material(setting), keeper=Checkpoint(tmp_path / "c", "this"))
