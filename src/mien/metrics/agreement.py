"""Agreement of candidates with a human coder: movements by overlap, frames by Cohen's kappa, labels by counts.

Neither side is the truth: precision and recall say how the candidates stand to this coder. Movements are matched one to
one with IoU >= 0.5 (`mien.metrics.spotting.match`), whatever their kind; scores of a kind count that kind alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien.metrics.intervals import Interval, draw_subjects, percentile_interval
from mien.metrics.spotting import Counts, iou, match

FloatArray = npt.NDArray[np.float64]
NAN = float("nan")
ALL = "all"
_NONE = Interval(NAN, NAN)


@dataclass(frozen=True)
class Movement:
    """One movement on either side: first and last frame, both inclusive; `kind` and `label` may be empty."""

    number: int
    onset: int
    offset: int
    kind: str = ""
    label: str = ""


@dataclass(frozen=True, eq=False)
class CodedPair:
    """What Mien and a coder found in one video.

    Attributes:
        time_s: (T,) when each frame is shown.
        compared: (T,) bool, the frames that count for kappa.
    """

    video: str
    found: tuple[Movement, ...]
    coder: tuple[Movement, ...]
    time_s: FloatArray
    compared: npt.NDArray[np.bool_]

    def of_kind(self, kind: str) -> CodedPair:
        """The same with the movements of one kind alone; ALL keeps every one."""
        if kind == ALL:
            return self
        found, coder = (tuple(m for m in side if m.kind == kind) for side in (self.found, self.coder))
        return CodedPair(self.video, found, coder, self.time_s, self.compared)


@dataclass(frozen=True)
class Match:
    """One row of the comparison: a matched pair, or a movement that only one side has (nan and "" for the other)."""

    video: str
    event_id: float
    coder_row: float
    iou: float
    onset_ms: float
    offset_ms: float
    found_kind: str
    coder_kind: str
    coder_label: str
    found_label: str


@dataclass(frozen=True)
class Agreement:
    """The scores of one video, or of all, for one kind; the ends of 95 % intervals as `_low` and `_high`."""

    video: str
    kind: str
    n_found: int
    n_coder: int
    n_matched: int
    precision: float
    precision_low: float
    precision_high: float
    recall: float
    recall_low: float
    recall_high: float
    f1: float
    f1_low: float
    f1_high: float
    kappa: float
    kappa_low: float
    kappa_high: float
    n_frames: int
    onset_mean_ms: float
    onset_median_abs_ms: float
    offset_mean_ms: float
    offset_median_abs_ms: float


def matches(pair: CodedPair) -> list[Match]:
    """Every movement of both sides once: the matched and the only-found by candidate, then the only-coded."""
    partner = dict(match(_spans(pair.found), _spans(pair.coder)))
    overlap = iou(_spans(pair.found), _spans(pair.coder))
    rows = []
    for place, found in enumerate(pair.found):
        if place not in partner:
            rows.append(Match(pair.video, found.number, NAN, NAN, NAN, NAN, found.kind, "", "", found.label))
            continue
        coder = pair.coder[partner[place]]
        onset_ms, offset_ms = (
            float(1000 * (pair.time_s[ours] - pair.time_s[theirs]))
            for ours, theirs in ((found.onset, coder.onset), (found.offset, coder.offset))
        )
        share = float(overlap[place, partner[place]])
        names = (found.kind, coder.kind, coder.label, found.label)
        rows.append(Match(pair.video, found.number, coder.number, share, onset_ms, offset_ms, *names))
    missed = (coder for place, coder in enumerate(pair.coder) if place not in partner.values())
    return rows + [Match(pair.video, NAN, c.number, NAN, NAN, NAN, "", c.kind, c.label, "") for c in missed]


def label_confusion(rows: Sequence[Match]) -> Counter[tuple[str, str]]:
    """How often matched movements have (the coder's label, Mien's label)."""
    return Counter((row.coder_label, row.found_label) for row in rows if not np.isnan(row.iou))


def agreement(
    pairs: Sequence[CodedPair], kind: str = ALL, *, replicates: int = 2000, seed: int = 0, level: float = 0.95
) -> list[Agreement]:
    """The scores of every video, and, of several, of all pooled: counts are added up, scores never averaged.

    Intervals: of one video by Wilson (1927), which takes movements as independent, for F1 through its one-to-one
    relation F1 = 2 J / (1 + J) to the share J of matched among all movements; kappa has none there, since frames
    depend on each other. Of several videos by a bootstrap that draws videos.
    """
    chosen = [pair.of_kind(kind) for pair in pairs]
    found = [matches(pair) for pair in chosen]
    counts = [_counts(rows) for rows in found]
    tables = [_frame_table(pair) for pair in chosen]
    every = [
        _scores(pair.video, kind, c, table, rows, _wilson_intervals(c, level))
        for pair, c, table, rows in zip(chosen, counts, tables, found, strict=True)
    ]
    if len(every) > 1:
        drawn = _drawn_intervals(counts, tables, replicates, seed, level)
        rows = [row for each in found for row in each]
        every.append(_scores(ALL, kind, sum(counts, Counts()), np.sum(tables, axis=0), rows, drawn))
    return every


def cohen_kappa(table: npt.ArrayLike) -> FloatArray:
    """Cohen's kappa of tables (..., K, K) of counts; nan where chance alone would agree fully, or without counts.

    Source: Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement, 1960.

    >>> float(cohen_kappa([[20, 5], [10, 15]]))
    0.4
    """
    t = np.asarray(table, dtype=np.float64)
    n = t.sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        same = np.trace(t, axis1=-2, axis2=-1) / n
        chance = (t.sum(axis=-1) * t.sum(axis=-2)).sum(axis=-1) / n**2
        return np.asarray(np.where(chance < 1, (same - chance) / (1 - chance), NAN))


def wilson(hits: int, n: int, level: float = 0.95) -> Interval:
    """Wilson's score interval of a share; nan without trials.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 1927.
    """
    from scipy.stats import norm

    if not n:
        return _NONE
    z = float(norm.ppf((1 + level) / 2))
    share, below = hits / n, 1 + z * z / n
    middle, half = share + z * z / (2 * n), z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(max(0.0, float((middle - half) / below)), min(1.0, float((middle + half) / below)))


def _wilson_intervals(counts: Counts, level: float) -> dict[str, Interval]:
    shared = wilson(counts.tp, counts.tp + counts.fp + counts.fn, level)
    return {
        "precision": wilson(counts.tp, counts.tp + counts.fp, level),
        "recall": wilson(counts.tp, counts.tp + counts.fn, level),
        "f1": Interval(*(2 * j / (1 + j) for j in (shared.low, shared.high))),
        "kappa": _NONE,
    }


def _drawn_intervals(
    counts: Sequence[Counts], tables: Sequence[FloatArray], replicates: int, seed: int, level: float
) -> dict[str, Interval]:
    times = draw_subjects(np.zeros(len(counts), np.int64), replicates, seed)
    tp, fp, fn = (times @ np.array([(c.tp, c.fp, c.fn) for c in counts], dtype=np.float64)).T
    with np.errstate(invalid="ignore"):
        drawn = {"precision": tp / (tp + fp), "recall": tp / (tp + fn), "f1": 2 * tp / (2 * tp + fp + fn)}
    drawn["kappa"] = cohen_kappa(np.tensordot(times, np.stack(tables), axes=1))
    return {name: percentile_interval(values, level) for name, values in drawn.items()}


def _scores(
    video: str,
    kind: str,
    counts: Counts,
    table: FloatArray,
    rows: Sequence[Match],
    intervals: dict[str, Interval],
) -> Agreement:
    shifts = np.array([(row.onset_ms, row.offset_ms) for row in rows if not np.isnan(row.iou)]).reshape(-1, 2)
    mean, middle = (
        (shifts.mean(axis=0), np.median(np.abs(shifts), axis=0)) if len(shifts) else (np.full(2, NAN),) * 2
    )
    ends = {f"{name}_low": each.low for name, each in intervals.items()}
    ends |= {f"{name}_high": each.high for name, each in intervals.items()}
    return Agreement(
        video=video,
        kind=kind,
        n_found=counts.tp + counts.fp,
        n_coder=counts.tp + counts.fn,
        n_matched=counts.tp,
        precision=counts.precision,
        recall=counts.recall,
        f1=counts.f1,
        kappa=float(cohen_kappa(table)),
        n_frames=int(table.sum()),
        onset_mean_ms=float(mean[0]),
        offset_mean_ms=float(mean[1]),
        onset_median_abs_ms=float(middle[0]),
        offset_median_abs_ms=float(middle[1]),
        **ends,
    )


def _counts(rows: Sequence[Match]) -> Counts:
    n_matched = sum(not np.isnan(row.iou) for row in rows)
    n_found = sum(not np.isnan(row.event_id) for row in rows)
    n_coder = sum(not np.isnan(row.coder_row) for row in rows)
    return Counts(n_matched, n_found - n_matched, n_coder - n_matched)


def _frame_table(pair: CodedPair) -> FloatArray:
    """(2, 2) counts of the compared frames: the coder in rows, Mien in columns; 1 is inside a movement."""
    inside = np.zeros((2, len(pair.time_s)), dtype=bool)
    for side, movements in zip(inside, (pair.coder, pair.found), strict=True):
        for each in movements:
            side[each.onset : each.offset + 1] = True
    coder, found = inside[:, pair.compared].astype(np.int64)
    return np.bincount(2 * coder + found, minlength=4).reshape(2, 2).astype(np.float64)


def _spans(movements: Sequence[Movement]) -> npt.NDArray[np.int64]:
    return np.array([(m.onset, m.offset) for m in movements], dtype=np.int64).reshape(-1, 2)
