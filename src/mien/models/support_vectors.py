"""What the support vector machines share: features of each clip, their scale, and C from inner subjects."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from sklearn.kernel_approximation import AdditiveChi2Sampler
from sklearn.svm import SVC

from mien.errors import InputError, UsageError
from mien.metrics import recognition
from mien.models.base import Needs
from mien.models.clip_memory import Clip, ClipMemory
from mien.models.options import Options
from mien.protocols.view import Inputs, TrainView

Floats = NDArray[np.float64]
Kernel = Literal["linear", "rbf"]
Form = Literal["as they are", "root", "chi2"]

#: Values of C that are tried. The scale sets the mean squared length of the training clips to 1, so that they suit
#: any number of features. (The linear ones are 10^-4 to 10^-1 for 147 features of variance 1.)
PENALTIES: dict[Kernel, tuple[float, ...]] = {
    "linear": tuple(0.0147 * 10 ** (step / 2) for step in range(7)),
    "rbf": (0.3, 1.0, 3.0, 10.0, 30.0),
}
FEATURES = "features"


class SvmOptions(Options):
    kernel: Kernel = Field("linear", description="kernel of the machine")
    histograms: Form = Field(
        "as they are",
        description="histograms as they are, their square roots (which a linear machine compares by Bhattacharyya's "
        "measure), or a map that it compares by chi squared",
    )
    standardise: bool = Field(True, description="give each feature unit variance over the training clips")
    inner_folds: int = Field(5, ge=2, le=20, description="inner folds of subjects on which C is chosen")


class Scale:
    """Puts features on a scale learnt from the training clips: centred, mean squared length 1."""

    def __init__(self, train: Floats, standardise: bool) -> None:
        self._centre = train.mean(axis=0)
        variance = train.var(axis=0)
        # A feature that does not vary, beyond the last digits, is left as it is.
        still = variance <= 1e-20 * np.maximum(self._centre**2, 1e-30)
        self._spread = np.sqrt(np.where(still, 1.0, variance)) if standardise else np.ones_like(variance)
        total = float((~still).sum() if standardise else variance.sum())
        self._length = np.sqrt(total) if total > 0 else 1.0

    def __call__(self, features: Floats) -> Floats:
        return np.asarray((features - self._centre) / (self._spread * self._length))


class _Machine:
    """A class-balanced SVM on similarities to the training clips, which are computed once for all values of C."""

    def __init__(self, features: Floats, labels: NDArray[np.int64], options: SvmOptions) -> None:
        self._options, self._labels = options, labels
        self._scale = Scale(features, options.standardise)
        self._train = self._scale(features)
        self._gram = self._kernel(self._train)

    def _kernel(self, scaled: Floats) -> Floats:
        products = scaled @ self._train.T
        if self._options.kernel == "linear":
            return np.asarray(products)
        squares = (scaled**2).sum(axis=1)[:, None] + (self._train**2).sum(axis=1)[None, :]
        return np.asarray(np.exp(2 * products - squares))

    def fitted(self, c: float) -> SVC:
        machine = SVC(C=c, kernel="precomputed", class_weight="balanced", decision_function_shape="ovr")
        return machine.fit(self._gram, self._labels)

    def similarities(self, features: Floats) -> Floats:
        """(N, training clips)."""
        return self._kernel(self._scale(features))


class SvmRecogniser(ABC):
    """A class-balanced SVM on features that follow from each clip alone.

    Scale and C come from the training subjects; probabilities are a softmax of the one-against-rest scores and are not
    calibrated. A subclass gives `needs` and the features of a clip.
    """

    needs: Needs
    _memory = ClipMemory()

    def __init__(self, options: SvmOptions) -> None:
        self._options = options
        self._machine: _Machine | None = None
        self._svc: SVC | None = None
        self._n_classes = 0

    @abstractmethod
    def features(self, clip: Clip) -> Floats:
        """The features (D,) of one clip, given as arrays by name without their first axis."""

    def _rows(self, inputs: Inputs) -> Floats:
        given = {name: inputs[name] for name in self.needs.arrays}
        rows = self._memory.rows((type(self), self._options), self.features, given)
        if self._options.histograms == "as they are":
            return rows
        if rows.min() < 0:
            raise UsageError(
                "these features are no histograms: some are negative",
                found=f"histograms = {self._options.histograms}",
                do="leave it out",
            )
        if self._options.histograms == "root":
            return np.sqrt(rows)
        # Fitting it learns nothing: it only notes how far apart its samples of the spectrum lie.
        return np.asarray(AdditiveChi2Sampler(sample_steps=2).fit_transform(rows))

    def fit(self, view: TrainView) -> Self:
        if len(np.unique(view.labels)) < 2:
            raise InputError(
                "the training clips are of one class: there is nothing to tell apart",
                where=f"fold '{view.fold}'",
                found=f"{len(view)} clips",
            )
        self._n_classes = len(view.task.classes)
        known = replace(view, arrays={FEATURES: self._rows(view.arrays)})
        self._machine = _Machine(known.arrays[FEATURES], known.labels, self._options)
        self._svc = self._machine.fitted(self._choose(known))
        return self

    def _choose(self, known: TrainView) -> float:
        """The C with the best mean F1, pooled over inner subject folds; the smallest of equals."""
        inner = [
            (
                _Machine(train.arrays[FEATURES], train.labels, self._options),
                held.arrays[FEATURES],
                held.labels,
            )
            for train, held in known.inner_folds(self._options.inner_folds, seed=0)
        ]
        checks = [(machine, machine.similarities(held), labels) for machine, held, labels in inner]

        def score(c: float) -> float:
            total = np.zeros((self._n_classes, self._n_classes), np.int64)
            for machine, similar, labels in checks:
                predicted = machine.fitted(c).predict(similar)
                total += recognition.confusion(labels, predicted, self._n_classes)
            # A class that no inner fold could validate says nothing about C; the others do.
            return float(np.nanmean(recognition.f1_per_class(total)))

        return max(PENALTIES[self._options.kernel], key=score)

    def predict_proba(self, inputs: Inputs) -> Floats:
        assert self._machine is not None and self._svc is not None
        scores = self._svc.decision_function(self._machine.similarities(self._rows(inputs)))
        return _probabilities(scores, self._svc.classes_, self._n_classes)


def _probabilities(scores: NDArray[Any], classes: NDArray[Any], n_classes: int) -> Floats:
    """A softmax of one-against-rest scores (N, K), or of a two-class machine's (N,); a class it never saw gets 0."""
    if scores.ndim == 1:
        scores = np.stack([-scores, scores], axis=1)
    exponents = np.exp(scores - scores.max(axis=1, keepdims=True))
    found = np.zeros((len(scores), n_classes))
    found[:, classes] = exponents / exponents.sum(axis=1, keepdims=True)
    return found
