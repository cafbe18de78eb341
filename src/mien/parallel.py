"""Work spread over processes: one function, one state that all share, many jobs."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from mien.errors import InputError

Job = TypeVar("Job")
Result = TypeVar("Result")
State = TypeVar("State")


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_processes(
    work: Callable[[State, Job], Result], state: State, jobs: Iterable[Job], workers: int = 0
) -> Iterator[Result]:
    """`work(state, job)` of every job, as they are done, each in one of `workers` fresh processes (0: one per core).

    `work` is a function of a module, and `state` is sent to each process once. The processes end with this one,
    also when it is killed.

    Raises:
        InputError: a process was ended from outside.
    """
    jobs = list(jobs)
    pool = ProcessPoolExecutor(
        max(1, min(workers or cores(), len(jobs))),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(work, state),
    )
    try:
        waiting: set[Future[Any]] = {pool.submit(_do, job) for job in jobs}
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    except BrokenProcessPool as error:
        raise InputError(
            "a worker process was ended from outside, most often for want of memory",
            do="repeat the command with --workers 1 or a number below the present one; what is finished is kept",
        ) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


_work: tuple[Callable[[Any, Any], Any], Any] | None = None


def _start(work: Callable[[Any, Any], Any], state: Any) -> None:
    global _work
    _work = (work, state)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Leave as soon as the parent was killed: an orphan would wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "this runs in a child"
    parent.join()
    os._exit(1)


def _do(job: Any) -> Any:
    assert _work is not None
    function, state = _work
    return function(state, job)
