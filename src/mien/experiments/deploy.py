"""From prepared sets to one deployable model: an honest record first, then a fit on all clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError, UsageError
from mien.experiments.evaluate import Progress, evaluate
from mien.experiments.run import Run
from mien.experiments.setting import EvaluateConfig, Resolved, readable_recipes, resolve
from mien.metrics import calibration
from mien.models import registry
from mien.models.base import Network
from mien.prepare import recipe as recipes
from mien.prepare.prepared import PreparedSet
from mien.prepare.recipe import Recipe
from mien.protocols.view import TrainView
from mien.training.deployed import Calibration, Card, Record, Score, TrainedOn, save, versions
from mien.training.fit import NetworkRecogniser, recogniser

RECIPE_KEYS = ("face", "time", "flow", "arrays")


@dataclass(frozen=True)
class Deployment:
    """What `deploy` is asked for.

    Attributes:
        evaluation: how the record is made: model, sets, task, options, protocol, seeds. With `train_on`, the
            model is trained on that set and its record is what it does on `data`, of other people.
        recipe: name or file of the recipe that makes the clips of a video; None takes that of the training sets.
        target_accuracy: the model abstains below the confidence from which on it is right this often.
    """

    evaluation: EvaluateConfig
    recipe: str | None = None
    target_accuracy: float = 0.75


def deploy(
    asked: Deployment, out: Path, record_folder: Path, *, progress: Progress | None = None, command: str = ""
) -> Card:
    """The card of the model just written to `out`; the evaluation behind its record is the run in `record_folder`.

    An interrupted evaluation is resumed. The model itself is then fitted on every clip of the training side with
    seed 0; calibration comes from the evaluation's held-out predictions alone.

    Raises:
        UsageError: a method that is no network, an unknown name or option.
        InputError: the sets cannot be used, or do not say how their clips were prepared.
    """
    config = asked.evaluation
    network = registry.create(config.model, config.options)
    if not isinstance(network, Network):
        raise UsageError(
            f"'{config.model}' is no network: its fitted state cannot be kept as plain tensors",
            do="train a network; `mien models` lists them",
        )
    resolved = resolve(config)
    trained_on = resolved.trained_on or resolved.data
    chosen = _recipe(asked.recipe, trained_on, network)
    run = evaluate(config, record_folder, progress=progress, command=command)
    view = _all_clips(resolved)
    fitted = recogniser(network, seed=0, compiled=True, device=resolved.setting.device)
    assert isinstance(fitted, NetworkRecogniser)
    fitted.fit(view)
    texts = fitted.network.texts(fitted.modules[0], view)
    card = Card(
        model=config.model,
        title=registry.card(config.model).title,
        paper=registry.card(config.model).paper,
        options=fitted.network.plan.model_dump(mode="json"),
        task=config.task,
        classes=resolved.setting.classes,
        recipe=chosen.model_dump(mode="json"),
        arrays={name: array.shape[1:] for name, array in view.arrays.items()},
        n_members=len(fitted.modules),
        sentences=() if texts is None else texts.sentences,
        calibration=calibrate(run, asked.target_accuracy),
        record=(_record(run, command),),
        trained_on=tuple(_trained_on(source, view) for source in trained_on),
        notes=(*network.notes(), *_notes(resolved.data, chosen)),
        versions=versions(),
    )
    save(out, card, fitted, texts)
    return card


def calibrate(run: Run, target_accuracy: float) -> Calibration:
    """Temperature and abstention from the held-out predictions of a finished run, all seeds together.

    What is said of them (calibration error, coverage, accuracy) is found by fitting both without each subject in
    turn, and looking at that subject.
    """
    table = run.predictions()
    classes = run.record["classes"]
    prob = table[[f"prob_{name}" for name in classes]].to_numpy(float)
    truth = table["truth"].map({name: i for i, name in enumerate(classes)}).to_numpy(int)
    groups = table["group"].to_numpy(str)
    if len(np.unique(groups)) < 2:
        raise InputError("calibration needs clips of two subjects at least", where=run.path)
    temperature = calibration.fit_temperature(prob, truth)
    final = calibration.fit_abstention(calibration.tempered(prob, temperature), truth, target_accuracy)
    fair, answered = np.empty_like(prob), np.zeros(len(truth), bool)
    for group in np.unique(groups):
        mine, others = groups == group, groups != group
        own = calibration.fit_temperature(prob[others], truth[others])
        fair[mine] = calibration.tempered(prob[mine], own)
        rest = calibration.tempered(prob[others], own)
        limit = calibration.fit_abstention(rest, truth[others], target_accuracy)
        answered[mine] = fair[mine].max(axis=1) >= limit.below
    right = fair.argmax(axis=1) == truth
    return Calibration(
        temperature=temperature,
        abstain_below=final.below,
        target_accuracy=target_accuracy,
        coverage=float(answered.mean()),
        accuracy_answered=float(right[answered].mean()) if answered.any() else 0.0,
        ece_before=calibration.ece(prob, truth),
        ece_after=calibration.ece(fair, truth),
        fitted_on=f"{run.record['data']['name']}, held-out predictions, {len(np.unique(groups))} subjects",
    )


def _all_clips(resolved: Resolved) -> TrainView:
    """Every clip of the training side: of the other set for a transfer, else of all folds."""
    setting = resolved.setting
    if resolved.trained_on:
        at: NDArray[np.int64] = setting.folds[0].train
    else:
        at = np.arange(len(setting.labels))
    return TrainView(
        arrays={name: array[at] for name, array in setting.arrays.items()},
        labels=setting.labels[at],
        groups=setting.groups[at],
        datasets=setting.datasets[at],
        annotations=tuple(setting.annotations[i] for i in at),
        task=setting.task,
        fold="all clips",
    )


def _recipe(asked: str | None, sources: Sequence[PreparedSet], network: Network) -> Recipe:
    """The recipe asked for, or the one that the training sets were prepared with."""
    if asked is not None:
        chosen = recipes.load(asked)
    else:
        known = [_recipe_of(source) for source in sources]
        if any(recipe is None for recipe in known) or len({str(recipe) for recipe in known}) > 1:
            raise InputError(
                "the sets do not say how clips of a video are to be prepared, or disagree",
                where=" and ".join(str(source.path) for source in sources),
                do="name the recipe that makes such arrays with --recipe (`mien recipes` lists them)",
            )
        assert known[0] is not None
        chosen = known[0]
    if unmet := network.needs.unmet(chosen.clip_shapes):
        raise UsageError(
            f"the recipe '{chosen.name}' does not make what the model reads",
            found=unmet,
            do=f"name another --recipe: {', '.join(readable_recipes(network.needs)) or 'one of your own'}",
        )
    return chosen


def _notes(sources: Sequence[PreparedSet], chosen: Recipe) -> list[str]:
    """What separates the clips of the record from those of a video."""
    notes = []
    for source in sources:
        if source.made_up:
            notes.append(f"the people of the record's clips ({source.name}) are made up")
        if _recipe_of(source) != chosen:
            notes.append(
                f"the record's clips ({source.name}) were not prepared by the recipe '{chosen.name}'"
            )
    return notes


def _recipe_of(source: PreparedSet) -> Recipe | None:
    """The recipe in a set's manifest; None where it was not made by `mien prepare`."""
    kept: Mapping[str, Any] = source.recipe
    if not all(key in kept for key in ("name", *RECIPE_KEYS)):
        return None
    return Recipe.model_validate({key: kept[key] for key in ("name", "title", *RECIPE_KEYS)})


def _record(run: Run, command: str) -> Record:
    import json

    scores = json.loads((run.path / "metrics.json").read_text(encoding="utf-8"))

    def score(name: str) -> Score:
        return Score(mean=scores[name]["mean"], low=scores[name]["low"], high=scores[name]["high"])

    return Record(
        on=run.record["data"]["name"],
        protocol=run.record["protocol_words"],
        n_clips=scores["n_clips"],
        n_subjects=scores["n_subjects"],
        n_seeds=scores["n_seeds"],
        uf1=score("uf1"),
        uar=score("uar"),
        accuracy=score("accuracy"),
        apex=run.record["apex"],
        command=command,
    )


def _trained_on(source: PreparedSet, view: TrainView) -> TrainedOn:
    mine = np.isin(view.groups, source.table.groups)
    return TrainedOn(
        name=source.name,
        data_hash=source.data_hash,
        n_clips=int(mine.sum()),
        n_subjects=len(np.unique(view.groups[mine])),
        made_up=source.made_up,
    )
