"""The endpoint that is asked: where it is, how it is asked, and who has to agree that clips go there."""

from __future__ import annotations

import os
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from mien.errors import UsageError
from mien.loopback import is_loopback

#: The key of an endpoint is read from here, and from nowhere else.
KEY_VARIABLE = "MIEN_VLM_API_KEY"
LOCAL_KEY = "none"  # what a local server that wants no key is sent


class Asking(BaseModel):
    """How the questions are put; everything that may change an answer is part of the key of the cache."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float | None = Field(
        0.0, ge=0, le=2, description="none: not sent, for models that refuse it"
    )
    seed: int | None = Field(0, description="sent with every question; none: not sent")
    max_tokens: int = Field(400, ge=1, le=100_000, description="longest answer, in tokens")
    max_tokens_name: Literal["max_tokens", "max_completion_tokens"] = Field(
        "max_tokens", description="what the endpoint calls that limit"
    )
    picture_px: int = Field(336, ge=32, le=2048, description="side of a face in the pictures that are sent")
    timeout_s: float = Field(
        120.0, gt=0, le=3600, description="longest time for one try, from sending to the last byte"
    )
    tries: int = Field(6, ge=1, le=50, description="tries for one question")
    first_wait_s: float = Field(
        1.0, ge=0, le=600, description="wait before the second try; it doubles from try to try"
    )
    longest_wait_s: float = Field(
        60.0, ge=0, le=3600, description="no wait is longer; a server that asks for more is not asked again"
    )
    at_once: int = Field(1, ge=1, le=64, description="questions that are under way at a time")


#: What changes no answer, and so is no part of a cached answer's key.
MANNERS = frozenset({"timeout_s", "tries", "first_wait_s", "longest_wait_s", "at_once"})


class Endpoint(BaseModel):
    """An OpenAI-compatible chat endpoint and a model there."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    url: str = Field(alias="endpoint", description="the base, such as http://127.0.0.1:8000/v1")
    model: str = Field(min_length=1, description="the model's name at that endpoint")

    @field_validator("url")
    @classmethod
    def _is_a_base(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("give http://HOST:PORT/v1 or https://HOST/v1")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError(f"give the address alone; the key goes into the variable {KEY_VARIABLE}")
        return url.rstrip("/")

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def local(self) -> bool:
        """Whether it is on this machine."""
        return is_loopback(self.host)

    def key(self) -> str:
        """The API key in the environment; a placeholder for a local endpoint without one.

        Raises:
            UsageError: the endpoint is not local, and there is none.
        """
        found = os.environ.get(KEY_VARIABLE, "")
        if not found and not self.local:
            raise UsageError(
                "the endpoint needs a key",
                where=self.host,
                do=f"set the environment variable {KEY_VARIABLE} (to 'none' if the endpoint wants no key)",
            )
        return found or LOCAL_KEY


def warning(endpoint: Endpoint) -> str:
    """What a person has to know before clips go to an endpoint elsewhere; "" for a local one."""
    if endpoint.local:
        return ""
    plain = "" if endpoint.url.startswith("https") else " The connection is NOT encrypted."
    return (
        f"Pictures of, or numbers from, the faces in these clips LEAVE THIS MACHINE and go to {endpoint.host}.{plain} "
        "Most licences of micro-expression databases forbid passing clips on, and most services keep what they are "
        "sent; faces are personal data. Read the licence of every database in this set, the consent of its people and "
        "the terms of that service first."
    )


def check_consent(endpoint: Endpoint, *, shows_clips: bool, given: bool) -> None:
    """Refuse to send clips elsewhere without the user's word.

    Raises:
        UsageError: the endpoint is not local, clips would be shown, and consent was not given.
    """
    if shows_clips and not endpoint.local and not given:
        raise UsageError(
            "clips are not sent without your word for it",
            where=endpoint.host,
            found=warning(endpoint),
            do="repeat the command with --i-may-send-these-clips if you may, or use an endpoint on this machine",
        )
