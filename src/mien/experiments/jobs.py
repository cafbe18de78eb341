"""One job: train on one fold with one seed, open its held-out clips, predict; and its result as a file."""

from __future__ import annotations

import io
import json
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import safetensors.torch
from numpy.typing import NDArray
from torch import nn

from mien.errors import InputError
from mien.experiments.setting import Setting
from mien.metrics.uncertainty import mutual_information
from mien.models import registry
from mien.models.base import Embedding, Network, Recogniser
from mien.protocols.folds import Fold
from mien.protocols.view import Fitted, HeldOut, Inputs, TrainView, fit
from mien.training.fit import NetworkRecogniser, predict, recogniser
from mien.training.weights import state_of


@dataclass(frozen=True, order=True)
class Job:
    """One fold with one seed."""

    seed: int
    fold: int

    @property
    def name(self) -> str:
        return f"{self.seed}-{self.fold:03d}"


@dataclass
class FoldResult:
    """What one job leaves behind.

    Attributes:
        prob: class probabilities (n, K) of the held-out clips, in the order of the fold.
        curve: one row per epoch and member, the terms named by `curve_names`.
        doubt: mutual information (n,) between class and sample, nats; None for methods of a single opinion.
        peeked: predicted class of every held-out clip after every epoch (E, n); only with an audit.
        weights: safetensors bytes; empty for methods without.
    """

    job: Job
    prob: NDArray[np.float64]
    seconds: float
    opened_at: str
    curve_names: tuple[str, ...] = ()
    curve: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    doubt: NDArray[np.float64] | None = None
    peeked: NDArray[np.uint8] | None = None
    embedding: Embedding | None = None
    weights: bytes = b""

    def to_bytes(self) -> bytes:
        """The result without its weights, as an npz that holds no pickled object."""
        arrays: dict[str, Any] = {"prob": self.prob, "curve": self.curve}
        for name in ("doubt", "peeked"):
            if (optional := getattr(self, name)) is not None:
                arrays[name] = optional
        if self.embedding is not None:
            arrays |= {"visual": self.embedding.visual, "similarity": self.embedding.similarity}
            arrays["nearest"] = np.array(self.embedding.nearest, dtype=np.str_)
        arrays["note"] = np.array(
            json.dumps(
                {
                    "seed": self.job.seed,
                    "fold": self.job.fold,
                    "seconds": self.seconds,
                    "opened_at": self.opened_at,
                    "curve_names": self.curve_names,
                }
            )
        )
        stream = io.BytesIO()
        np.savez_compressed(stream, **arrays)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes, where: object) -> FoldResult:
        """The result that `to_bytes` wrote.

        Raises:
            InputError: the content is damaged.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            note = json.loads(str(arrays["note"]))
            embedding = None
            if "visual" in arrays:
                embedding = Embedding(
                    arrays["visual"], tuple(arrays["nearest"].tolist()), arrays["similarity"]
                )
            return cls(
                job=Job(int(note["seed"]), int(note["fold"])),
                prob=arrays["prob"],
                seconds=float(note["seconds"]),
                opened_at=str(note["opened_at"]),
                curve_names=tuple(note["curve_names"]),
                curve=arrays["curve"],
                doubt=arrays.get("doubt"),
                peeked=arrays.get("peeked"),
                embedding=embedding,
            )
        except Exception as error:
            raise InputError(
                "the result of a fold is damaged",
                where=where,
                found=f"{type(error).__name__}: {error}",
                do="delete this file and run the same command again: only this fold is repeated",
            ) from error


def train_view(setting: Setting, fold: Fold) -> TrainView:
    """The training clips of a fold, copied; nothing in it leads to the held-out clips."""
    return TrainView.of(
        setting.arrays,
        setting.labels,
        setting.groups,
        setting.datasets,
        setting.annotations,
        setting.task,
        fold,
    )


def run_job(setting: Setting, job: Job, *, compiled: bool) -> FoldResult:
    """Train, then open the held-out clips and predict them."""
    start = time.perf_counter()
    fold = setting.folds[job.fold]
    method = registry.create(setting.model, setting.options)
    view = train_view(setting, fold)
    learner = recogniser(method, seed=job.seed, compiled=compiled, device=setting.device)
    audit = Audit(setting, fold) if setting.audit and isinstance(learner, NetworkRecogniser) else None
    if audit is not None and isinstance(learner, NetworkRecogniser):
        learner.observer = audit.for_network(learner.network, learner.device)
    fitted = fit(learner, view)
    return conclude(setting, job, fitted, view, start, audit)


def conclude(
    setting: Setting, job: Job, fitted: Fitted[Any], view: TrainView, start: float, audit: Audit | None
) -> FoldResult:
    """Open the held-out clips of a fold whose training has returned, and predict them."""
    learner: Recogniser = fitted.recogniser
    gate = HeldOut.of(setting.arrays, setting.folds[job.fold])
    inputs = gate.open(fitted)
    prob, doubt = _said(learner, inputs)
    if not np.isfinite(prob).all():
        raise InputError(
            "the training diverged: its network gives no finite probabilities",
            where=f"fold '{setting.folds[job.fold].name}', seed {job.seed}",
            do="lower learning_rate, or set clip_norm, and name another --out",
        )
    assert gate.opened_at is not None
    result = FoldResult(job, prob, 0.0, gate.opened_at.isoformat(), doubt=doubt)
    if isinstance(learner, NetworkRecogniser):
        result.curve_names = tuple(learner.curves[0][0])
        result.curve = np.array([[list(row.values()) for row in curve] for curve in learner.curves])
        result.weights = safetensors.torch.save(state_of(learner.modules))
        if job.seed == setting.seeds[0]:
            network, module = learner.network, learner.modules[0]
            texts = network.texts(module, view)
            result.embedding = None if texts is None else texts.beside(network.visual(module, inputs))
    if audit is not None:
        result.peeked = audit.predictions()
    result.seconds = time.perf_counter() - start
    return result


def _said(learner: Recogniser, inputs: Inputs) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """The probabilities, and the doubt where there are several opinions: members, or passes with dropout on."""
    if not isinstance(learner, NetworkRecogniser):
        return learner.predict_proba(inputs), None
    samples = learner.samples(inputs)
    return samples.mean(axis=0), mutual_information(samples) if len(samples) > 1 else None


class Audit:
    """What a peeking researcher would have seen: held-out predictions after every epoch.

    It stands outside the trainer: it reads the module, and nothing it sees returns to the training.
    """

    def __init__(self, setting: Setting, fold: Fold) -> None:
        self._inputs: Inputs = {name: array[fold.held_out] for name, array in setting.arrays.items()}
        self._epochs: dict[int, list[NDArray[np.float64]]] = {}

    def for_network(self, network: Network, device: Any) -> Any:
        def observe(epoch: int, module: nn.Module) -> None:
            self.look(epoch, network, module, device)

        return observe

    def look(self, epoch: int, network: Network, module: nn.Module, device: Any) -> None:
        self._epochs.setdefault(epoch, []).append(predict(network, [module], self._inputs, device))

    def predictions(self) -> NDArray[np.uint8]:
        """Predicted class (E, n) per epoch; members are averaged, as in the prediction that counts."""
        prob = np.array([np.mean(self._epochs[epoch], axis=0) for epoch in sorted(self._epochs)])
        return np.asarray(prob.argmax(axis=2), dtype=np.uint8)
