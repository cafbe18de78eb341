"""The script of docs/large-networks.md, run by torchrun in two processes of a CPU."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mien.prepare.prepared import PreparedSet

PAGE = Path(__file__).resolve().parents[2] / "docs" / "large-networks.md"


@pytest.mark.slow
def test_two_processes_train_one_network_and_agree(small_clips: PreparedSet, tmp_path: Path) -> None:
    (code,) = [block for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
               if "init_process_group" in block]  # fmt: skip
    asked = 'model="aie-cmcl-r3d18", data="sets/casme2", task="casme2-5"'
    assert asked in code
    smaller = f'model="aie-cmcl", data={str(small_clips.path)!r}, task="megc-3", options={{"epochs": "1"}}'
    script = tmp_path / "train.py"
    script.write_text(code.replace(asked, smaller), encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    told = dict(line.split(" ", 1) for line in sorted(done.stdout.splitlines()) if line[:1] in "01")
    assert set(told) == {"0", "1"} and told["0"] == told["1"]
