"""Clips that should not be answered: scores must tell them from held-out clips that should.

Either a class is kept from a recogniser (`leave_one_class_out`), or made-up people blink, turn, show nothing or
macro-expressions (`made_up_strangers`). Nobody who is scored was in training, and every score is fitted to the training
clips alone. So is its threshold, where clips are to be rejected: to training clips, each scored by a network that had
not seen its person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mien.clips.tasks import Task
from mien.errors import UsageError
from mien.experiments.rejecting import Rejection, Scores, rejections, thresholds
from mien.experiments.setting import Setting
from mien.metrics.rejection import (
    Mahalanobis,
    Separation,
    free_energy,
    least_confident,
    separation,
    stillness,
)
from mien.metrics.uncertainty import predictive_entropy
from mien.models import registry
from mien.models.base import FLOW, Network
from mien.prepare.synthetic import DATASET, sample_flow
from mien.protocols.folds import Fold
from mien.protocols.stratify import subject_parts
from mien.protocols.view import HeldOut, Inputs, TrainView, fit
from mien.synthesis.conditions import Conditions
from mien.training.fit import NetworkRecogniser


@dataclass(frozen=True, eq=False)
class HiddenFold:
    """One split: training clips of the other classes and other people; held-out clips, of which some are strange.

    Attributes:
        strange: (n,) whether a held-out clip is of the hidden class.
    """

    hidden: int
    fold: Fold
    strange: NDArray[np.bool_]


@dataclass(frozen=True)
class Strangers:
    """How well each score tells strange clips from known ones, on one split.

    Attributes:
        kind: the hidden class, or what the made-up strangers do.
        fold: name of the split.
        rejections: by score; none where no inner folds were asked for.
    """

    kind: str
    fold: str
    separations: dict[str, Separation]
    rejections: dict[str, Rejection] = field(default_factory=dict, compare=False)


def strangeness(learner: NetworkRecogniser, view: TrainView, inputs: Inputs) -> Scores:
    """Scores (n,) of clips by name, higher for stranger ones, of a network that was fitted to `view`.

    `max-softmax` and `entropy` need its probabilities alone (of two classes they order clips alike), `energy` its
    logits; `mahalanobis` is the distance of the embedding to the nearest class of the training clips. The last two are
    averaged over the members. The network must have an embedding (`Network.visual`).
    """
    network, prob = learner.network, learner.predict_proba(inputs)
    distances = [
        Mahalanobis.fit(network.visual(module, view.arrays), view.labels).scores(
            network.visual(module, inputs)
        )
        for module in learner.modules
    ]
    return {
        "max-softmax": least_confident(prob),
        "entropy": predictive_entropy(prob),
        "energy": free_energy(learner.logits(inputs)).mean(axis=0),
        "mahalanobis": np.asarray(np.mean(distances, axis=0)),
    }


#: What made-up people do that is no micro-expression: Action Units in place of those of an emotion (None: those of an
#: emotion), and how strongly. The first row are micro-expressions like the known ones: nothing should tell them apart.
MADE_UP_KINDS: Mapping[str, tuple[tuple[int, ...] | None, Conditions]] = {
    "micro-expression": (None, Conditions()),
    "nothing": ((), Conditions()),
    "blink": ((45,), Conditions(strength=0.8, strength_spread=0.2)),
    "head turn": ((), Conditions(head_turn_rad=0.08, head_shift=0.02)),
    "macro-expression": (None, Conditions(strength=0.8, strength_spread=0.2)),
}
#: Strangers are other people than those of any set or pre-training.
STRANGER_SEED = 900_000


def hidden_folds(
    labels: NDArray[np.int64], groups: NDArray[np.str_], classes: tuple[str, ...], parts: int, seed: int
) -> list[HiddenFold]:
    """For every class, and every part of the subjects, the split that hides both.

    A part whose people show none of the class, or nothing else, gives no split for it.

    Raises:
        UsageError: fewer than two parts, more parts than people, or fewer than three classes.
    """
    n_people = np.unique(groups).size
    if not 2 <= parts <= n_people or len(classes) < 3:
        raise UsageError(
            "to hide a class, two or more parts of the people and three or more classes are needed",
            found=f"{parts} parts of {n_people} people, {len(classes)} classes",
        )
    found: list[HiddenFold] = []
    for hidden, name in enumerate(classes):
        for number, people in enumerate(subject_parts(groups, labels, parts, seed)):
            out = np.isin(groups, people)
            held_out = np.flatnonzero(out)
            strange = labels[held_out] == hidden
            if strange.any() and not strange.all():
                title = f"without {name}, part {number + 1}"
                train = np.flatnonzero(~out & (labels != hidden))
                found.append(HiddenFold(hidden, Fold(len(found), title, train, held_out), strange))
    return found


def without_class(task: Task, hidden: int) -> Task:
    """The task that knows nothing of one class; the others keep their order."""
    name = task.classes[hidden]
    return replace(
        task,
        name=f"{task.name} without {name}",
        classes=tuple(c for c in task.classes if c != name),
        classes_of={
            data: {value: c for value, c in values.items() if c != name}
            for data, values in task.classes_of.items()
        },
    )


def leave_one_class_out(
    setting: Setting, parts: int, seed: int, *, compiled: bool, inner: int = 0
) -> Iterator[Strangers]:
    """The separations of every split of `hidden_folds`, as they are trained.

    Args:
        inner: inner folds that the thresholds of rejection come from; 0 for none.

    Raises:
        UsageError: as `hidden_folds`; or the method is no network with an embedding, or pre-trains on clips of its
            own, among which the hidden class would be.
    """
    network = _embedding(setting)
    if network.pretraining(setting.task, seed) is not None:
        raise UsageError(
            "synthetic pre-training would show the hidden class",
            do="set synthetic_clips=0 for this experiment",
        )
    for split in hidden_folds(setting.labels, setting.groups, setting.classes, parts, seed):
        yield _tried(setting, network, split, seed, compiled, inner)


def made_up_strangers(setting: Setting, seed: int, *, compiled: bool, inner: int = 0) -> Iterator[Strangers]:
    """The separations of every kind of `MADE_UP_KINDS` from held-out clips, fold by fold of the setting.

    The set must be a `synthetic-flow` one: against real clips the made-up ones would be told by how they were made. As
    many strangers as held-out clips are drawn, of new people.

    Args:
        inner: inner folds that the thresholds of rejection come from; 0 for none.

    Raises:
        UsageError: another set, or a method without an embedding.
    """
    network = _embedding(setting)
    if set(setting.datasets.tolist()) != {DATASET} or set(setting.arrays) != {FLOW}:
        raise UsageError(
            "made-up strangers are compared with clips made in the same way",
            found=f"clips of {', '.join(sorted(set(setting.datasets.tolist())))}",
            do="make a set with `mien data make synthetic-flow`",
        )
    height, width = setting.arrays[FLOW].shape[2:]
    for fold in setting.folds:
        view, learner, inputs = _fitted(setting, setting.labels, setting.task, network, fold, seed, compiled)
        limits = thresholds(network, view, _with_stillness, inner, seed, compiled=compiled)
        known, truth = _with_stillness(learner, view, inputs), setting.labels[fold.held_out]
        prob = learner.predict_proba(inputs)
        for kind, (shown, conditions) in MADE_UP_KINDS.items():
            sample = sample_flow(
                len(fold.held_out),
                seed=STRANGER_SEED + len(setting.folds) * seed + fold.index,
                size=(height, width),
                conditions=conditions,
                shown=shown,
            )
            scores = _with_stillness(learner, view, {FLOW: sample.flow})
            yield Strangers(
                kind,
                fold.name,
                {n: separation(known[n], scores[n]) for n in scores},
                rejections(limits, known, scores, truth, prob),
            )


def _with_stillness(learner: NetworkRecogniser, view: TrainView, inputs: Inputs) -> Scores:
    """The scores of `strangeness`, and that of how little moves: these clips are in pixels."""
    return strangeness(learner, view, inputs) | {"stillness": stillness(inputs[FLOW])}


def _embedding(setting: Setting) -> Network:
    network = registry.create(setting.model, setting.options)
    if not isinstance(network, Network) or type(network).visual is Network.visual:
        raise UsageError(f"'{setting.model}' has no embedding to measure distances in", do="use cmg")
    return network


def _tried(
    setting: Setting, network: Network, split: HiddenFold, seed: int, compiled: bool, inner: int
) -> Strangers:
    """Train without the class and the people of a split, then open its held-out clips and score them."""
    closed_up = np.where(setting.labels > split.hidden, setting.labels - 1, setting.labels)
    # The number of the hidden class means another one here; its clips are in no training side.
    labels = np.minimum(closed_up, len(setting.classes) - 2)
    task = without_class(setting.task, split.hidden)
    view, learner, inputs = _fitted(setting, labels, task, network, split.fold, seed, compiled)
    limits = thresholds(network, view, strangeness, inner, seed, compiled=compiled)
    scores = strangeness(learner, view, inputs)
    known = {name: score[~split.strange] for name, score in scores.items()}
    strangers = {name: score[split.strange] for name, score in scores.items()}
    truth, prob = labels[split.fold.held_out][~split.strange], learner.predict_proba(inputs)[~split.strange]
    return Strangers(
        kind=setting.classes[split.hidden],
        fold=split.fold.name,
        separations={name: separation(known[name], strangers[name]) for name in scores},
        rejections=rejections(limits, known, strangers, truth, prob),
    )


def _fitted(
    setting: Setting,
    labels: NDArray[np.int64],
    task: Task,
    network: Network,
    fold: Fold,
    seed: int,
    compiled: bool,
) -> tuple[TrainView, NetworkRecogniser, Inputs]:
    """What was trained on, the network trained on it, and then the held-out clips of a fold."""
    view = TrainView.of(
        setting.arrays, labels, setting.groups, setting.datasets, setting.annotations, task, fold
    )
    fitted = fit(NetworkRecogniser(network, seed, compiled=compiled), view)
    return view, fitted.recogniser, HeldOut.of(setting.arrays, fold).open(fitted)
