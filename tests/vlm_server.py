"""A chat-completions server on this machine for tests: it answers as it is told to, and misbehaves as it is told to."""

from __future__ import annotations

import base64
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np


@dataclass
class Reply:
    """What goes back: a status, headers and bytes, after a delay; `drip_s` sends the bytes one by one."""

    content: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    drip_s: float = 0.0


def says(text: str | None, *, finish: str = "stop", refusal: str | None = None, model: str = "tiny") -> Reply:
    """An orderly answer."""
    message = {"role": "assistant", "content": text, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return Reply(
        json.dumps({"id": "1", "object": "chat.completion", "model": model, "choices": [choice]}).encode()
    )


@dataclass
class Request:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def text(self) -> str:
        return " ".join(
            part["text"] for part in self.body["messages"][1]["content"] if part["type"] == "text"
        )

    @property
    def pictures(self) -> list[np.ndarray]:
        from PIL import Image

        found = []
        for part in self.body["messages"][1]["content"]:
            if part["type"] == "image_url":
                head, _, data = part["image_url"]["url"].partition(",")
                assert head == "data:image/png;base64"
                found.append(np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))))
        return found


Behaviour = Callable[[Request, int], Reply]


class Server:
    """The running server: `url`, and every request in `requests`; `behaviour` may be exchanged at any time.

    A behaviour gets the request and how many came before it.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.requests: list[Request] = []
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                request = Request(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                with server._lock:
                    number = len(server.requests)
                    server.requests.append(request)
                self._send(server.behaviour(request, number))

            def _send(self, reply: Reply) -> None:
                time.sleep(reply.delay_s)
                try:
                    self.send_response(reply.status)
                    headers = {"Content-Type": "application/json", "Content-Length": str(len(reply.content))}
                    for name, value in (headers | reply.headers).items():
                        self.send_header(name, value)
                    self.end_headers()
                    if not reply.drip_s:
                        self.wfile.write(reply.content)
                        return
                    for byte in reply.content:
                        self.wfile.write(bytes([byte]))
                        self.wfile.flush()
                        time.sleep(reply.drip_s)
                except OSError:
                    pass  # the client has left, as it should

            def log_message(self, *args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"

    @contextmanager
    def running(self) -> Iterator[Server]:
        thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()
            thread.join()
