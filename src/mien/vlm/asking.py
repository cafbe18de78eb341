"""One question, one answer: over HTTP with retries and limits of time and size, or from the cache on disk."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from mien.errors import InputError
from mien.files import write_whole
from mien.vlm.encodings import Encoded
from mien.vlm.endpoint import Asking, Endpoint
from mien.vlm.prompts import SYSTEM

if TYPE_CHECKING:
    from openai import OpenAI

#: An answer larger than this is no answer.
LARGEST_BYTES = 4 << 20
_AGAIN = frozenset({408, 409, 425, 429})
_HOPELESS = {
    401: "the key is not accepted",
    403: "access is denied",
    404: "there is no such address or model",
}


@dataclass(frozen=True)
class Answer:
    """What came back for one question.

    Attributes:
        text: what the model wrote.
        finish: why it ended: "stop", "length" (cut off), "content_filter", ...
        refusal: what the service says about a refusal of its own, "" if nothing.
        model: the model that the service says it used.
        failure: why there is no answer, in words; "" if there is one. Failures are never cached.
        cached: whether it came from the cache.
    """

    text: str = ""
    finish: str = ""
    refusal: str = ""
    model: str = ""
    failure: str = ""
    cached: bool = False

    @property
    def refused(self) -> bool:
        """Whether the service itself refused or filtered."""
        return bool(self.refusal) or self.finish == "content_filter"


class _Again(Exception):
    """A try that failed in a way that may pass; with the seconds that the server asked to wait, if it did."""

    def __init__(self, why: str, wait_s: float | None = None) -> None:
        super().__init__(why)
        self.wait_s = wait_s


class _Never(Exception):
    """A try that failed in a way that asking again will not change."""


def body_of(endpoint: Endpoint, asking: Asking, text: str, shown: Encoded) -> dict[str, Any]:
    """The request: one system message, and one user message with the words and the pictures of one clip."""
    content: list[dict[str, Any]] = [{"type": "text", "text": f"{shown.words}\n\n{text}"}]
    for picture in shown.pictures:
        url = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
        content.append({"type": "image_url", "image_url": {"url": url}})
    body: dict[str, Any] = {
        "model": endpoint.model,
        "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": content}],
        asking.max_tokens_name: asking.max_tokens,
    }
    body |= {} if asking.temperature is None else {"temperature": asking.temperature}
    return body | ({} if asking.seed is None else {"seed": asking.seed})


def cache_key(endpoint: Endpoint, body: Mapping[str, Any]) -> str:
    """sha256 of everything that is sent, and where."""
    return hashlib.sha256(json.dumps([endpoint.url, body], sort_keys=True).encode()).hexdigest()


class Asker:
    """Asks one endpoint; safe to use from several threads.

    Args:
        cache: the folder of answers, by content; answers lie there as soon as they come.
        sleep: how to wait.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        asking: Asking,
        cache: Path,
        *,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.endpoint, self.asking, self.cache, self._sleep = endpoint, asking, cache, sleep
        self._client = _client(endpoint, asking)
        self._heard = False  # whether the endpoint has answered anything at all
        self._under_way: defaultdict[str, Lock] = defaultdict(Lock)
        self._only_one = Lock()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def ask(self, text: str, shown: Encoded) -> Answer:
        """The answer to one question about one clip; a failure after all tries is told in `failure`.

        Raises:
            InputError: the endpoint will answer no question: it cannot be reached, or key, address or model are wrong.
        """
        body = body_of(self.endpoint, self.asking, text, shown)
        key = cache_key(self.endpoint, body)
        with self._only_one:
            under_way = self._under_way[key]
        # Without pictures many clips are asked the same: whoever comes second waits, and takes it from the cache.
        with under_way:
            return _cached(self._file(key)) or self._asked(body, self._file(key))

    def _asked(self, body: dict[str, Any], file: Path) -> Answer:
        try:
            answer = self._try(body)
        except _Never as reason:
            if self._heard:
                return Answer(failure=str(reason))
            raise InputError(
                "the endpoint cannot be reached",
                where=self.endpoint.url,
                found=str(reason),
                do="see that the server runs and that --endpoint is its address, then repeat the command",
            ) from reason
        stored = {name: value for name, value in asdict(answer).items() if name not in ("failure", "cached")}
        stored["asked"] = datetime.now(UTC).isoformat(timespec="seconds")
        write_whole(file, json.dumps(stored, ensure_ascii=False, indent=1).encode())
        return answer

    def _file(self, key: str) -> Path:
        return self.cache / key[:2] / f"{key}.json"

    def _try(self, body: dict[str, Any]) -> Answer:
        wait_s, manners = self.asking.first_wait_s, self.asking
        for number in range(1, manners.tries + 1):
            try:
                return _answer(self._send(body))
            except _Again as reason:
                if number == manners.tries:
                    raise _Never(f"{reason} ({number} tries)") from reason
                # Jitter keeps questions that failed together from coming back together.
                pause = min(wait_s * random.uniform(0.75, 1.25), manners.longest_wait_s)
                if reason.wait_s is not None:
                    if reason.wait_s > manners.longest_wait_s:
                        words = f"{reason}; the server asks to wait {reason.wait_s:.0f} s"
                        raise _Never(words) from reason
                    pause = max(pause, reason.wait_s)
                self._sleep(pause)
                wait_s *= 2
        raise AssertionError("unreachable")

    def _send(self, body: dict[str, Any]) -> bytes:
        """The bytes of the answer, within the limits of time and size, whatever the server does."""
        import httpx2
        import openai

        limit_s = self.asking.timeout_s
        end, content = time.monotonic() + limit_s, bytearray()
        try:
            with self._client.chat.completions.with_streaming_response.create(**body) as response:
                self._heard = True
                if response.status_code >= 300:
                    raise _Never(f"the server answers {response.status_code}; it is not followed elsewhere")
                for part in response.iter_bytes():
                    content += part
                    if len(content) > LARGEST_BYTES:
                        raise _Never(f"the answer is larger than {LARGEST_BYTES >> 20} MB")
                    if time.monotonic() > end:
                        raise _Again(f"no whole answer within {limit_s:g} s")
        except openai.APIStatusError as error:
            self._heard = True
            raise self._refused_by_status(error) from error
        except (openai.APITimeoutError, httpx2.TimeoutException) as error:
            raise _Again(f"no answer within {limit_s:g} s") from error
        except (openai.APIConnectionError, httpx2.TransportError) as error:
            raise _Again(f"the connection failed: {error.__cause__ or error}") from error
        return bytes(content)

    def _refused_by_status(self, error: Any) -> Exception:
        status, words = error.status_code, " ".join(str(error.message).split())[:300]
        if status in _HOPELESS:
            return InputError(
                f"the endpoint cannot be used: {_HOPELESS[status]}",
                where=f"{self.endpoint.url}, model {self.endpoint.model}",
                found=f"{status}: {words}",
                do="correct --endpoint, --model or the key; answers that came before are kept",
            )
        if status in _AGAIN or status >= 500:
            return _Again(f"the server answers {status}: {words}", _wait_asked_for(error.response.headers))
        return _Never(f"the server answers {status}: {words}")


