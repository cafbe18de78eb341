"""The scores of a run as the page shows them: numbers from metrics.json, and words where one is undefined."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from mien.report.run_folder import RunFolder
from mien.report.schema import RunMetrics, Summary

NAMES = {"uf1": "UF1", "uar": "UAR", "accuracy": "Accuracy", "weighted_f1": "Weighted F1"}
MEANING = {
    "uf1": "unweighted F1: the mean of the classes' F1",
    "uar": "unweighted average recall: the mean of the classes' recall",
    "accuracy": "share of clips recognised rightly",
    "weighted_f1": "F1 of the classes, weighted by their clips",
}
NOT_IN_FILE = "metrics.json holds no number for it"


@dataclass(frozen=True)
class Card:
    """One score with what is said about it; `reason` is empty unless the mean is undefined."""

    name: str
    meaning: str
    summary: Summary
    reason: str
    spread: str


@dataclass(frozen=True)
class AuditRow:
    """A score as it is, beside what it would have been with the epoch chosen on the held-out clips."""

    name: str
    honest: float
    peeked: float

    @property
    def gap(self) -> float:
        return self.peeked - self.honest


@dataclass(frozen=True)
class ConfusionCell:
    """A count, and its share of its row in percent (NaN in an empty row)."""

    count: float
    percent: float


class ClassCounts:
    """How many clips of each class the truth holds: says why a score over some of the clips is undefined."""

    def __init__(self, predictions: pd.DataFrame, classes: tuple[str, ...]) -> None:
        self._truth = predictions.drop_duplicates("key")[["dataset", "subject", "truth"]]
        self._classes = classes

    def reason(self, dataset: str | None = None, subject: str | None = None) -> str:
        """Why UF1 or UAR over these clips is undefined, in words."""
        chosen = self._truth
        if dataset is not None:
            chosen = chosen[chosen["dataset"] == dataset]
        if subject is not None:
            chosen = chosen[chosen["subject"] == subject]
        present = set(chosen["truth"])
        absent = [name for name in self._classes if name not in present]
        if not absent:
            return NOT_IN_FILE
        return f"no clip of class {', '.join(absent)} in the truth"


def cards(run: RunFolder, counts: ClassCounts) -> list[Card]:
    """One card per score."""
    found = []
    for name, title in NAMES.items():
        summary: Summary | None = getattr(run.metrics, name)
        if summary is None:
            summary = Summary(mean=math.nan)
        reason = ""
        if math.isnan(summary.mean):
            reason = (run.metrics.undefined or counts.reason()) if name in ("uf1", "uar") else NOT_IN_FILE
        found.append(Card(title, MEANING[name], summary, reason, _spread(summary, run.metrics.n_seeds)))
    return found


def _spread(summary: Summary, n_seeds: int) -> str:
    if n_seeds == 1:
        return "one seed: no spread"
    if math.isnan(summary.sd):
        return f"spread over {n_seeds} seeds undefined"
    return f"± {summary.sd:.3f} sd over {n_seeds} seeds"


def audit_rows(metrics: RunMetrics) -> list[AuditRow]:
    """The audit's rows, or none where the run was made without an audit."""
    if metrics.audit is None:
        return []
    rows = [
        AuditRow(NAMES[name], getattr(metrics, name).mean, getattr(metrics.audit, name))
        for name in list(NAMES)[:3]
    ]
    return [row for row in rows if not (math.isnan(row.peeked) and row.name == NAMES["accuracy"])]


def confusion_rows(metrics: RunMetrics) -> list[list[ConfusionCell]]:
    """The confusion matrix with row percentages; rows are the truth."""
    rows = []
    for counts in metrics.confusion:
        total = sum(counts)
        rows.append([ConfusionCell(each, 100 * each / total if total else math.nan) for each in counts])
    return rows


def confusion_words(metrics: RunMetrics) -> str:
    """What the counts of the confusion matrix add up to."""
    total = sum(map(sum, metrics.confusion))
    if total == metrics.n_clips * metrics.n_seeds and metrics.n_seeds > 1:
        return f"Counts are summed over {metrics.n_seeds} seeds: {metrics.n_clips} clips each."
    if total == metrics.n_clips:
        return f"Counts of {metrics.n_clips} clips."
    return f"Counts as the run wrote them; they add up to {total:,.6g}."
