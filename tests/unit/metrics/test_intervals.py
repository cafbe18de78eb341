"""The subject bootstrap: against a slow one, and what it must react to."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from mien.errors import InputError
from mien.metrics import recognition
from mien.metrics.intervals import draw_subjects, subject_bootstrap, subject_confusions


def made_up(n_subjects: int = 20, n_seeds: int = 3, right: float = 0.7, key: int = 0):
    rng = np.random.default_rng(key)
    groups = np.repeat([f"db{i % 2}/s{i:02d}" for i in range(n_subjects)], rng.integers(1, 9, n_subjects))
    datasets = np.array([g.split("/")[0] for g in groups])
    truth = rng.integers(0, 3, groups.size)
    predicted = np.where(
        rng.random((n_seeds, groups.size)) < right, truth, rng.integers(0, 3, (n_seeds, groups.size))
    )
    return truth, predicted, groups, datasets


def slow_bootstrap(truth, predicted, groups, datasets, replicates, key):
    """Clip lists glued together subject by subject; its own draws."""
    rng = np.random.default_rng(key)
    found = []
    for _ in range(replicates):
        row = predicted[rng.integers(len(predicted))]
        clips: list[int] = []
        for dataset in sorted(set(datasets)):
            subjects = sorted(set(groups[datasets == dataset]))
            for subject in rng.choice(subjects, len(subjects)):
                clips += np.flatnonzero(groups == subject).tolist()
        found.append(recognition.scores(recognition.confusion(truth[clips], row[clips], 3)).uf1)
    return np.nanquantile(found, [0.025, 0.975])


def test_agrees_with_a_slow_bootstrap_that_glues_clips() -> None:
    truth, predicted, groups, datasets = made_up()
    fast = subject_bootstrap(truth, predicted, groups, 3, datasets=datasets, replicates=20_000).intervals[
        "uf1"
    ]
    slow = slow_bootstrap(truth, predicted, groups, datasets, 3000, 7)
    assert [fast.low, fast.high] == pytest.approx(slow, abs=0.015)


def test_contains_the_estimate_and_is_wider_at_a_higher_level() -> None:
    truth, predicted, groups, datasets = made_up()
    wide = subject_bootstrap(truth, predicted, groups, 3, datasets=datasets, level=0.99)
    narrow = subject_bootstrap(truth, predicted, groups, 3, datasets=datasets, level=0.8)
    for name, metric in recognition.METRICS.items():
        mean = np.mean([metric(recognition.confusion(truth, row, 3)) for row in predicted])
        assert wide.intervals[name].low < narrow.intervals[name].low < mean
        assert mean < narrow.intervals[name].high < wide.intervals[name].high


def test_seeds_that_differ_widen_the_interval() -> None:
    truth, predicted, groups, _ = made_up(n_seeds=1)
    good, bad = predicted[0], (truth + 1) % 3
    alone = subject_bootstrap(truth, good, groups, 3).intervals["accuracy"]
    both = subject_bootstrap(truth, np.stack([good, bad]), groups, 3).intervals["accuracy"]
    assert both.low < 0.05 < alone.low
    assert both.high == pytest.approx(alone.high, abs=0.05)


def test_keyed_by_the_seed_and_blind_to_clip_order() -> None:
    truth, predicted, groups, datasets = made_up()
    first = subject_bootstrap(truth, predicted, groups, 3, datasets=datasets, seed=5)
    order = np.random.default_rng(1).permutation(truth.size)
    again = subject_bootstrap(
        truth[order], predicted[:, order], groups[order], 3, datasets=datasets[order], seed=5
    )
    assert first == again
    assert first != subject_bootstrap(truth, predicted, groups, 3, datasets=datasets, seed=6)


def test_perfect_predictions_have_a_point_interval() -> None:
    truth, _, groups, _ = made_up()
    found = subject_bootstrap(truth, truth, groups, 3)
    assert (found.intervals["accuracy"].low, found.intervals["accuracy"].high) == (1, 1)


def test_replicates_that_lose_a_class_are_dropped_and_counted() -> None:
    # Class 1 lives in one of four subjects: a replicate misses it with probability (3/4)^4 = .316.
    groups = np.array(["a", "a", "b", "c", "d"])
    truth = np.array([0, 1, 0, 0, 0])
    found = subject_bootstrap(truth, np.array([0, 1, 0, 1, 0]), groups, 2, replicates=4000)
    assert found.dropped / found.replicates == pytest.approx(0.316, abs=0.03)
    assert not math.isnan(found.intervals["uf1"].low)


def test_undefined_where_a_class_never_occurs_or_there_is_one_subject() -> None:
    truth, groups = np.array([0, 0, 1, 1]), np.array(["a", "b", "c", "d"])
    found = subject_bootstrap(truth, truth, groups, 3, replicates=100)
    assert math.isnan(found.intervals["uf1"].low)
    assert found.intervals["accuracy"].low == 1
    assert found.dropped == 100
    alone = subject_bootstrap(truth, truth, np.full(4, "a"), 2)
    assert all(math.isnan(i.low) and math.isnan(i.high) for i in alone.intervals.values())


def test_subjects_are_drawn_within_their_database() -> None:
    strata = np.array([0, 0, 0, 1, 1])
    counts = draw_subjects(strata, 50, 0)
    assert (counts[:, :3].sum(1) == 3).all()
    assert (counts[:, 3:].sum(1) == 2).all()


def test_five_seeds_of_68_subjects_take_well_under_a_second() -> None:
    truth, predicted, groups, datasets = made_up(n_subjects=68, n_seeds=5)
    start = time.perf_counter()
    subject_bootstrap(truth, predicted, groups, 3, datasets=datasets, replicates=2000)
    assert time.perf_counter() - start < 1


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="in several databases"):
        subject_confusions([0, 1], [0, 1], ["a", "a"], 2, ["x", "y"])
    with pytest.raises(InputError, match="3 databases for 2 clips"):
        subject_confusions([0, 1], [0, 1], ["a", "b"], 2, ["x", "y", "y"])
    with pytest.raises(InputError, match="seeds, clips"):
        subject_confusions([0, 1], np.zeros((0, 2), int), ["a", "b"], 2)
