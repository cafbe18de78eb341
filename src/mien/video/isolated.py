"""A video decoded in a process of its own, under limits: what it does to that process, it does not do to this one.

The child has a bound on memory and processor time and can write no file. It answers in JSON and raw pixels in
shared memory; nothing that it says is unpickled. If it dies or falls silent there is one clear error.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import signal
import sys
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import asdict
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from mien.errors import InputError
from mien.video.decoding import VideoFile, shrunk
from mien.video.frame import Frame, Lost
from mien.video.limits import Limits
from mien.video.probing import VideoFacts, facts_of

#: Frames that the child may be ahead.
_SLOTS = 4
_STOP, _FREE = b"stop", b"free"


class IsolatedVideo:
    """A video that a child process holds open; to be used in a `with` statement.

    Args:
        path: a local file.
        limits: of the file, as for `VideoFile`, and of the child (`child_bytes`, `silence_s`, `times_real`).

    Attributes:
        facts: what the video holds.
        times_s: (T,) presentation time of every frame that stands in the file.
        pid: of the child.

    Raises:
        InputError: as for `VideoFile`, or the child died or fell silent.
    """

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self.path, self.limits = path, limits or Limits()
        self.limits.check_file(path)
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._child = context.Process(
            target=_serve, args=(theirs, str(path), self.limits.model_dump()), daemon=True
        )
        self._child.start()
        theirs.close()
        self._reading: Generator[Frame | Lost, None, None] | None = None
        assert self._child.pid is not None
        self.pid: int = self._child.pid
        try:
            self.facts = VideoFacts(**self._receive()["facts"])
            self.times_s: npt.NDArray[np.float64] = np.frombuffer(self._bytes(), np.float64)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> IsolatedVideo:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child."""
        self._connection.close()
        self._child.kill()
        self._child.join()
        if self._reading is not None:
            self._reading.close()

    def frames(
        self, indices: Sequence[int] | None = None, longest_px: int | None = None
    ) -> Generator[Frame | Lost, None, None]:
        """The frames of these indices (None: all that stand in the file), as `VideoFile.frames` gives them.

        One iterator at a time: a new one ends the one before.

        Raises:
            InputError: the child died, fell silent or refused to go on.
        """
        if self._reading is not None:
            self._reading.close()
        wanted = None if indices is None else sorted(set(indices))
        self._reading = self._read(wanted, longest_px)
        return self._reading

    def _read(
        self, wanted: Sequence[int] | None, longest_px: int | None
    ) -> Generator[Frame | Lost, None, None]:
        width, height = shrunk(self.facts.width, self.facts.height, longest_px)
        memory = SharedMemory(create=True, size=_SLOTS * width * height * 3)
        order = {"memory": memory.name, "shape": [height, width, 3], "longest_px": longest_px}
        try:
            self._send(json.dumps({**order, "all": wanted is None}).encode())
            self._send(np.asarray(wanted or [], np.int64).tobytes())
            yield from self._answers(memory, (height, width, 3))
        finally:
            memory.close()
            memory.unlink()

    def _answers(
        self, memory: SharedMemory, shape: tuple[int, int, int]
    ) -> Generator[Frame | Lost, None, None]:
        ended = False
        try:
            while not (ended := "end" in (answer := self._receive())):
                if "lost" in answer:
                    yield Lost(answer["index"], answer["lost"])
                    continue
                image = _slot(memory, answer["slot"], shape).copy()
                self._send(_FREE)
                yield Frame(answer["index"], answer["index"], answer["time_s"], image)
        finally:
            if not ended and not self._connection.closed:
                with suppress(InputError):
                    self._send(_STOP)
                    while "end" not in self._receive():
                        pass

    def _send(self, message: bytes) -> None:
        try:
            self._connection.send_bytes(message)
        except OSError as error:
            raise self._death() from error

    def _receive(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._bytes())
        if "refused" in answer:
            what, found, do = answer["refused"]
            raise InputError(what, where=self.path, found=found, do=do)
        return answer

    def _bytes(self) -> bytes:
        try:
            if not self._connection.poll(self.limits.silence_s):
                self._child.kill()
                raise InputError(
                    "decoding hangs: the file was given up",
                    where=self.path,
                    found=f"nothing for {self.limits.silence_s:g} s",
                    do="take another copy or convert it, for instance with a video editor",
                )
            return self._connection.recv_bytes()
        except (EOFError, OSError) as error:
            raise self._death() from error

    def _death(self) -> InputError:
        self._child.join(5)
        code = self._child.exitcode
        found = f"exit code {code}"
        if code is not None and code < 0:
            with suppress(ValueError):
                found = f"signal {signal.Signals(-code).name}"
        if code == -getattr(signal, "SIGXCPU", 0):
            found = "more processor time than allowed"
        return InputError(
            "the process that decodes the video was ended",
            where=self.path,
            found=found,
            do="the file is damaged or made to harm, or memory is short: take another copy, or convert it",
        )


