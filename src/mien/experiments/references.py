"""What guessing and what the true AUs would give on the same clips: the references that stand beside every result."""

from __future__ import annotations

from typing import Any

from mien.errors import InputError
from mien.experiments.jobs import Job, run_job
from mien.experiments.setting import EvaluateConfig, resolve
from mien.experiments.summary import metrics, predictions_table
from mien.models import registry

SHOWN = ("accuracy", "uf1", "uar")


def references(config: EvaluateConfig) -> dict[str, dict[str, Any]]:
    """The scores of every reference but the evaluated method itself, by name, on its set, task and protocol.

    Each holds `n_clips`, `n_subjects`, and of `accuracy`, `uf1` and `uar` the mean and the ends of the 95 % interval;
    or `missing`, why there are none (`au-oracle` reads an AU coding, which not every set has). References have no
    random part, so they are computed once.
    """
    names = [name for name in registry.names() if registry.card(name).kind == "reference"]
    return {name: _scores(name, config) for name in names if name != config.model}


def _scores(name: str, config: EvaluateConfig) -> dict[str, Any]:
    changed = {"model": name, "options": {}, "seeds": 1, "audit": False, "device": "cpu", "backend": "loop"}
    try:
        setting = resolve(config.model_copy(update=changed)).setting
    except InputError as error:
        return {"missing": f"{error.what} ({error.found})"}
    results = [run_job(setting, Job(0, fold.index), compiled=False) for fold in setting.folds]
    table = predictions_table(setting, results)
    table["group"] = table["dataset"] + "/" + table["subject"]
    found = metrics(table, setting.classes, None)
    scores = {score: {part: found[score][part] for part in ("mean", "low", "high")} for score in SHOWN}
    return {"n_clips": found["n_clips"], "n_subjects": found["n_subjects"], **scores}
