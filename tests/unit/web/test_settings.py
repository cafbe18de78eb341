"""mien.web.settings: which addresses are this machine's own."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from mien.web.settings import ServeSettings


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.3.2.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.4", False),
        ("lab.example.org", False),
    ],
)
def test_local_is_what_only_this_machine_reaches(host: str, local: bool) -> None:
    assert ServeSettings(host=host).is_local is local


def test_by_default_the_page_is_local() -> None:
    assert ServeSettings().is_local


def test_limits_cannot_be_switched_off() -> None:
    for name in ("upload_bytes", "job_s", "job_bytes", "keep_s", "places", "workers"):
        with pytest.raises(ValidationError):
            ServeSettings(**{name: 0})
