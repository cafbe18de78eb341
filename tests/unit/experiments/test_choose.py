"""`--backend auto` measures before it chooses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from mien.experiments import choose as choosing
from mien.experiments.jobs import Job
from mien.experiments.setting import EvaluateConfig, Setting
from mien.models import registry
from mien.models.base import Network


def _config(model: str) -> EvaluateConfig:
    return EvaluateConfig(model=model, data="-", task="megc-3", workers=2)


def test_the_fastest_is_taken(small_setting: Callable[..., Setting], monkeypatch: pytest.MonkeyPatch) -> None:
    setting = small_setting("ststnet", epochs=800)
    seconds = {False: 0.09, True: 0.02}
    monkeypatch.setattr(choosing, "_one", lambda s, m, j, compiled: seconds[compiled])
    monkeypatch.setattr(choosing, "_timed", lambda action, device: 5.0)
    best, why = choosing.choose(setting, _config("ststnet"))
    assert best == "processes" and "loop 90.0 ms" in why and "processes 10.0 ms" in why
    seconds[False] = 0.001
    assert choosing.choose(setting, _config("ststnet"))[0] == "loop"


def test_a_stack_that_does_not_fit_is_left_out(
    small_setting: Callable[..., Setting], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(choosing, "train_stacked", full)
    best, why = choosing.choose(small_setting("ststnet", epochs=2), _config("ststnet"))
    assert best != "stacked" and "stacked left out" in why


def test_a_short_job_does_not_start_workers(small_setting: Callable[..., Setting]) -> None:
    best, why = choosing.choose(small_setting("lda-hoof"), _config("lda-hoof"))
    assert best == "loop" and "one fold takes" in why


def test_measuring_trains_for_real(small_setting: Callable[..., Setting]) -> None:
    best, why = choosing.choose(small_setting("ststnet", epochs=2), _config("ststnet"))
    assert best in ("loop", "processes", "stacked") and "stacked" in why


def test_a_large_network_is_measured_on_one_step_and_not_stacked_on_a_cpu(
    small_setting: Callable[..., Setting], monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[int] = []
    monkeypatch.setattr(choosing, "LONG_EPOCH_S", 0.0)
    monkeypatch.setattr(choosing, "train", lambda material: trained.append(material.n_clips))
    monkeypatch.setattr(choosing, "train_stacked", lambda materials: pytest.fail("it was stacked"))
    setting = small_setting("aie-cmcl", width=8, batch_size=8)
    best, why = choosing.choose(setting, _config("aie-cmcl"))
    assert best in ("loop", "processes") and "stacked" not in why
    assert set(trained) == {8}


def test_measuring_a_step_takes_the_first_clips_of_every_tensor(
    small_setting: Callable[..., Setting],
) -> None:
    setting = small_setting("aie-cmcl", width=8, batch_size=8)
    method = registry.create(setting.model, setting.options)
    assert isinstance(method, Network)
    whole = choosing._material(setting, method, Job(0, 0))
    step = choosing._first_step(whole)
    assert isinstance(step.inputs, dict) and isinstance(whole.inputs, dict)
    assert torch.equal(step.inputs["rgb"], whole.inputs["rgb"][:8]) and step.steps_per_epoch == 1
    assert {len(t) for t in step.targets.per_clip.values()} == {8}
