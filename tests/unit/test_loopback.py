"""Which addresses only this machine can reach."""

from __future__ import annotations

import pytest

from mien.loopback import is_loopback


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "::1"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "192.168.1.2", "::", "127.0.0.1.example", "example"])
def test_anything_else(host: str) -> None:
    assert not is_loopback(host)
