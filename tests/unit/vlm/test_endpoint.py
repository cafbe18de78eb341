"""Where questions go, and who has to agree."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from mien.errors import UsageError
from mien.vlm.endpoint import KEY_VARIABLE, LOCAL_KEY, Endpoint, check_consent, warning


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://127.8.9.1/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://localhost:11434/v1", True),
        ("http://192.0.2.7:8000/v1", False),
        ("https://example.org/v1", False),
        ("https://localhost.example.org/v1", False),
        ("https://127.0.0.1.example.org/v1", False),
        ("http://0.0.0.0:8000/v1", False),
        ("http://[::ffff:192.0.2.7]/v1", False),
    ],
)
def test_only_loopback_is_local(url: str, local: bool) -> None:
    endpoint = Endpoint(url=url, model="m")
    assert endpoint.local is local
    assert bool(warning(endpoint)) is not local


@pytest.mark.parametrize(
    "url",
    ["", "nowhere", "ftp://example.org", "https://", "https://key@example.org/v1", "https://a:b@example.org/v1",
     "https://example.org/v1?key=1", "file:///etc/passwd"],
)  # fmt: skip
def test_what_is_no_base_address_or_holds_a_secret_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        Endpoint(url=url, model="m")


def test_a_slash_at_the_end_makes_no_other_endpoint() -> None:
    assert Endpoint(url="http://127.0.0.1/v1/", model="m") == Endpoint(url="http://127.0.0.1/v1", model="m")


def test_the_key_comes_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "another")
    assert Endpoint(url="http://127.0.0.1/v1", model="m").key() == LOCAL_KEY
    elsewhere = Endpoint(url="https://example.org/v1", model="m")
    with pytest.raises(UsageError, match=KEY_VARIABLE):
        elsewhere.key()
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    assert elsewhere.key() == "secret"


def test_clips_need_consent_elsewhere_and_nothing_else_does() -> None:
    here, elsewhere = (
        Endpoint(url=url, model="m") for url in ("http://localhost/v1", "https://example.org/v1")
    )
    check_consent(here, shows_clips=True, given=False)
    check_consent(elsewhere, shows_clips=False, given=False)
    check_consent(elsewhere, shows_clips=True, given=True)
    with pytest.raises(UsageError, match="--i-may-send-these-clips") as refused:
        check_consent(elsewhere, shows_clips=True, given=False)
    for word in ("example.org", "licence", "LEAVE THIS MACHINE"):
        assert word in str(refused.value)


def test_an_open_line_is_named() -> None:
    assert "NOT encrypted" in warning(Endpoint(url="http://192.0.2.7/v1", model="m"))
    assert "NOT encrypted" not in warning(Endpoint(url="https://example.org/v1", model="m"))
