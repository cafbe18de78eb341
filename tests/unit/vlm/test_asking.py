"""One question over real HTTP to a server on this machine that misbehaves."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.errors import InputError
from mien.vlm.asking import Answer, Asker, body_of, cache_key
from mien.vlm.encodings import Encoded, png
from mien.vlm.endpoint import KEY_VARIABLE, Asking, Endpoint
from vlm_server import Reply, Server, says

SHOWN = Encoded((png(np.full((8, 8, 3), 77, np.uint8)),), "One picture.")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(lambda request, n: says("fine")).running() as running:
        yield running


def asker(server: Server, folder: Path, waits: list[float] | None = None, **manners: Any) -> Asker:
    given = {"timeout_s": 5.0, "tries": 4, "first_wait_s": 0.01} | manners
    sleep = time.sleep if waits is None else waits.append
    return Asker(Endpoint(url=server.url, model="tiny"), Asking(**given), folder, sleep=sleep)


def test_what_is_sent_is_one_message_with_words_and_pictures(server: Server, tmp_path: Path) -> None:
    assert asker(server, tmp_path).ask("What is it?", SHOWN) == Answer("fine", "stop", "", "tiny")
    (request,) = server.requests
    assert request.path == "/v1/chat/completions"
    assert {name: request.body[name] for name in ("model", "temperature", "seed", "max_tokens")} == {
        "model": "tiny", "temperature": 0.0, "seed": 0, "max_tokens": 400,
    }  # fmt: skip
    assert [message["role"] for message in request.body["messages"]] == ["system", "user"]
    assert request.text == "One picture.\n\nWhat is it?"
    assert [int(picture.mean()) for picture in request.pictures] == [77]


def test_settings_that_a_server_refuses_can_be_left_out(server: Server, tmp_path: Path) -> None:
    asker(server, tmp_path, temperature=None, seed=None, max_tokens_name="max_completion_tokens").ask(
        "?", SHOWN
    )
    assert not {"temperature", "seed", "max_tokens"} & server.requests[0].body.keys()
    assert server.requests[0].body["max_completion_tokens"] == 400


def test_the_key_is_sent_and_stored_nowhere(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "very-secret")
    monkeypatch.setenv("OPENAI_ORG_ID", "somebody")
    asker(server, tmp_path).ask("?", SHOWN)
    assert server.requests[0].headers["authorization"] == "Bearer very-secret"
    assert server.requests[0].headers.get("openai-organization", "") == ""
    for file in tmp_path.rglob("*.json"):
        assert "secret" not in file.read_text()


def test_an_answer_is_asked_for_once(server: Server, tmp_path: Path) -> None:
    first = asker(server, tmp_path).ask("?", SHOWN)
    second = asker(server, tmp_path).ask("?", SHOWN)
    assert (first.cached, second.cached) == (False, True)
    assert (first.text, first.finish, first.model) == (second.text, second.finish, second.model)
    assert len(server.requests) == 1


def test_the_same_question_at_the_same_time_is_asked_once(server: Server, tmp_path: Path) -> None:
    server.behaviour = lambda request, n: replace(says("fine"), delay_s=0.05)
    one = asker(server, tmp_path)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: one.ask("?", SHOWN), range(24)))
    assert [answer.text for answer in answers] == ["fine"] * 24
    assert len(server.requests) == 1


def test_whatever_changes_the_question_makes_another(tmp_path: Path) -> None:
    here, there = (Endpoint(url=f"http://127.0.0.1:{port}/v1", model="tiny") for port in (1, 2))
    other_model = Endpoint(url=here.url, model="small")
    other_picture = Encoded((png(np.full((8, 8, 3), 78, np.uint8)),), "One picture.")
    plain = Asking()
    keys = {
        cache_key(endpoint, body_of(endpoint, asking, text, shown))
        for endpoint, asking, text, shown in [
            (here, plain, "?", SHOWN),
            (there, plain, "?", SHOWN),
            (other_model, plain, "?", SHOWN),
            (here, Asking(temperature=0.5), "?", SHOWN),
            (here, plain, "!", SHOWN),
            (here, plain, "?", other_picture),
            (here, plain, "?", Encoded((), "One picture.")),
        ]
    }
    assert len(keys) == 7
    patient = Asking(tries=9, timeout_s=1, at_once=3)
    assert cache_key(here, body_of(here, patient, "?", SHOWN)) in keys


def test_a_damaged_cache_is_asked_again(server: Server, tmp_path: Path) -> None:
    asker(server, tmp_path).ask("?", SHOWN)
    (file,) = tmp_path.rglob("*.json")
    for content in (b"", b"{", b"[]", b'{"text": "x"}', b"\xff"):
        file.write_bytes(content)
        assert asker(server, tmp_path).ask("?", SHOWN).text == "fine"
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    "bad",
    [
        Reply(b'{"error": {"message": "busy"}}', 429),
        Reply(b"oops", 500),
        Reply(b"", 503),
        Reply(b"<html>", 502),
        Reply(b"", 408),
        Reply(b"{not json"),
        Reply(b""),
        Reply(b"[]"),
        Reply(b"null"),
        Reply(b'{"choices": []}'),
        Reply(b'{"choices": [{"message": null}]}'),
        Reply(b'{"choices": [{"message": {"content": ["a"]}}]}'),
        Reply(b"\xff\xfe"),
        Reply(b'{"choices"', headers={"Content-Length": "4000"}),
        Reply(says("late").content, delay_s=0.6),
        Reply(says("drop by drop").content, drip_s=0.03),
    ],
    ids=lambda reply: f"{reply.status} {reply.content[:20]!r} {reply.delay_s or reply.drip_s or ''}",
)
def test_what_may_pass_is_tried_again_until_it_does(server: Server, tmp_path: Path, bad: Reply) -> None:
    server.behaviour = lambda request, n: bad if n < 2 else says("at last")
    answer = asker(server, tmp_path, timeout_s=0.3).ask("?", SHOWN)
    assert (answer.text, answer.failure) == ("at last", "")
    assert len(server.requests) == 3


def test_what_does_not_pass_is_told_and_not_kept(server: Server, tmp_path: Path) -> None:
    server.behaviour = lambda request, n: Reply(b'{"error": {"message": "it takes no pictures"}}', 500)
    answer = asker(server, tmp_path).ask("?", SHOWN)
    for word in ("500", "4 tries", "it takes no pictures"):
        assert word in answer.failure
    assert len(server.requests) == 4
    assert not list(tmp_path.rglob("*.json"))


def test_waits_double_and_never_pass_the_longest(server: Server, tmp_path: Path) -> None:
    server.behaviour = lambda request, n: Reply(b"", 500)
    waits: list[float] = []
    asker(server, tmp_path, waits, tries=6, first_wait_s=1, longest_wait_s=4).ask("?", SHOWN)
    assert len(waits) == 5
    for wait, wanted in zip(waits, (1, 2, 4, 4, 4), strict=True):
        assert 0.75 * wanted <= wait <= min(1.25 * wanted, 4)


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_heeded(server: Server, tmp_path: Path, as_date: bool) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=21), usegmt=True)
    header = date if as_date else "20"
    server.behaviour = lambda request, n: says("ok") if n else Reply(b"", 429, {"Retry-After": header})
    waits: list[float] = []
    assert asker(server, tmp_path, waits).ask("?", SHOWN).text == "ok"
    assert waits == [pytest.approx(20, abs=1.5)]


def test_a_server_that_asks_for_an_hour_is_left_alone(server: Server, tmp_path: Path) -> None:
    server.behaviour = lambda request, n: Reply(b"", 429, {"Retry-After": "3600"})
    waits: list[float] = []
    assert "3600 s" in asker(server, tmp_path, waits).ask("?", SHOWN).failure
    assert (len(server.requests), waits) == (1, [])


@pytest.mark.parametrize("header", ["soon", "nan", "-5", ""])
def test_a_senseless_retry_after_is_passed_over(server: Server, tmp_path: Path, header: str) -> None:
    server.behaviour = lambda request, n: says("ok") if n else Reply(b"", 429, {"Retry-After": header})
    waits: list[float] = []
    assert asker(server, tmp_path, waits).ask("?", SHOWN).text == "ok"
    assert waits[0] < 1


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_request_that_is_refused_for_itself_is_not_repeated(
    server: Server, tmp_path: Path, status: int
) -> None:
    server.behaviour = lambda request, n: Reply(b'{"error": {"message": "too large"}}', status)
    assert str(status) in asker(server, tmp_path).ask("?", SHOWN).failure
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_key_address_or_model_ends_it(server: Server, tmp_path: Path, status: int) -> None:
    server.behaviour = lambda request, n: Reply(b'{"error": {"message": "no"}}', status)
    with pytest.raises(InputError, match=str(status)):
        asker(server, tmp_path).ask("?", SHOWN)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_clips_are_not_carried_on_by_a_redirect(server: Server, tmp_path: Path, status: int) -> None:
    with Server(lambda request, n: says("caught")).running() as elsewhere:
        server.behaviour = lambda request, n: Reply(
            b"", status, {"Location": f"{elsewhere.url}/chat/completions"}
        )
        answer = asker(server, tmp_path).ask("?", SHOWN)
        assert answer.failure
        assert elsewhere.requests == []


def test_no_proxy_stands_between_a_local_endpoint_and_this_machine(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(lambda request, n: says("caught")).running() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        assert asker(server, tmp_path).ask("?", SHOWN).text == "fine"
        assert proxy.requests == []


def test_an_endless_answer_is_cut_off(server: Server, tmp_path: Path) -> None:
    server.behaviour = lambda request, n: Reply(b" " * (5 << 20))
    assert "larger than" in asker(server, tmp_path).ask("?", SHOWN).failure
    assert len(server.requests) == 1


def test_nobody_listening_is_told(tmp_path: Path) -> None:
    with Server(lambda request, n: says("")).running() as gone:
        pass
    with pytest.raises(InputError, match="cannot be reached"):
        asker(gone, tmp_path, tries=2).ask("?", SHOWN)


def test_silence_is_told_unless_the_server_has_answered_before(server: Server, tmp_path: Path) -> None:
    server.behaviour = lambda request, n: replace(says("late"), delay_s=0.0 if n == 0 else 1.5)
    patient = asker(server, tmp_path, tries=1, timeout_s=0.5)
    assert patient.ask("first", SHOWN).text == "late"
    assert "within 0.5 s" in patient.ask("second", SHOWN).failure
    with pytest.raises(InputError, match="cannot be reached"):
        asker(server, tmp_path, tries=1, timeout_s=0.5).ask("second", SHOWN)


@pytest.mark.parametrize(
    ("reply", "refused"),
    [
        (says(None, refusal="I may not"), True),
        (says("", finish="content_filter"), True),
        (says("disgu", finish="length"), False),
        (says(None), False),
    ],
)
def test_refusals_of_the_service_and_cut_answers_are_kept_as_such(
    server: Server, tmp_path: Path, reply: Reply, refused: bool
) -> None:
    server.behaviour = lambda request, n: reply
    for _ in range(2):
        answer = asker(server, tmp_path).ask("?", SHOWN)
        assert answer.refused is refused
        assert answer.finish == json.loads(reply.content)["choices"][0]["finish_reason"]
    assert len(server.requests) == 1


def test_half_a_character_does_not_end_a_run(server: Server, tmp_path: Path) -> None:
    cut = rb'{"model": "\udc00", "choices": [{"message": {"content": "disgust \ud83d"}, "finish_reason": "length"}]}'
    server.behaviour = lambda request, n: Reply(cut)
    for _ in range(2):
        answer = asker(server, tmp_path).ask("?", SHOWN)
        assert (answer.text, answer.model) == ("disgust ?", "?")
    assert len(server.requests) == 1


def test_an_answer_in_parts_is_put_together(server: Server, tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "dis"}, {"type": "text", "text": "gust"}]
    content = {"choices": [{"message": {"content": parts}, "finish_reason": "stop"}]}
    server.behaviour = lambda request, n: Reply(json.dumps(content).encode())
    assert asker(server, tmp_path).ask("?", SHOWN).text == "disgust"