def _slot(memory: SharedMemory, number: int, shape: tuple[int, int, int]) -> npt.NDArray[np.uint8]:
    return np.ndarray(shape, np.uint8, buffer=memory.buf, offset=number * math.prod(shape))


def _serve(connection: Connection, path: str, given: dict[str, Any]) -> None:
    """What the child does: opens the video, then sends frames as they are asked for."""
    import av  # noqa: F401  loaded before memory is short, so that its want is told in words

    limits = Limits(**given)
    try:
        _restrict(limits)
        with VideoFile(Path(path), limits) as video:
            facts = facts_of(video)
            _restrict_time(limits, facts.duration_s)
            _tell(connection, {"facts": asdict(facts)})
            connection.send_bytes(np.ascontiguousarray(video.timeline.times_s).tobytes())
            while True:
                if (said := connection.recv_bytes()) == _STOP:
                    continue  # it crossed with the end of what it was to stop
                order = json.loads(said)
                wanted = np.frombuffer(connection.recv_bytes(), np.int64).tolist()
                if order["all"]:
                    wanted = range(facts.n_frames)
                _send_frames(connection, video, wanted, order)
    except InputError as error:
        found = None if error.found is None else str(error.found)
        _tell(connection, {"refused": [error.what, found, error.do]})
    except MemoryError:
        told = "decoding it takes more memory than allowed"
        _tell(connection, {"refused": [told, f"more than {limits.child_bytes} bytes", "shrink the video"]})
    except (EOFError, ConnectionError):
        pass  # the parent has what it wanted, or is gone
    except Exception as error:  # whatever it is, the parent shall hear of it in one sentence
        _tell(connection, {"refused": ["decoding failed", f"{type(error).__name__}: {error}", None]})


def _send_frames(
    connection: Connection, video: VideoFile, wanted: Sequence[int], order: dict[str, Any]
) -> None:
    shape = tuple(order["shape"])
    memory = SharedMemory(name=order["memory"])
    free, stopped = list(range(_SLOTS)), False
    busy: list[int] = []
    try:
        for outcome in video.frames(wanted, order["longest_px"]):
            while not stopped and (not free or connection.poll()):
                stopped = connection.recv_bytes() == _STOP
                if not stopped:
                    free.append(busy.pop(0))
            if stopped:
                break
            if isinstance(outcome, Lost):
                _tell(connection, {"index": outcome.number, "lost": outcome.reason})
            elif outcome.image.shape != shape:
                height, width = outcome.image.shape[:2]
                reason = f"{width} x {height}, but the first frame is {shape[1]} x {shape[0]}"
                _tell(connection, {"index": outcome.index, "lost": reason})
            else:
                busy.append(free.pop(0))
                _slot(memory, busy[-1], shape)[:] = outcome.image
                _tell(connection, {"index": outcome.index, "time_s": outcome.time_s, "slot": busy[-1]})
        while not stopped and busy:
            stopped = connection.recv_bytes() == _STOP
            busy.pop()
    finally:
        memory.close()
    _tell(connection, {"end": True})


def _tell(connection: Connection, answer: dict[str, Any]) -> None:
    with suppress(ConnectionError):
        connection.send_bytes(json.dumps(answer).encode())


def _restrict(limits: Limits) -> None:
    """Bound this process: memory, no file, no core dump. Not on Windows, which has no such call."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (limits.child_bytes, limits.child_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _restrict_time(limits: Limits, duration_s: float) -> None:
    if sys.platform == "win32":
        return
    import resource

    most = math.ceil(60 + limits.times_real * duration_s)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