def _client(endpoint: Endpoint, asking: Asking) -> OpenAI:
    """A client that goes to the endpoint and nowhere else: no redirects, and no proxy between it and this machine."""
    try:
        import openai
    except ImportError as error:
        raise InputError(
            "asking a vision-language model needs the package openai", do="pip install 'mien[vlm]'"
        ) from error
    http = openai.DefaultHttpxClient(follow_redirects=False, trust_env=not endpoint.local)
    return openai.OpenAI(
        api_key=endpoint.key(), base_url=endpoint.url, timeout=asking.timeout_s, max_retries=0, http_client=http,
        organization="", project="",
    )  # fmt: skip


def _wait_asked_for(headers: Mapping[str, str]) -> float | None:
    """The seconds in Retry-After, which is a number or a date; None if there is none that can be read."""
    text = headers.get("retry-after", "")
    try:
        return max(0.0, float(text))
    except ValueError:  # no number, so it may be a date
        pass
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _answer(content: bytes) -> Answer:
    """The answer in the server's JSON; raises `_Again` if it is none, for the next one may be."""
    try:
        reply = json.loads(content)
        choice = reply["choices"][0]
        message = choice["message"]
        text = message.get("content") or ""
        if isinstance(text, list):  # parts, as some servers give them
            text = "".join(part.get("text") or "" for part in text)
        found = Answer(
            text=_whole(text),
            finish=_whole(choice.get("finish_reason")),
            refusal=_whole(message.get("refusal")),
            model=_whole(reply.get("model")),
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise _Again(f"the answer is no chat completion ({type(error).__name__})") from error
    return found


def _whole(value: object) -> str:
    """The value as text that can be stored: half a character (a lone surrogate of JSON) becomes a question mark."""
    return str(value or "").encode(errors="replace").decode()


def _cached(file: Path) -> Answer | None:
    """A stored answer; None if there is none, or what is there is damaged: it can be asked for again."""
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        names = ("text", "finish", "refusal", "model")
        return Answer(**{name: str(stored[name]) for name in names}, cached=True)
    except (OSError, ValueError, KeyError, TypeError):
        return None
