"""The process that analyses one video: started, listened to, held to its limits, and ended with all it started.

The server decodes nothing itself. The process gets one JSON line on its input, {"video", "out", "name", "options"},
and answers with JSON lines on its output:

    {"stages": ["read", "spot"]}                               the stages to come (may be left out)
    {"stage": "read", "done": 30, "total": 300}                where it stands
    {"warning": "..."}                                         what could not be done
    {"error": {"what": "...", "found": "...", "do": "..."}}    why it failed

It ends with 0 (done) or 4 (done with gaps); any other code is a failure. Its input stays open: when that ends, the
server is gone, and the process has to leave.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from mien.web.messages import Problem
from mien.web.settings import ServeSettings

LOOK_EVERY_S = 0.5
LAST_WORDS_S = 2.0
LINE_BYTES = 1 << 16
KEPT_STDERR = 4000
DONE_CODES = (0, 4)

#: What is run for each video.
RUNNER = (sys.executable, "-m", "mien.web.runner")


class Failed(Exception):
    """The analysis failed; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


class Child:
    """One run of the analysis.

    Args:
        command: the program and its arguments.
        order: what it is told: video, out, name, options.
        on_message: called with every message but errors.
    """

    def __init__(
        self,
        command: Sequence[str],
        order: dict[str, Any],
        settings: ServeSettings,
        on_message: Callable[[dict[str, Any]], None],
    ) -> None:
        self._command, self._order, self._settings = command, order, settings
        self._on_message = on_message
        self._process: asyncio.subprocess.Process | None = None
        self._error: Problem | None = None
        self._stderr = b""
        self._killed = False

    async def run(self) -> None:
        """Return when the analysis is done; its processes are gone, whatever happens.

        Raises:
            Failed: it said so, broke a limit, or ended by itself.
        """
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            limit=LINE_BYTES,
            # a group of its own: what it starts is ended with it, and Ctrl-C reaches the server alone
            start_new_session=True,
        )
        self._process = process
        if self._killed:
            self.kill()
        talks = [asyncio.create_task(each) for each in (self._tell(), self._listen(), self._keep_stderr())]
        watch, ended = asyncio.create_task(self._watch()), asyncio.create_task(process.wait())
        try:
            async with asyncio.timeout(self._settings.job_s):
                await asyncio.wait({watch, ended}, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                watch.result()
        except TimeoutError:
            raise Failed(self._took_too_long()) from None
        finally:
            self.kill()
            await ended
            # what it said last is still on its way; a process that left the group could keep the line open
            await asyncio.wait(talks, timeout=LAST_WORDS_S)
            for task in (*talks, watch):
                task.cancel()
            await asyncio.gather(*talks, watch, return_exceptions=True)
        if process.returncode not in DONE_CODES:
            raise Failed(self._error or self._why_it_ended(process.returncode))

    def kill(self) -> None:
        """End the process and everything it started, at once; nothing happens where they are gone."""
        self._killed = True
        process = self._process
        if process is None:
            return
        if hasattr(os, "killpg"):
            # also after its own end: the number of the group stays taken while one of the group lives
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        else:
            for each in _family(process.pid):
                with contextlib.suppress(psutil.Error):
                    each.kill()

    async def _tell(self) -> None:
        assert self._process is not None and self._process.stdin is not None
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(json.dumps(self._order).encode() + b"\n")
            await self._process.stdin.drain()

    async def _listen(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError:  # a line without an end: not ours
                continue
            if not line:
                return
            self._hear(line)

    def _hear(self, line: bytes) -> None:
        """Pass on one message; what is none (a library that prints) is passed over."""
        try:
            message = json.loads(line)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        error = message.get("error")
        if isinstance(error, dict) and isinstance(error.get("what"), str):
            self._error = Problem(
                what=error["what"][:500], found=_text(error.get("found")), do=_text(error.get("do"))
            )
        else:
            self._on_message(message)

    async def _keep_stderr(self) -> None:
        assert self._process is not None and self._process.stderr is not None
        while data := await self._process.stderr.read(1 << 14):
            self._stderr = (self._stderr + data)[-KEPT_STDERR:]

    async def _watch(self) -> None:
        """Return when the process has ended; raise Failed as soon as memory or the result outgrows its limit.

        Waiting for the process would wait for all that hold its output too, also for those that outlive it.
        """
        assert self._process is not None
        out = Path(self._order["out"])
        while self._process.returncode is None:
            await asyncio.sleep(LOOK_EVERY_S)
            held, written = await asyncio.to_thread(_used, self._process.pid, out)
            if held > self._settings.job_bytes:
                raise Failed(
                    Problem(
                        what="the analysis needed more memory than allowed, and was ended",
                        found=f"{held / 2**30:.1f} GiB, at most {self._settings.job_bytes / 2**30:.1f}",
                        do="analyse a smaller picture or a shorter piece",
                    )
                )
            if written > self._settings.result_bytes:
                raise Failed(
                    Problem(
                        what="the analysis wrote more than allowed, and was ended",
                        found=f"{written / 1e9:.1f} GB, at most {self._settings.result_bytes / 1e9:.1f}",
                        do="analyse a shorter piece",
                    )
                )

    def _took_too_long(self) -> Problem:
        return Problem(
            what="the analysis took longer than allowed, and was ended",
            found=f"more than {_in_words(self._settings.job_s)}",
            do="cut the video into pieces, or analyse it with `mien analyse`",
        )

    def _why_it_ended(self, code: int | None) -> Problem:
        """Words for an end without words."""
        if self._stderr:
            # for whoever runs the server; the page shows no paths and no tracebacks
            sys.stderr.write(self._stderr.decode("utf-8", "replace").rstrip() + "\n")
        if code is not None and code < 0:
            return Problem(
                what="the analysis was ended from outside, most often for want of memory",
                found=f"signal {-code}",
                do="try again, or analyse a smaller picture or a shorter piece",
            )
        return Problem(
            what="the analysis failed by a fault of Mien",
            found=f"exit code {code}",
            do="whoever runs the server finds more in its terminal; please report it",
        )


def _used(pid: int, out: Path) -> tuple[int, int]:
    """Bytes of memory a process and its descendants hold, and bytes of the files in `out`."""
    held = 0
    for process in _family(pid):
        with contextlib.suppress(psutil.Error):
            held += process.memory_info().rss
    written = 0
    for file in out.rglob("*"):
        with contextlib.suppress(OSError):
            written += file.lstat().st_size
    return held, written


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _text(value: object) -> str | None:
    return None if value is None else str(value)[:500]


def _in_words(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:g} s"
