"""A desk with the stand-in analysis, and a client of its application."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mien.web.app import make_app
from mien.web.jobs import Desk
from mien.web.settings import ServeSettings

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def client_of(tmp_path: Path) -> Iterator[Callable[..., TestClient]]:
    """Call with settings to get a client; its desk is `client.desk`, its folder `tmp_path / "desk"`."""
    from web_client import FAKE

    opened: list[TestClient] = []

    def make(**settings: Any) -> TestClient:
        folder = tmp_path / "desk"
        folder.mkdir()
        desk = Desk(ServeSettings(**settings), folder, FAKE)
        client = TestClient(make_app(desk), base_url="http://localhost:8745", raise_server_exceptions=False)
        client.desk = desk  # type: ignore[attr-defined]
        client.__enter__()
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(client_of: Callable[..., TestClient]) -> TestClient:
    return client_of()
