"""mien.web.server: where it listens; how it ends is tested on a real process in tests/robustness/web."""

from __future__ import annotations

import socket

import pytest

from mien.errors import UsageError
from mien.web.server import address, serve
from mien.web.settings import ServeSettings


def test_the_address_is_one_a_browser_can_open() -> None:
    assert address("127.0.0.1", 8745) == "http://127.0.0.1:8745/"
    assert address("0.0.0.0", 1) == "http://127.0.0.1:1/"
    assert address("::", 1) == address("::1", 1) == "http://[::1]:1/"
    assert address("lab.example.org", 80) == "http://lab.example.org:80/"


def test_a_port_that_is_taken_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UsageError, match="--port 0"):
        serve(ServeSettings(port=taken.getsockname()[1]), lambda _: None)


def test_an_address_of_another_machine_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path))
    with pytest.raises(UsageError, match=r"192\.0\.2\.1"):
        serve(ServeSettings(host="192.0.2.1"), lambda _: None)
