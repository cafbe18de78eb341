"""A server on this machine that says "negative", and how to ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mien.vlm.endpoint import Asking, Endpoint
from mien.vlm.jobs import How
from vlm_server import Server, says


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))
    with Server(lambda request, n: says('{"answer": "negative"}')).running() as running:
        yield running


@pytest.fixture
def how(server: Server) -> Callable[..., How]:
    def make(encoding: str = "frames", **changed: object) -> How:
        asking = Asking(picture_px=32, first_wait_s=0)
        return How(encoding, Endpoint(url=server.url, model="tiny"), asking, **changed)  # type: ignore[arg-type]

    return make
