"""Steps in parts: of one process, and of two that add their gradients."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import nn

from mien.prepare.prepared import PreparedSet
from mien.training import together

# Trains one step of one fold and keeps gradients, weights and loss; run alone and as two processes.
SCRIPT = """
import sys
import torch
from safetensors.torch import save_file
from mien.experiments.jobs import train_view
from mien.experiments.setting import EvaluateConfig, resolve
from mien.models import registry
from mien.training.loop import train
from mien.training.material import gather

data, out, processes = sys.argv[1:]
if int(processes) > 1:
    torch.distributed.init_process_group("gloo")
options = {"width": "8", "epochs": "1", "batch_size": "64", "text": "none", "clip_norm": "0", "crop": "1"}
setting = resolve(EvaluateConfig(model="aie-cmcl", data=data, task="megc-3", device="cpu", options=options)).setting
network = registry.create("aie-cmcl", options)
view = train_view(setting, setting.folds[0])
material = gather(network, view, seed=0, member=0, device=torch.device("cpu"))
curve = train(material)
found = {"grad." + name: p.grad for name, p in material.module.named_parameters() if p.grad is not None}
found |= {"weight." + name: p.detach() for name, p in material.module.named_parameters()}
save_file(found | {"loss": torch.tensor(curve[0]["loss"])}, out)
if int(processes) > 1:
    torch.distributed.destroy_process_group()
"""


def _run(data: Path, out: Path, rank: int, port: int) -> subprocess.Popen[str]:
    environment = os.environ | {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "RANK": str(rank),
        "WORLD_SIZE": "2",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-c", SCRIPT, str(data), str(out), "2"]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def test_two_processes_give_the_gradients_of_one(
    small_clips: PreparedSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    names = ["first", "second"]
    started = [_run(small_clips.path, tmp_path / name, rank, port) for rank, name in enumerate(names)]
    monkeypatch.setattr(sys, "argv", ["-c", str(small_clips.path), str(tmp_path / "alone"), "1"])
    exec(SCRIPT, {})
    for process in started:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    alone, first, second = (load_file(tmp_path / name) for name in ("alone", *names))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert alone.keys() == first.keys()
    for name in alone:
        if not name.startswith("weight."):
            torch.testing.assert_close(first[name], alone[name], rtol=1e-4, atol=1e-6, msg=name)


@given(st.integers(1, 40), st.integers(1, 6), st.integers(1, 4))
def test_the_parts_of_all_processes_are_the_step(n: int, accumulate: int, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        rows: list[int] = []
        for rank in range(size):
            patch.setattr(together, "place", lambda rank=rank: (rank, size))
            parts = together.own_parts(n, accumulate)
            assert len(parts) <= accumulate and all(part.stop > part.start for part in parts)
            rows += [i for part in parts for i in range(n)[part]]
    assert rows == list(range(n))


def test_alone_everything_is_the_plain_step() -> None:
    module = nn.BatchNorm1d(2)
    module.weight.grad = torch.ones(2)
    before = module.running_var.clone()
    together.add_gradients(module)
    together.average_buffers(module)
    assert torch.equal(module.weight.grad, torch.ones(2)) and torch.equal(module.running_var, before)
    assert together.place() == (0, 1) and together.own_parts(7, 1) == [slice(0, 7)]
    assert together.add_up({"a": torch.tensor(2.0)}) == {"a": 2.0}
