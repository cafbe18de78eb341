"""`--backend auto` measures before it chooses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from mien.experiments import choose as choosing
from mien.experiments.setting import EvaluateConfig, Setting


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
