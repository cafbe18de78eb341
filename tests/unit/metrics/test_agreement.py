"""Agreement with a coder, against scikit-learn and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from mien.metrics.agreement import (
    ALL,
    CodedPair,
    Movement,
    agreement,
    cohen_kappa,
    label_confusion,
    matches,
    wilson,
)


def pair(
    found: list[tuple], coder: list[tuple], n: int = 100, video: str = "v", excluded: range = range(0)
) -> CodedPair:
    sides = (tuple(Movement(k, *each) for k, each in enumerate(side, start=1)) for side in (found, coder))
    compared = ~np.isin(np.arange(n), excluded)
    return CodedPair(video, *sides, np.arange(n) / 25, compared)


def test_movements_are_matched_one_to_one_and_timed() -> None:
    rows = matches(pair([(10, 19), (12, 20), (50, 59)], [(11, 20), (70, 75)]))
    by_event = {row.event_id: row for row in rows}
    assert by_event[2].coder_row == 1
    assert by_event[2].iou == pytest.approx(9 / 10)
    assert by_event[2].onset_ms == pytest.approx(40)
    assert by_event[2].offset_ms == pytest.approx(0)
    assert [row.coder_row for row in rows if math.isnan(row.event_id)] == [2]
    assert all(math.isnan(by_event[k].iou) for k in (1, 3))


def test_scores_by_hand() -> None:
    (row,) = agreement([pair([(10, 19), (50, 59)], [(10, 19), (70, 75), (90, 95)])])
    assert (row.n_found, row.n_coder, row.n_matched, row.n_frames) == (2, 3, 1, 100)
    assert (row.precision, row.recall, row.f1) == pytest.approx((1 / 2, 1 / 3, 2 / 5))
    assert row.precision_low < 0.5 < row.precision_high
    assert row.f1_low < 0.4 < row.f1_high
    assert math.isnan(row.kappa_low)


@pytest.mark.parametrize("seed", range(10))
def test_kappa_is_that_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts = [rng.choice(200, 6, replace=False) for _ in range(2)]
    spans = [[(int(s), int(min(199, s + rng.integers(1, 25)))) for s in side] for side in starts]
    (row,) = agreement([pair(*spans, n=200, excluded=range(40, 70))])
    inside = np.zeros((2, 200), int)
    for side, movements in zip(inside, spans, strict=True):
        for onset, offset in movements:
            side[onset : offset + 1] = 1
    kept = ~np.isin(np.arange(200), range(40, 70))
    assert row.kappa == pytest.approx(cohen_kappa_score(*inside[:, kept]))
    assert row.n_frames == 170


def test_kappa_of_several_classes_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 4, (2, 300))
    table = np.zeros((4, 4))
    np.add.at(table, (a, b), 1)
    assert float(cohen_kappa(table)) == pytest.approx(cohen_kappa_score(a, b))


def test_kappa_is_undefined_where_nobody_saw_anything() -> None:
    (row,) = agreement([pair([], [])])
    assert math.isnan(row.kappa)
    assert math.isnan(row.f1)
    assert math.isnan(row.precision)
    assert math.isnan(row.onset_mean_ms)


def test_wilson_by_hand() -> None:
    # Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 1998, table I
    assert (wilson(81, 263).low, wilson(81, 263).high) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert (wilson(0, 20).low, wilson(0, 20).high) == pytest.approx((0, 0.1611), abs=1e-4)
    assert math.isnan(wilson(0, 0).low)


def test_several_videos_are_pooled_by_counts_and_drawn_as_wholes() -> None:
    good = [pair([(10, 19)], [(10, 19)], video=f"g{k}") for k in range(3)]
    bad = pair([(10, 19), (30, 39), (50, 59)], [(80, 89)], video="bad")
    *each, pooled = agreement([*good, bad])
    assert [row.video for row in each] == ["g0", "g1", "g2", "bad"]
    assert (pooled.video, pooled.n_found, pooled.n_coder, pooled.n_matched) == (ALL, 6, 4, 3)
    assert pooled.f1 == pytest.approx(0.6)
    assert pooled.f1_low < 0.6 < pooled.f1_high
    assert pooled.kappa_low < pooled.kappa < pooled.kappa_high
    *_, same = agreement([*good, bad])
    assert same == pooled


def test_a_kind_counts_its_own_movements_alone() -> None:
    both = pair([(10, 19, "micro"), (50, 79, "macro")], [(10, 19, "micro"), (50, 79, "micro")])
    (micro,) = agreement([both], "micro")
    (every,) = agreement([both])
    assert (micro.n_found, micro.n_coder, micro.n_matched) == (1, 2, 1)
    assert every.n_matched == 2


def test_labels_of_matched_movements_are_counted() -> None:
    rows = matches(
        pair(
            [(10, 19, "", "surprise"), (30, 39, "", ""), (50, 59, "", "x")],
            [(10, 19, "", "happy"), (30, 39, "", "sad")],
        )
    )
    assert label_confusion(rows) == {("happy", "surprise"): 1, ("sad", ""): 1}
