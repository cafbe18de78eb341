"""All ways to train give what the plain loop gives, fold by fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch

from mien.experiments import backends
from mien.experiments.jobs import Job
from mien.experiments.setting import EvaluateConfig, Setting
from mien.protocols.folds import make_folds

OPTIONS: dict[str, dict[str, object]] = {
    "ststnet": {"epochs": 4, "batch_size": 16, "learning_rate": 1e-3},
    "offapexnet": {"epochs": 2, "batch_size": 16},
    "aie-cmcl-flow": {
        "epochs": 3,
        "batch_size": 16,
        "members": 2,
        "flip": 0.5,
        "shift_px": 1,
        "clip_norm": 1.0,
        "synthetic_clips": 0,
        "learn_temperature": False,
    },
    "cmg": {"epochs": 2, "batch_size": 16, "synthetic_clips": 0, "structure": "linear", "text": "multi-hot"},
    "aie-cmcl": {"epochs": 1, "batch_size": 16, "width": 8, "warmup_epochs": 0},
    "htnet": {"epochs": 1, "batch_size": 16, "form": "corrected", "width": 12, "depth": 1},
}


def _config(setting: Setting) -> EvaluateConfig:
    return EvaluateConfig(model=setting.model, data="-", task="megc-3", device="cpu", workers=1)


def _uneven(setting: Setting) -> Setting:
    """The setting without some clips of two subjects: folds of unequal size, so that stacks need padding."""
    groups = setting.groups
    names = np.unique(groups)
    drop = np.concatenate([np.flatnonzero(groups == names[0])[:3], np.flatnonzero(groups == names[1])[:1]])
    at = np.setdiff1d(np.arange(len(groups)), drop)
    labels, datasets = setting.labels[at], setting.datasets[at]
    return replace(
        setting,
        arrays={name: array[at] for name, array in setting.arrays.items()},
        labels=labels,
        keys=setting.keys[at],
        groups=groups[at],
        datasets=datasets,
        annotations=tuple(setting.annotations[i] for i in at),
        folds=tuple(make_folds("loso", groups=groups[at], datasets=datasets, labels=labels)),
    )


def _prob(setting: Setting, name: str) -> dict[Job, np.ndarray]:
    jobs = [Job(seed, fold.index) for seed in setting.seeds for fold in setting.folds]
    return {r.job: r.prob for r in backends.BACKENDS[name](setting, jobs, jobs, _config(setting))}


@pytest.mark.parametrize("model", sorted(OPTIONS))
def test_stacked_equals_the_plain_loop(model: str, small_setting: Callable[..., Setting]) -> None:
    setting = _uneven(small_setting(model, seeds=2, **OPTIONS[model]))
    assert len({len(fold.train) for fold in setting.folds}) > 1
    plain, stacked = _prob(setting, "loop"), _prob(setting, "stacked")
    assert plain.keys() == stacked.keys()
    for job, prob in plain.items():
        np.testing.assert_allclose(stacked[job], prob, atol=2e-4, err_msg=job.name)


def test_a_fixed_temperature_stays_fixed_in_a_stack(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("aie-cmcl-flow", **OPTIONS["aie-cmcl-flow"])
    (result,) = backends.run_stack(setting, [Job(0, 0)])
    weights = safetensors.torch.load(result.weights)
    assert float(weights["0.log_scale"]) == pytest.approx(np.log(1 / 0.07), abs=1e-6)


@pytest.mark.parametrize("model", ["ststnet", "aie-cmcl-flow"])
def test_compiled_processes_equal_the_plain_loop(model: str, small_setting: Callable[..., Setting]) -> None:
    setting = small_setting(model, **OPTIONS[model])
    plain, compiled = _prob(setting, "loop"), _prob(setting, "processes")
    for job, prob in plain.items():
        np.testing.assert_allclose(compiled[job], prob, atol=2e-3, err_msg=job.name)


def test_a_fold_alone_is_the_fold_among_all(small_setting: Callable[..., Setting]) -> None:
    setting = small_setting("ststnet", **OPTIONS["ststnet"])
    among_all = _prob(setting, "loop")
    (alone,) = backends.loop(setting, [], [Job(0, 3)], _config(setting))
    assert alone.prob.tobytes() == among_all[Job(0, 3)].tobytes()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("model", sorted(OPTIONS))
def test_stacked_equals_the_plain_loop_on_a_gpu(model: str, small_setting: Callable[..., Setting]) -> None:
    setting = replace(small_setting(model, **OPTIONS[model]), device="cuda")
    plain, stacked = _prob(setting, "loop"), _prob(setting, "stacked")
    for job, prob in plain.items():
        np.testing.assert_allclose(stacked[job], prob, atol=5e-3, err_msg=job.name)
