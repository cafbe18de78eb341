"""`mien serve`: the extra it needs, the warning it gives; the server itself is tested in tests/robustness/web."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mien.cli import serve


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the server would have been started with."""
    calls: list[Any] = []

    def fake(settings: Any, announce: Callable[[str], None], command: tuple[str, ...]) -> None:
        announce("http://127.0.0.1:1/")
        calls.append((settings, command))

    monkeypatch.setattr("mien.web.server.serve", fake)
    return calls


def test_it_is_on_this_machine_alone_by_default(mien: Callable, served: list[Any]) -> None:
    code, out, err = mien("serve", "--port", "0")
    assert (code, err) == (0, "")
    assert "Mien is at http://127.0.0.1:1/" in out
    assert "deleted" in out
    (settings, command) = served[0]
    assert (settings.host, settings.upload_bytes, settings.keep_s) == ("127.0.0.1", 4_000_000_000, 3600)
    assert command[1:] == ("-m", "mien.web.runner")


def test_another_host_is_served_with_a_warning(mien: Callable, served: list[Any]) -> None:
    code, _, err = mien("serve", "--host", "0.0.0.0")
    assert code == 0
    assert err.startswith("warning: with --host 0.0.0.0 everybody who reaches this machine")
    assert served[0][0].host == "0.0.0.0"


def test_limits_are_passed_on(mien: Callable, served: list[Any]) -> None:
    times = ["--max-minutes", "2", "--keep", "3", "--workers", "2"]
    sizes = ["--max-upload", "0.5", "--max-memory", "1", "--places", "4"]
    assert mien("serve", *times, *sizes, "--model", "none")[0] == 0
    settings, command = served[0]
    limits = (settings.upload_bytes, settings.job_s, settings.job_bytes, settings.keep_s)
    assert limits == (500_000_000, 120, 1_000_000_000, 180)
    assert (settings.workers, settings.places, command[-2:]) == (2, 4, ("--model", "none"))


def test_a_model_that_is_not_there_is_told(mien: Callable, served: list[Any]) -> None:
    code, _, err = mien("serve", "--model", "nowhere.safetensors")
    assert (code, "no such model" in err, served) == (2, True, [])


def test_without_its_packages_it_names_the_extra(mien: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "NEEDED", {"no_such_module": "fastapi"})
    code, out, err = mien("serve")
    assert (code, out) == (2, "")
    assert "without fastapi" in err
    assert 'pip install "mien[web]"' in err
