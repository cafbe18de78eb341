"""How the jobs of a run are carried out: one after another, on all cores, stacked, or on a Ray cluster."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import torch

from mien.errors import InputError, UsageError
from mien.experiments.jobs import Audit, FoldResult, Job, conclude, run_job, train_view
from mien.experiments.setting import EvaluateConfig, Setting
from mien.models import registry
from mien.models.base import Network
from mien.parallel import cores, in_processes
from mien.protocols.view import Fitted
from mien.training.fit import NetworkRecogniser
from mien.training.stacked import train_stacked

Results = Iterator[FoldResult]
Backend = Callable[[Setting, Sequence[Job], Sequence[Job], EvaluateConfig], Results]
"""Gets the setting, all jobs of the run, those still to do, and the configuration; yields results as they
come."""

STACK = {"cpu": 8, "cuda": 256}


def loop(setting: Setting, jobs: Sequence[Job], todo: Sequence[Job], config: EvaluateConfig) -> Results:
    """One job after another in this process, with the plain operators: the reference for all others."""
    for job in todo:
        yield run_job(setting, job, compiled=False)


def processes(setting: Setting, jobs: Sequence[Job], todo: Sequence[Job], config: EvaluateConfig) -> Results:
    """One single-threaded process per core, with the compiled kernels where a network has them."""
    yield from in_processes(_run_alone, setting, todo, workers(config))


def workers(config: EvaluateConfig) -> int:
    """Worker processes: as asked for, else one per core that this process may use."""
    return config.workers or cores()


def _run_alone(setting: Setting, job: Job) -> FoldResult:
    """One job on one thread, in a process of its own."""
    torch.set_num_threads(1)
    return run_job(setting, job, compiled=True)


def stacked(setting: Setting, jobs: Sequence[Job], todo: Sequence[Job], config: EvaluateConfig) -> Results:
    """Many folds as one batched module.

    The groups follow from all jobs of the run, not from those left to do: a resumed run repeats a whole
    group, so its numbers are those of an uninterrupted one.
    """
    method = registry.create(setting.model, setting.options)
    if not isinstance(method, Network) or not method.stackable:
        raise UsageError(f"'{setting.model}' cannot be trained stacked", do="use --backend processes or loop")
    size = max(1, STACK[setting.device] // method.plan.members)
    missing = set(todo)
    for chosen in stack_groups(setting, jobs, method.plan.batch_size, size):
        if missing.intersection(chosen):
            yield from (r for r in run_stack(setting, chosen) if r.job in missing)


def stack_groups(setting: Setting, jobs: Sequence[Job], batch_size: int, size: int) -> Iterator[list[Job]]:
    """Jobs that can be stacked (as many steps per epoch), at most `size` together."""

    def steps(job: Job) -> int:
        return -(-len(setting.folds[job.fold].train) // batch_size)

    for _, same in groupby(sorted(jobs, key=lambda j: (steps(j), j)), key=steps):
        group = list(same)
        for i in range(0, len(group), size):
            yield group[i : i + size]


def run_stack(setting: Setting, jobs: Sequence[Job]) -> Results:
    """The results of jobs trained together."""
    start = time.perf_counter()
    views = [train_view(setting, setting.folds[job.fold]) for job in jobs]
    learners = []
    for job in jobs:
        method = registry.create(setting.model, setting.options)
        assert isinstance(method, Network)
        learners.append(NetworkRecogniser(method, job.seed, torch.device(setting.device)))
    materials = [learner.materials(view) for learner, view in zip(learners, views, strict=True)]
    audits = [Audit(setting, setting.folds[job.fold]) if setting.audit else None for job in jobs]
    owner = [i for i, members in enumerate(materials) for _ in members]

    def observe(epoch: int, modules: Sequence[torch.nn.Module]) -> None:
        for i, module in zip(owner, modules, strict=True):
            audit = audits[i]
            if audit is not None:
                audit.look(epoch, learners[i].network, module, learners[i].device)

    curves = train_stacked([m for ms in materials for m in ms], observe if setting.audit else None)
    for i, job in enumerate(jobs):
        own = [curve for curve, at in zip(curves, owner, strict=True) if at == i]
        learners[i].adopt([m.module for m in materials[i]], own)
        fitted = Fitted(learners[i], views[i].fold)
        result = conclude(setting, job, fitted, views[i], start, audits[i])
        result.seconds /= len(jobs)
        yield result


def on_ray(setting: Setting, jobs: Sequence[Job], todo: Sequence[Job], config: EvaluateConfig) -> Results:
    """Folds as tasks of a Ray cluster: the one at `ray_address`, or a local one started for this run."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise UsageError(
            "Ray is not installed", do="pip install 'mien[ray]', or another --backend"
        ) from error
    own = not ray.is_initialized()
    if own:
        try:
            ray.init(
                address=config.ray_address,
                num_cpus=None if config.ray_address else workers(config),
                include_dashboard=False if config.ray_address is None else None,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise InputError(
                "the Ray cluster cannot be reached",
                where=config.ray_address,
                found=error,
                do="start it with 'ray start --head', or leave --ray-address out for a local one",
            ) from error
    try:
        n_gpus = ray.cluster_resources().get("GPU", 0)  # type: ignore[no-untyped-call]
        if config.gpus_per_fold > n_gpus:
            raise InputError(
                "the Ray cluster has too few GPUs",
                where=config.ray_address,
                found=f"{n_gpus:g} for {config.gpus_per_fold:g} per fold",
                do="leave --gpus-per-fold out, or add a machine with a GPU",
            )
        task = ray.remote(num_cpus=1, num_gpus=config.gpus_per_fold, max_retries=2)(_run_alone)
        shared = ray.put(setting)
        waiting = [task.remote(shared, job) for job in todo]
        while waiting:
            done, waiting = ray.wait(waiting)
            yield from ray.get(done)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError) as error:
        raise InputError(
            "a worker of the Ray cluster was lost, twice",
            where=config.ray_address,
            do="repeat the command, with fewer --workers if memory was short; finished folds are kept",
        ) from error
    finally:
        if own:
            ray.shutdown()


BACKENDS: dict[str, Backend] = {"loop": loop, "processes": processes, "stacked": stacked, "ray": on_ray}
