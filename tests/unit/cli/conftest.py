"""How the tests call the command line: in this process, with the exit code and both streams returned."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from mien.cli.app import run


class Answer(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def mien(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Call as `mien("data", "show", folder)`; the terminal is wide and without colours."""
    monkeypatch.setenv("COLUMNS", "220")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("MIEN_DEBUG", raising=False)

    def call(*args: object) -> Answer:
        capsys.readouterr()
        code = run([str(arg) for arg in args])
        return Answer(code, *capsys.readouterr())

    return call
