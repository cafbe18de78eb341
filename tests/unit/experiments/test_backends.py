"""How jobs are carried out: grouping for stacks, workers, refusals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from mien.errors import InputError, UsageError
from mien.experiments import backends
from mien.experiments.jobs import Job
from mien.experiments.setting import EvaluateConfig, Setting


def _config(model: str, **more: object) -> EvaluateConfig:
    return EvaluateConfig(model=model, data="-", task="megc-3", **more)  # type: ignore[arg-type]


def test_groups_hold_every_job_once_and_equal_numbers_of_steps(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("ststnet", seeds=3)
    jobs = [Job(seed, fold.index) for seed in setting.seeds for fold in setting.folds]
    groups = list(backends.stack_groups(setting, jobs, batch_size=5, size=4))
    assert sorted(job for group in groups for job in group) == jobs
    assert max(map(len, groups)) <= 4
    for group in groups:
        assert len({-(-len(setting.folds[job.fold].train) // 5) for job in group}) == 1


def test_methods_that_cannot_be_stacked_say_so(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("lda-hoof")
    with pytest.raises(UsageError, match="cannot be trained stacked"):
        list(backends.stacked(setting, [Job(0, 0)], [Job(0, 0)], _config("lda-hoof")))


def test_workers_are_as_many_as_asked_for() -> None:
    assert backends.workers(_config("x", workers=3)) == 3
    assert backends.workers(_config("x")) >= 1


def test_a_resumed_stack_gives_only_what_is_missing(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("ststnet", epochs=2)
    jobs = [Job(0, fold.index) for fold in setting.folds]
    whole = {r.job: r.prob for r in backends.stacked(setting, jobs, jobs, _config("ststnet"))}
    (late,) = backends.stacked(setting, jobs, jobs[2:3], _config("ststnet"))
    assert late.job == jobs[2] and late.prob.tobytes() == whole[jobs[2]].tobytes()


def test_what_fails_on_ray_says_what_failed(small_setting: Callable[..., Setting]) -> None:
    pytest.importorskip("ray")
    setting, job = replace(small_setting("ststnet"), options={"epochs": "none"}), Job(0, 0)
    with pytest.raises(UsageError, match="epochs") as caught:
        list(backends.on_ray(setting, [job], [job], _config("ststnet", workers=1)))
    assert "Traceback" not in str(caught.value)


def test_gpus_that_the_cluster_lacks_are_refused_instead_of_waited_for(
    small_setting: Callable[..., Setting],
) -> None:
    pytest.importorskip("ray")
    config = _config("ststnet", workers=1, gpus_per_fold=64.0)
    with pytest.raises(InputError, match="too few GPUs"):
        list(backends.on_ray(small_setting("ststnet"), [Job(0, 0)], [Job(0, 0)], config))
