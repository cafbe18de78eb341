"""mien.web.guard: names that are served, pages that may write, headers on every answer."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from web_client import send

from mien.web.guard import HEADERS, Guard, allowed_names
from mien.web.settings import ServeSettings


def guard(**settings: str) -> Guard:
    chosen = ServeSettings(**settings)

    async def nothing(*_: object) -> None: ...

    return Guard(nothing, allowed_names(chosen), local=chosen.is_local)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8745", "127.0.0.1:8745", "127.0.0.1", "[::1]:8745", "LOCALHOST:1"]
)
def test_names_of_this_machine_are_served(host: str) -> None:
    assert guard().serves(host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8745",
        "127.0.0.1.evil.example",
        "192.168.1.4:8745",
        "0.0.0.0",
        "localhost.evil.example",
        "a@localhost",
        "localhost/x",
        "",
        "[::1",
        "[fe80::1]",
    ],
)
def test_other_names_are_not(host: str) -> None:
    assert not guard().serves(host)


def test_in_a_network_addresses_and_the_given_name_are_served_but_no_foreign_name() -> None:
    shared = guard(host="lab.example.org")
    assert shared.serves("lab.example.org:8745")
    assert shared.serves("192.168.1.4:8745")
    assert not shared.serves("evil.example:8745")


def test_a_rebound_name_gets_nothing(client: TestClient) -> None:
    answer = client.get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert "not asked for under this name" in answer.json()["what"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://localhost:8745"},
        {"Origin": "http://localhost:9000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_page_can_neither_send_nor_delete(client: TestClient, headers: dict[str, str]) -> None:
    sent = client.post("/api/jobs", files={"video": ("v", b"x")}, headers=headers)
    assert (sent.status_code, client.delete("/api/jobs/x", headers=headers).status_code) == (403, 403)
    assert list(client.desk.folder.iterdir()) == []


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "http://localhost:8745"}, {"Sec-Fetch-Site": "same-origin"}]
)
def test_this_page_and_programs_can(client: TestClient, headers: dict[str, str]) -> None:
    sent = client.post("/api/jobs", files={"video": ("v", b"x")}, headers=headers)
    assert sent.status_code == 202


@pytest.mark.parametrize(
    "address", ["/", "/page.js", "/nothing", "/api/limits", "/api/jobs/x", "/openapi.json"]
)
def test_every_answer_has_the_security_headers(client: TestClient, address: str) -> None:
    headers = client.get(address).headers
    assert {name: headers[name] for name in HEADERS} == HEADERS


def test_faults_and_refusals_have_them_too(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, client_of: Callable[..., TestClient]
) -> None:
    monkeypatch.setattr(client.desk, "find", lambda job_id: 1 / 0)
    answer = client.get("/api/jobs/x")
    assert answer.status_code == 500
    assert answer.json()["what"] == "the server failed by a fault of Mien"
    assert "ZeroDivision" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.get("/", headers={"Host": "evil"}).headers["X-Frame-Options"] == "DENY"
    assert send(client, b"").headers["X-Content-Type-Options"] == "nosniff"


def test_the_policy_allows_no_other_source() -> None:
    sources = re.findall(r"[\w-]+-src ([^;]+)", HEADERS["Content-Security-Policy"])
    assert sources
    assert set(" ".join(sources).split()) <= {"'none'", "'self'", "data:", "blob:"}
