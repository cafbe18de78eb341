"""Folds of every protocol, and what cannot be split."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import InputError, UsageError
from mien.protocols.folds import PROTOCOLS, Fold, make_folds, parse
from mien.protocols.stratify import held_out_subjects, subject_parts

GROUPS = np.repeat(["b/2", "a/1", "a/2", "b/1", "a/3", "b/3"], 4)
DATASETS = np.array([g[0] for g in GROUPS])
LABELS = np.tile([0, 1, 2, 0], 6)
CLIPS = {"groups": GROUPS, "datasets": DATASETS, "labels": LABELS}


def subjects(fold: Fold, side: str = "held_out") -> list[str]:
    return sorted(set(GROUPS[getattr(fold, side)].tolist()))


def test_loso_holds_every_subject_out_once_in_sorted_order() -> None:
    folds = make_folds("loso", **CLIPS)
    assert [f.name for f in folds] == ["a/1", "a/2", "a/3", "b/1", "b/2", "b/3"]
    assert [f.index for f in folds] == list(range(6))
    assert folds[4].held_out.tolist() == [0, 1, 2, 3]
    assert folds[4].train.tolist() == list(range(4, 24))
    assert folds[0].train.dtype == np.int64


def test_cde_has_the_folds_of_loso_and_needs_two_databases() -> None:
    loso, cde = make_folds("loso", **CLIPS), make_folds("cde", **CLIPS)
    assert [(f.name, f.held_out.tolist()) for f in loso] == [(f.name, f.held_out.tolist()) for f in cde]
    for name in ("cde", "lodo"):
        with pytest.raises(InputError, match="needs at least two databases"):
            make_folds(name, groups=GROUPS, datasets=np.full(24, "a"), labels=LABELS)


def test_lodo_holds_out_databases() -> None:
    folds = make_folds("lodo", **CLIPS)
    assert [f.name for f in folds] == ["a", "b"]
    assert subjects(folds[0]) == ["a/1", "a/2", "a/3"] == subjects(folds[1], "train")


def test_kfold_divides_the_subjects_evenly_and_by_seed() -> None:
    folds = make_folds("kfold:3", **CLIPS)
    assert [f.name for f in folds] == ["part 1 of 3", "part 2 of 3", "part 3 of 3"]
    assert [len(subjects(f)) for f in folds] == [2, 2, 2]
    again = make_folds("kfold:3", **CLIPS)
    assert all((f.held_out == g.held_out).all() for f, g in zip(folds, again, strict=True))
    splits = {str([subjects(f) for f in make_folds("kfold:3", **CLIPS, seed=s)]) for s in range(10)}
    assert len(splits) > 1
    assert len(make_folds("kfold", **CLIPS)) == 5


def test_kfold_keeps_a_rare_class_on_both_sides_of_the_parts() -> None:
    groups = np.repeat([f"s{i}" for i in range(10)], 3)
    labels = np.zeros(30, dtype=int)
    labels[[0, 4]] = 1  # two of ten subjects show class 1
    for seed in range(20):
        folds = make_folds("kfold:2", groups=groups, datasets=np.full(30, "d"), labels=labels, seed=seed)
        assert all((labels[f.train] == 1).sum() == 1 for f in folds)


def test_holdout_is_one_fold_of_a_share_of_the_subjects() -> None:
    (fold,) = make_folds("holdout:0.34", **CLIPS)
    assert fold.name == "hold-out"
    assert len(subjects(fold)) == 2
    (small,) = make_folds("holdout", **CLIPS)
    assert len(subjects(small)) == 1
    assert len({str(subjects(make_folds("holdout", **CLIPS, seed=s)[0])) for s in range(20)}) > 2


def test_holdout_never_takes_the_only_bearer_of_a_class() -> None:
    groups = np.repeat([f"s{i}" for i in range(8)], 2)
    labels = np.array([2, 1] + [0, 1] * 7)
    assert all("s0" not in held_out_subjects(groups, labels, 0.5, seed) for seed in range(30))


def test_the_words_say_what_is_done() -> None:
    assert parse("kfold").words == "subject k-fold: subjects in 5 parts, each part held out once"
    assert "0.25 of the subjects" in parse("holdout:0.25").words
    assert all(parse(name).words for name in PROTOCOLS)


@pytest.mark.parametrize(
    ("protocol", "words"),
    [
        ("losso", "did you mean 'loso'"),
        ("k-fold", "did you mean 'kfold'"),
        ("xyz", "known: loso, cde, lodo, kfold, holdout"),
        ("loso:3", "takes no option"),
        ("kfold:1", "whole number from 2"),
        ("kfold:2.5", "whole number from 2"),
        ("kfold:inf", "whole number from 2"),
        ("kfold:", "whole number from 2"),
        ("holdout:1", "between 0 and 1"),
        ("holdout:nan", "between 0 and 1"),
        ("holdout:a", "holdout:a"),
    ],
)
def test_wrong_calls_are_refused(protocol: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        make_folds(protocol, **CLIPS)
    assert caught.value.exit_code == 2


def test_a_class_of_one_subject_is_refused_with_names() -> None:
    labels = np.where((GROUPS == "a/3") & (LABELS == 2), 2, np.minimum(LABELS, 1))
    for protocol, fold in (("loso", "a/3"), ("lodo", "a"), ("kfold:3", "part")):
        with pytest.raises(InputError, match=f"fold '{fold}") as caught:
            make_folds(
                protocol, groups=GROUPS, datasets=DATASETS, labels=labels, classes=("neg", "pos", "surprise")
            )
        assert "class 'surprise'" in str(caught.value)
        assert "subject 'a/3'" in str(caught.value)
        assert caught.value.exit_code == 3


def test_every_such_fold_is_listed_and_numbers_stand_in_for_names() -> None:
    with pytest.raises(InputError) as caught:
        make_folds("loso", groups=["a", "a", "b", "c"], datasets=["d"] * 4, labels=[0, 1, 2, 0])
    assert "class 1 belong to the held-out subject 'a'" in str(caught.value)
    assert "class 2 belong to the held-out subject 'b'" in str(caught.value)
    with pytest.raises(InputError, match="subjects a/1, a/2"):
        make_folds("lodo", groups=["a/1", "a/2", "b/1"], datasets=["a", "a", "b"], labels=[0, 0, 1])


def test_too_few_subjects_are_refused() -> None:
    with pytest.raises(InputError, match="at least two subjects"):
        make_folds("loso", groups=["a", "a"], datasets=["d", "d"], labels=[0, 1])
    with pytest.raises(InputError, match="no clip"):
        make_folds("loso", groups=[], datasets=[], labels=np.array([], int))
    with pytest.raises(InputError, match="6 subjects for kfold:7"):
        make_folds("kfold:7", **CLIPS)


def test_inconsistent_clips_are_refused() -> None:
    with pytest.raises(InputError, match="'1' is in several databases: a, b") as caught:
        make_folds("loso", groups=["1", "1", "2"], datasets=["a", "b", "a"], labels=[0, 1, -1])
    assert "no class number" in str(caught.value)
    with pytest.raises(InputError, match="every clip"):
        make_folds("loso", groups=["1", "2"], datasets=["a"], labels=[0, 1])


def test_parts_are_never_empty() -> None:
    groups = np.array([f"s{i}" for i in range(7)])
    for k in range(1, 8):
        parts = subject_parts(groups, np.zeros(7, int), k, 0)
        assert [len(p) > 0 for p in parts] == [True] * k
