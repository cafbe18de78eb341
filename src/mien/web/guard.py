"""Who may ask, and what every answer carries: host and origin checks, security headers."""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mien.web.messages import Problem
from mien.web.settings import ServeSettings

CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "media-src 'self' blob:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), display-capture=()",
    "Cache-Control": "no-store",
}


def allowed_names(settings: ServeSettings) -> frozenset[str]:
    """Names under which the server may be asked for, besides addresses of numbers."""
    names = {"localhost", settings.host.lower()}
    if not settings.is_local:
        names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
    return frozenset(names)


class Guard:
    """Refuses requests that a foreign web page could have sent, and adds the security headers to every answer.

    A page elsewhere can point a name of its own at this machine (DNS rebinding): then the Host header holds that
    name. It can also send forms here: then the Origin header names it. Programs send no Origin and are served.

    Args:
        names: host names that are served.
        local: whether addresses must be loopback ones; otherwise any address is served, for a name that was
            rebound is no address.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str], *, local: bool) -> None:
        self._app, self._names, self._local = app, frozenset(names), local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self.serves(hosts[0]):
            problem = Problem(
                what="the server is not asked for under this name",
                found=", ".join(hosts)[:200] or "no Host header",
                do="open the address that `mien serve` printed, or start it with --host",
            )
            await _refuse(send_guarded, 421, problem)
        elif scope["method"] in CHANGING and not same_origin(headers, scope["scheme"], hosts[0]):
            problem = Problem(what="the request comes from another web page, and is not served")
            await _refuse(send_guarded, 403, problem)
        else:
            await self._app(scope, receive, send_guarded)

    def serves(self, host: str) -> bool:
        """Whether a Host header names this server."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if "@" in host or "/" in host:
            return False
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return name in self._names
        return address.is_loopback or not self._local


def same_origin(headers: Headers, scheme: str, host: str) -> bool:
    """Whether a request that changes something comes from this page, or from a program."""
    origin = headers.get("origin")
    if origin is not None:
        return origin.lower() == f"{scheme}://{host}".lower()
    return headers.get("sec-fetch-site", "none") in ("same-origin", "none")


async def _refuse(send: Send, status: int, problem: Problem) -> None:
    body = json.dumps(problem.model_dump()).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
