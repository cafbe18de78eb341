"""`--backend auto`: a few epochs of each backend are measured on this machine, and the fastest is taken."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import torch

from mien.experiments.backends import STACK, stack_groups, workers
from mien.experiments.jobs import Job, train_view
from mien.experiments.setting import EvaluateConfig, Setting
from mien.models import registry
from mien.models.base import Network, Targets
from mien.models.images import picked
from mien.training.fit import use_kernels
from mien.training.loop import train
from mien.training.material import Material, gather
from mien.training.stacked import train_stacked

# Starting the worker processes costs about this much: below it, one process is done sooner.
START_S = 6.0
EPOCHS = 2
# A network whose epoch takes longer than this is measured on one step of it, and not stacked on a CPU: stacks are
# slower there (decisions 004 and 011), and measuring one would take as long as several folds.
LONG_EPOCH_S = 2.0


def choose(setting: Setting, config: EvaluateConfig) -> tuple[str, str]:
    """The backend to use, and the reason in words."""
    method = registry.create(setting.model, setting.options)
    n_jobs = len(setting.seeds) * len(setting.folds)
    if not isinstance(method, Network):
        return _classic(setting, n_jobs, config)
    jobs = [Job(seed, fold.index) for seed in setting.seeds for fold in setting.folds]
    plan = method.plan
    networks = n_jobs * plan.members
    seconds = {"loop": _one(setting, method, jobs[0], compiled=False) * networks}
    tried = {"loop": seconds["loop"]}
    n = min(workers(config), n_jobs)
    if setting.device == "cpu" and n > 1:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            tried["processes"] = _one(setting, method, jobs[0], compiled=True) * networks / n
        finally:
            torch.set_num_threads(threads)
        seconds["processes"] = tried["processes"] + START_S / plan.epochs
    left_out = ""
    small = seconds["loop"] / networks < LONG_EPOCH_S
    if method.stackable and (small or setting.device == "cuda"):
        size = max(1, STACK[setting.device] // plan.members)
        group = next(stack_groups(setting, jobs, plan.batch_size, size))
        materials = [_material(setting, method, job) for job in group]
        try:
            each = _timed(lambda: train_stacked(materials), setting.device) / len(group)
            tried["stacked"] = seconds["stacked"] = each * networks
        except torch.OutOfMemoryError:
            left_out = f"; stacked left out: {len(group)} folds do not fit into the device's memory"
    best = min(seconds, key=lambda name: seconds[name])
    listed = ", ".join(f"{name} {1000 * value / networks:.1f} ms" for name, value in tried.items())
    return best, f"measured here, per network and epoch: {listed} ({n} workers); 'auto' took {best}{left_out}"


def _classic(setting: Setting, n_jobs: int, config: EvaluateConfig) -> tuple[str, str]:
    """Methods that are no network: several processes pay when one fold, times all folds, takes long."""
    fold = setting.folds[0]
    method = registry.create(setting.model, setting.options)
    assert not isinstance(method, Network)
    start = time.perf_counter()
    method.fit(train_view(setting, fold))
    total = (time.perf_counter() - start) * n_jobs
    best = "processes" if total > 2 * START_S and workers(config) > 1 else "loop"
    return best, f"measured here: one fold takes {total / n_jobs:.2f} s; 'auto' took {best}"


def _material(setting: Setting, method: Network, job: Job) -> Material:
    view = train_view(setting, setting.folds[job.fold])
    material = gather(method, view, seed=job.seed, member=0, device=torch.device(setting.device))
    return replace(material, plan=material.plan.model_copy(update={"epochs": EPOCHS}))


def _one(setting: Setting, method: Network, job: Job, *, compiled: bool) -> float:
    """Seconds of one epoch of one network, on its own."""
    material = _material(setting, method, job)
    use_kernels(material.module, compiled)
    step = _first_step(material)
    estimate = _timed(lambda: train(step), setting.device) * material.steps_per_epoch
    if estimate > LONG_EPOCH_S:
        return estimate
    return _timed(lambda: train(material), setting.device)


def _first_step(material: Material) -> Material:
    """The same module with the clips of a single step."""
    n = min(material.plan.batch_size, material.n_clips)
    at = torch.arange(n, device=material.generator.device)
    per_clip = {name: target[at] for name, target in material.targets.per_clip.items()}
    targets = Targets(per_clip, material.targets.fixed)
    return replace(material, inputs=picked(material.inputs, at), targets=targets)


def _timed(action: Callable[[], object], device: str) -> float:
    """Seconds per epoch, after one run that warms up caches and compiled kernels."""
    action()
    start = time.perf_counter()
    action()
    if device == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - start) / EPOCHS
