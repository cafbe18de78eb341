"""kill -9 in the middle of asking: the same command goes on, asks nothing twice, and ends with the same file."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from killing import killed_once
from mien.cli.app import run
from mien.prepare.prepared import PreparedSet
from vlm_server import Reply, Request, Server, says


def fingerprint(request: Request) -> str:
    return hashlib.sha256(json.dumps(request.body, sort_keys=True).encode()).hexdigest()


def answering(request: Request, n: int) -> Reply:
    """An answer that depends on the question alone, given slowly enough to be killed between two."""
    label = ("negative", "positive", "surprise")[int(fingerprint(request), 16) % 3]
    return replace(says(json.dumps({"answer": label})), delay_s=0.05)


def test_killed_and_resumed_equals_undisturbed_and_asks_nothing_twice(
    small_set: PreparedSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(answering).running() as server:
        what = ["vlm", "ask", "micro-expression", "--task", "megc-3", "--data", str(small_set.path)]
        what += ["--clips", "12", "--encoding", "flow", "--control", "shuffled"]
        what += ["--endpoint", server.url, "--model", "tiny", "--out"]
        answers = tmp_path / "one" / "vlm"
        killed_once(
            lambda: len(list(answers.rglob("*.json"))) >= 8,
            *what,
            tmp_path / "killed",
            MIEN_CACHE=tmp_path / "one",
        )
        kept = len(list(answers.rglob("*.json")))
        assert 8 <= kept < 22
        assert not (tmp_path / "killed" / "predictions.csv").exists()
        asked_before = len(server.requests)
        monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "one"))
        assert run([*what, str(tmp_path / "killed")]) == 0
        times = Counter(map(fingerprint, server.requests))
        # the one that was under way when the process died has no stored answer: it alone may come again
        assert sum(times.values()) - len(times) <= asked_before - kept <= 1
        monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "two"))
        assert run([*what, str(tmp_path / "whole")]) == 0
    whole, killed = (tmp_path / name / "predictions.csv" for name in ("whole", "killed"))
    assert whole.read_bytes() == killed.read_bytes()
