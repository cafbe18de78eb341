"""The jobs of a server: who waits, who runs, what is kept, and when it goes."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mien.web.child import RUNNER, Child, Failed
from mien.web.messages import JobState, Problem, Refused, Stage, State
from mien.web.results import FrameTable
from mien.web.settings import ServeSettings
from mien.web.workplace import remove

TIDY_EVERY_S = 1.0
MOST_WARNINGS = 50


class Job:
    """One video on its way: a folder with the upload, later with the result."""

    def __init__(self, folder: Path) -> None:
        self.id = folder.name
        self.folder = folder
        self.video = folder / "upload"
        self.out = folder / "result"
        self.name = "video"
        self.options: dict[str, Any] = {}
        self.size_bytes = 0
        self.state: State = "uploading"
        self.stages: list[Stage] = []
        self.warnings: list[str] = []
        self.error: Problem | None = None
        self.child: Child | None = None
        self.started_s: float | None = None
        self.ended_s: float | None = None
        self.seen_s = time.monotonic()
        self.frames: FrameTable | None = None
        self.packing = asyncio.Lock()
        self._changed = asyncio.Event()

    def touch(self) -> None:
        """Note that somebody asks for it."""
        self.seen_s = time.monotonic()

    @property
    def is_open(self) -> bool:
        """Whether it takes one of the places: it arrives, waits or runs."""
        return self.state in ("uploading", "queued", "running")

    def note_change(self) -> None:
        """Wake everybody who waits for news."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def change(self, timeout_s: float) -> None:
        """Return at the next change, or after so long."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), timeout_s)

    def hear(self, message: dict[str, Any]) -> None:
        """Take a message of the child: stages to come, progress, or a warning."""
        names = message.get("stages")
        if isinstance(names, list):
            self.stages = [Stage(name=str(name)[:60]) for name in names[:30]]
        if isinstance(name := message.get("stage"), str):
            self._progress(name[:60], _whole(message.get("done")), _whole(message.get("total")))
        if isinstance(warning := message.get("warning"), str) and len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(warning[:500])
        self.note_change()

    def _progress(self, name: str, done: int, total: int) -> None:
        place = next((i for i, stage in enumerate(self.stages) if stage.name == name), None)
        if place is None:
            self.stages.append(Stage(name=name))
            place = len(self.stages) - 1
        for earlier in self.stages[:place]:
            earlier.state = "done"
        state = "done" if total and done >= total else "running"
        self.stages[place] = Stage(name=name, done=done, total=total, state=state)


class Desk:
    """Takes uploads, runs them in turn, and deletes what is over.

    Args:
        folder: the server's private folder.
        command: what analyses one video; see `mien.web.child`.
    """

    def __init__(self, settings: ServeSettings, folder: Path, command: Sequence[str] = RUNNER) -> None:
        self.settings, self.folder, self.command = settings, folder, command
        self._jobs: dict[str, Job] = {}
        self._queue: list[Job] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._work = asyncio.Condition()
        self.closing = False

    async def open(self) -> None:
        """Begin to work."""
        loops = [self._worker() for _ in range(self.settings.workers)]
        self._tasks = [asyncio.create_task(each) for each in (*loops, self._tidy())]

    async def close(self) -> None:
        """End everything at once and delete all jobs."""
        self.closing = True
        self.kill_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for job in list(self._jobs.values()):
            await self.drop(job)

    def kill_all(self) -> None:
        """End every process that was started, without waiting."""
        for job in self._jobs.values():
            if job.child is not None:
                job.child.kill()

    @property
    def free_places(self) -> int:
        return max(0, self.settings.places - sum(job.is_open for job in self._jobs.values()))

    def admit(self) -> Job:
        """A place for one upload.

        Raises:
            Refused: all places are taken (503).
        """
        if self.closing or not self.free_places:
            raise Refused(
                503,
                "the server has as many videos as it takes at a time",
                found=f"{self.settings.places} arriving, waiting or running",
                do="try again in a minute",
                retry_after_s=60,
            )
        folder = self.folder / secrets.token_urlsafe(24)
        folder.mkdir(mode=0o700)
        job = Job(folder)
        self._jobs[job.id] = job
        return job

    async def enqueue(self, job: Job) -> None:
        """Put a job whose upload is complete at the end of the queue."""
        job.state = "queued"
        job.touch()
        async with self._work:
            self._queue.append(job)
            self._work.notify()

    def find(self, job_id: str) -> Job:
        """The job of this id; asking for it keeps it alive.

        Raises:
            Refused: there is none, or none any more (404).
        """
        job = self._jobs.get(job_id)
        if job is None or job.state == "uploading":
            raise Refused(
                404,
                "there is no such job",
                do="it was deleted, or its time was up: send the video again",
            )
        job.touch()
        return job

    def state(self, job: Job) -> JobState:
        """What is told of a job."""
        now_s = time.monotonic()
        kept_s = None if job.ended_s is None else max(0.0, job.ended_s + self.settings.keep_s - now_s)
        return JobState(
            id=job.id,
            name=job.name,
            state=job.state,
            position=self._queue.index(job) + 1 if job in self._queue else None,
            size_bytes=job.size_bytes,
            stages=job.stages,
            error=job.error,
            warnings=job.warnings,
            seconds=round((job.ended_s or now_s) - job.started_s, 1) if job.started_s else 0.0,
            deleted_in_s=None if kept_s is None else round(kept_s, 1),
        )

    async def drop(self, job: Job) -> None:
        """End and delete a job, in whatever state it is."""
        if self._jobs.pop(job.id, None) is None:
            return
        job.state = "deleted"
        if job in self._queue:
            self._queue.remove(job)
            self._note_positions()
        if job.child is not None:
            job.child.kill()
        job.note_change()
        await asyncio.to_thread(remove, job.folder)

    async def _worker(self) -> None:
        while True:
            async with self._work:
                await self._work.wait_for(lambda: bool(self._queue))
                job = self._queue.pop(0)
            self._note_positions()
            await self._run(job)

    async def _run(self, job: Job) -> None:
        order = {"video": str(job.video), "out": str(job.out), "name": job.name, "options": job.options}
        job.state, job.started_s = "running", time.monotonic()
        job.child = Child(self.command, order, self.settings, job.hear)
        job.note_change()
        try:
            job.out.mkdir(mode=0o700)
            await job.child.run()
            end: State = "done"
        except Failed as failed:
            end, job.error = "failed", failed.problem
        except OSError as error:
            problem = Problem(what="the analysis could not be started", found=error.strerror, do="try again")
            end, job.error = "failed", problem
        finally:
            job.child = None
            job.ended_s = time.monotonic()
            with contextlib.suppress(OSError):
                job.video.unlink()
        if job.id not in self._jobs:
            # the child may have written while its folder was being deleted
            await asyncio.to_thread(remove, job.folder)
            return
        job.state = end
        for stage in job.stages:
            if end == "done":
                stage.state = "done"
        if end == "failed":
            await asyncio.to_thread(remove, job.out)
        job.note_change()

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(min(TIDY_EVERY_S, self.settings.keep_s, self.settings.forget_s))
            for job in self._outdated(time.monotonic()):
                await self.drop(job)

    def _outdated(self, now_s: float) -> list[Job]:
        """Results past their time, results beyond the number kept, and jobs nobody asks for."""
        over = sorted(
            (job for job in self._jobs.values() if job.ended_s is not None), key=lambda j: j.ended_s or 0
        )
        late = [job for job in over if now_s - (job.ended_s or 0) > self.settings.keep_s]
        many = over[: max(0, len(over) - self.settings.finished)]
        forgotten = [
            job
            for job in self._jobs.values()
            if job.state in ("queued", "running") and now_s - job.seen_s > self.settings.forget_s
        ]
        return list(dict.fromkeys(itertools.chain(late, many, forgotten)))

    def _note_positions(self) -> None:
        for job in self._queue:
            job.note_change()


def _whole(value: object) -> int:
    return max(0, int(value)) if isinstance(value, int | float) and abs(value) < 1e12 else 0
