"""What holds for the folds of any clips."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mien.errors import InputError
from mien.protocols.folds import Fold, make_folds
from mien.protocols.view import TrainView

PROTOCOLS = ("loso", "cde", "lodo", "kfold:2", "kfold:3", "holdout:0.3")
FEW = settings(max_examples=60, deadline=None)


@st.composite
def clips(draw: st.DrawFn) -> dict[str, np.ndarray]:
    """Clips of 2 to 4 databases with a few subjects each, in any order, any labels."""
    n = draw(st.integers(4, 40))
    datasets = draw(st.lists(st.sampled_from("abcd"), min_size=n, max_size=n))
    subjects = draw(st.lists(st.integers(0, 4), min_size=n, max_size=n))
    labels = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    groups = [f"{d}/{s}" for d, s in zip(datasets, subjects, strict=True)]
    return {"groups": np.array(groups), "datasets": np.array(datasets), "labels": np.array(labels)}


def folds_or_skip(protocol: str, data: dict[str, np.ndarray], seed: int = 0) -> list[Fold]:
    try:
        return make_folds(protocol, **data, seed=seed)
    except InputError:
        assume(False)
        raise


@pytest.mark.parametrize("protocol", PROTOCOLS)
@FEW
@given(data=clips(), seed=st.integers(0, 5))
def test_folds_partition_the_clips_and_separate_the_subjects(
    protocol: str, data: dict[str, np.ndarray], seed: int
) -> None:
    folds = folds_or_skip(protocol, data, seed)
    everything = np.arange(data["labels"].size)
    for fold in folds:
        assert fold.train.size
        assert fold.held_out.size
        np.testing.assert_array_equal(np.union1d(fold.train, fold.held_out), everything)
        assert not np.intersect1d(data["groups"][fold.train], data["groups"][fold.held_out]).size
        assert set(data["labels"][fold.train]) == set(data["labels"])
        assert (np.diff(fold.train) > 0).all()
        assert (np.diff(fold.held_out) > 0).all()
    held = np.concatenate([fold.held_out for fold in folds])
    if protocol.startswith("holdout"):
        assert len(folds) == 1
    else:
        np.testing.assert_array_equal(np.sort(held), everything)
    assert [fold.index for fold in folds] == list(range(len(folds)))
    assert len({fold.name for fold in folds}) == len(folds)


@FEW
@given(data=clips())
def test_lodo_separates_the_databases(data: dict[str, np.ndarray]) -> None:
    for fold in folds_or_skip("lodo", data):
        assert set(data["datasets"][fold.held_out]) == {fold.name}
        assert fold.name not in data["datasets"][fold.train]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@FEW
@given(data=clips(), order_seed=st.integers(0, 1000), seed=st.integers(0, 5))
def test_the_order_of_the_clips_does_not_matter(
    protocol: str, data: dict[str, np.ndarray], order_seed: int, seed: int
) -> None:
    folds = folds_or_skip(protocol, data, seed)
    order = np.random.default_rng(order_seed).permutation(data["labels"].size)
    shuffled = make_folds(protocol, **{name: values[order] for name, values in data.items()}, seed=seed)
    for fold, other in zip(folds, shuffled, strict=True):
        assert fold.name == other.name
        np.testing.assert_array_equal(fold.held_out, np.sort(order[other.held_out]))


@FEW
@given(data=clips())
def test_loso_fails_exactly_when_one_subject_has_all_of_a_class(data: dict[str, np.ndarray]) -> None:
    bearers = [set(data["groups"][data["labels"] == label]) for label in set(data["labels"].tolist())]
    possible = min(len(owners) for owners in bearers) >= 2
    try:
        make_folds("loso", **data)
    except InputError:
        assert not possible
    else:
        assert possible


@FEW
@given(data=clips(), k=st.integers(2, 5), seed=st.integers(0, 5))
def test_inner_folds_separate_subjects_and_keep_every_class(
    data: dict[str, np.ndarray], k: int, seed: int
) -> None:
    task: Any = SimpleNamespace(classes=("x", "y", "z"))
    n = data["labels"].size
    arrays = {"position": np.arange(n)}
    view = TrainView(arrays=arrays, **data, annotations=("",) * n, task=task, fold="f")  # type: ignore[arg-type]
    try:
        pairs = view.inner_folds(k, seed)
    except InputError:
        assume(False)
        raise
    seen: set[str] = set()
    assert 1 <= len(pairs) <= k
    for train, val in pairs:
        both = np.concatenate([train.arrays["position"], val.arrays["position"]])
        np.testing.assert_array_equal(np.sort(both), np.arange(n))
        subjects = set(val.groups.tolist())
        assert subjects
        assert not subjects & set(train.groups.tolist())
        assert not subjects & seen
        assert set(train.labels.tolist()) == set(view.labels.tolist())
        seen |= subjects
