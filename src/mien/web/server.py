"""The server process: a port, a private folder, and an end that leaves nothing behind."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

import uvicorn

from mien.errors import UsageError
from mien.web.app import make_app
from mien.web.child import RUNNER
from mien.web.jobs import Desk
from mien.web.settings import ServeSettings
from mien.web.workplace import private_folder

GRACE_S = 2
HEADER_BYTES = 32 * 1024


def serve(settings: ServeSettings, announce: Callable[[str], None], command: Sequence[str] = RUNNER) -> None:
    """Serve until Ctrl-C, SIGTERM or SIGHUP; then every process it started and every file it wrote is gone.

    Args:
        announce: called with the address once it answers.

    Raises:
        UsageError: the address cannot be listened on.
    """
    with _ending_by_signals(), private_folder() as folder, _listening(settings) as listener:
        desk = Desk(settings, folder, command)
        app = make_app(desk, stopping=lambda: server.should_exit)
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="on",
            log_level="warning",
            access_log=False,  # addresses of jobs are secrets
            server_header=False,
            h11_max_incomplete_event_size=HEADER_BYTES,
            timeout_graceful_shutdown=GRACE_S,
        )
        server = _Announced(config, lambda: announce(address(settings.host, listener.getsockname()[1])))
        try:
            with suppress(KeyboardInterrupt):
                server.run(sockets=[listener])
        finally:
            desk.kill_all()


class _Announced(uvicorn.Server):
    """Tells when it answers: from then on it also ends as it should, earlier a signal would meet it half made."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()


def address(host: str, port: int) -> str:
    """The address to open in a browser on this machine."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"


@contextmanager
def _listening(settings: ServeSettings) -> Iterator[socket.socket]:
    try:
        where = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(where[4][:2], family=where[0], backlog=128)
    except (OSError, OverflowError) as error:
        raise UsageError(
            "this address cannot be listened on",
            where=f"{settings.host}, port {settings.port}",
            found=getattr(error, "strerror", None) or str(error),
            do="choose another port (--port 0 takes a free one), or an address of this machine (--host)",
        ) from error
    with listener:
        yield listener


@contextmanager
def _ending_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the program as Ctrl-C does: through every `finally`."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    def hang_up(signum: int, frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGTERM)

    handlers = {signal.SIGTERM: stop}
    if hasattr(signal, "SIGHUP"):
        handlers[signal.SIGHUP] = hang_up
    before = {each: signal.signal(each, handler) for each, handler in handlers.items()}
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
