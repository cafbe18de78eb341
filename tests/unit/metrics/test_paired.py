"""Paired comparison: against a slow exact test, under no difference, and what it refuses."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from mien.errors import InputError
from mien.metrics import recognition
from mien.metrics.paired import compare

CLASSES = ("negative", "positive", "surprise")


def table(n_subjects: int = 20, right: float = 0.7, seeds: int = 2, key: int = 0) -> pd.DataFrame:
    """Made-up predictions; clips and truths do not depend on `right`, `seeds` and `key`."""
    clips = np.random.default_rng(99)
    rng = np.random.default_rng(key)
    rows = []
    for i in range(n_subjects):
        for c in range(int(clips.integers(2, 7))):
            truth = int(clips.integers(3))
            for seed in range(seeds):
                predicted = truth if rng.random() < right else int(rng.integers(3))
                rows.append((f"k{i}_{c}", f"db/s{i}", "db", seed, CLASSES[truth], CLASSES[predicted]))
    return pd.DataFrame(rows, columns=["key", "group", "dataset", "seed", "truth", "predicted"])


def pooled(frame: pd.DataFrame, metric: str) -> float:
    """Mean over seeds of a pooled score, by name."""
    number = {name: i for i, name in enumerate(CLASSES)}
    each = [
        recognition.METRICS[metric](
            recognition.confusion(rows["truth"].map(number), rows["predicted"].map(number), 3)
        )
        for _, rows in frame.groupby("seed")
    ]
    return float(np.mean(each))


def test_differences_are_those_of_the_mean_scores() -> None:
    a, b = table(right=0.8), table(right=0.5, key=1)
    found = compare(a, b, classes=CLASSES)
    for name, row in found.differences.items():
        assert row.a == pytest.approx(pooled(a, name), abs=1e-12)
        assert row.b == pytest.approx(pooled(b, name), abs=1e-12)
        assert row.difference == pytest.approx(row.a - row.b, abs=1e-15)
        assert row.low < row.difference < row.high
    assert list(found.differences) == ["accuracy", "uf1", "uar"]
    assert found.n_subjects == 20
    assert found.n_clips == a["key"].nunique()
    assert (found.seeds_a, found.permutations, found.exact) == ((0, 1), 10_000, False)


def test_a_large_difference_is_found_and_none_is_not() -> None:
    strong = compare(table(right=0.95), table(right=0.3, key=1))
    assert all(row.p < 0.001 and row.low > 0 for row in strong.differences.values())
    same = compare(table(), table())
    for row in same.differences.values():
        assert (row.difference, row.p) == (0, 1)
        assert row.low <= 0 <= row.high


def test_exact_p_agrees_with_swapping_rows_by_hand() -> None:
    a, b = table(7, 0.8, seeds=2), table(7, 0.4, seeds=2, key=3)
    found = compare(a, b, classes=CLASSES)
    assert found.exact
    assert found.permutations == 2**7
    subjects = sorted(set(a["group"]))
    for name in ("accuracy", "uf1", "uar"):
        seen = abs(pooled(a, name) - pooled(b, name))
        reached = 0
        for pattern in itertools.product((False, True), repeat=len(subjects)):
            swap = a["group"].isin([s for s, flip in zip(subjects, pattern, strict=True) if flip])
            left, right = a.copy(), b.copy()
            left.loc[swap, "predicted"] = b.loc[swap, "predicted"]
            right.loc[swap, "predicted"] = a.loc[swap, "predicted"]
            reached += abs(pooled(left, name) - pooled(right, name)) >= seen - 1e-12
        assert found.differences[name].p == reached / 2**7


def test_random_swaps_agree_with_all_swaps() -> None:
    a, b = table(10, 0.75), table(10, 0.5, key=4)
    exact = compare(a, b, permutations=2**10)
    drawn = compare(a, b, permutations=1000)
    assert exact.exact
    assert not drawn.exact
    for name, row in exact.differences.items():
        assert drawn.differences[name].p == pytest.approx(row.p, abs=0.05)


def test_the_test_keeps_its_level_when_the_runs_are_alike() -> None:
    p = [
        compare(table(12, key=2 * i), table(12, key=2 * i + 1), permutations=400, replicates=10)
        .differences["uf1"]
        .p
        for i in range(60)
    ]
    assert np.mean(np.array(p) <= 0.1) < 0.22
    assert 0.35 < np.mean(p) < 0.65


def test_exchanging_the_runs_changes_the_sign_only() -> None:
    a, b = table(right=0.8), table(right=0.5, key=1)
    one, other = compare(a, b), compare(b, a)
    assert one.only_a == other.only_b
    for name, row in one.differences.items():
        assert other.differences[name].difference == -row.difference
        assert other.differences[name].p == row.p
        assert other.differences[name].low == pytest.approx(-row.high, abs=0.01)


def test_runs_may_have_different_numbers_of_seeds() -> None:
    a, b = table(right=0.9, seeds=3), table(right=0.3, seeds=1, key=1)
    found = compare(a, b, classes=CLASSES)
    assert (found.seeds_a, found.seeds_b) == ((0, 1, 2), (0,))
    assert found.differences["uf1"].difference == pytest.approx(
        pooled(a, "uf1") - pooled(b, "uf1"), abs=1e-12
    )
    assert found.differences["uf1"].p < 0.01


def test_clips_are_counted_by_who_gets_them_right() -> None:
    a, b = table(3, 1.0, seeds=1), table(3, 1.0, seeds=1)
    other = {"negative": "positive", "positive": "surprise", "surprise": "negative"}
    for frame, rows in ((a, [0, 1]), (b, [1, 2, 3])):
        frame.loc[rows, "predicted"] = frame.loc[rows, "truth"].map(other)
    found = compare(a, b)
    assert (found.only_a, found.only_b, found.neither) == (2, 1, 1)
    assert found.both == len(a) - 4


def test_with_several_seeds_most_of_them_must_be_right() -> None:
    frame = table(2, 1.0, seeds=2)
    frame.loc[0, "predicted"] = next(c for c in CLASSES if c != frame.loc[0, "truth"])
    found = compare(frame, table(2, 1.0, seeds=2))
    assert found.only_b == 1


def test_blind_to_the_order_of_rows_and_keyed_by_the_seed() -> None:
    a, b = table(right=0.8), table(right=0.5, key=1)
    first = compare(a, b, seed=3)
    assert first == compare(a.sample(frac=1, random_state=0), b.sample(frac=1, random_state=1), seed=3)
    assert first.differences["uf1"] != compare(a, b, seed=4).differences["uf1"]


def test_a_class_without_clips_leaves_accuracy_only() -> None:
    found = compare(table(right=0.9), table(right=0.2, key=1), classes=(*CLASSES, "others"))
    assert math.isnan(found.differences["uf1"].p)
    assert math.isnan(found.differences["uar"].low)
    assert found.differences["accuracy"].p < 0.01
    assert found.dropped == found.replicates


def test_other_clips_are_refused_and_named() -> None:
    a, b = table(seeds=1), table(seeds=1)
    with pytest.raises(InputError, match=r"1 clips only in the first run: k0_0") as caught:
        compare(a, b[b["key"] != "k0_0"])
    assert caught.value.exit_code == 3
    with pytest.raises(InputError, match=r"only in the second run: k0_0, k0_1.* and \d+ more"):
        compare(a[~a["group"].isin(["db/s0", "db/s1", "db/s2"])], b)


def test_other_truths_or_subjects_are_refused_and_named() -> None:
    a, b = table(seeds=1), table(seeds=1)
    b.loc[0, "truth"] = next(c for c in CLASSES if c != a.loc[0, "truth"])
    b.loc[1, "group"] = "db/s9"
    with pytest.raises(InputError) as caught:
        compare(a, b)
    assert f"truth of clip 'k0_0': '{a.loc[0, 'truth']}' in the first run" in str(caught.value)
    assert "subject of clip 'k0_1': 'db/s0' in the first run, 'db/s9' in the second" in str(caught.value)
    b = table(seeds=1)
    b["dataset"] = "elsewhere"
    with pytest.raises(InputError, match="clips differ in all"):
        compare(a, b)


def broken(change: str) -> pd.DataFrame:
    frame = table(seeds=2)
    if change == "column":
        return frame.drop(columns="group")
    if change == "empty":
        return frame.iloc[:0]
    if change == "twice":
        return pd.concat([frame, frame.iloc[:1]])
    if change == "missing seed":
        return frame.iloc[1:]
    if change == "two truths":
        frame.loc[0, "truth"] = next(c for c in CLASSES if c != frame.loc[0, "truth"])
    if change == "hole":
        frame.loc[0, "predicted"] = None
    if change == "seed":
        frame["seed"] = frame["seed"].astype(str) + "x"
    return frame


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("column", "no column group"),
        ("empty", "no rows"),
        ("twice", "clip 'k0_0' occurs twice"),
        ("missing seed", "clip 'k0_0' lacks a seed"),
        ("two truths", "clip 'k0_0' has several values of truth"),
        ("hole", "column predicted has empty cells"),
        ("seed", "no whole numbers"),
    ],
)
def test_broken_tables_are_refused(change: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        compare(table(), broken(change))
    assert "second prediction table" in str(caught.value)


def test_an_unknown_class_is_refused() -> None:
    with pytest.raises(InputError, match="surprise"):
        compare(table(), table(), classes=("negative", "positive"))
