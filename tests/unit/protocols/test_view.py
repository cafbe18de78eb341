"""The leak guard: views own their memory, and the gate opens once, after training on its own fold."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mien.errors import InputError, LeakError
from mien.protocols.folds import Fold, make_folds
from mien.protocols.view import Fitted, HeldOut, TrainView, fit

TASK: Any = SimpleNamespace(name="megc-3", classes=("negative", "positive", "surprise"))
GROUPS = np.repeat([f"db/s{i}" for i in range(5)], 4)


@dataclass
class Fake:
    """A recogniser that remembers what it was given."""

    seen: TrainView | None = None

    def fit(self, view: TrainView) -> Fake:
        self.seen = view
        return self


def a_set() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "arrays": {
            "flow": rng.normal(size=(20, 3, 4, 4)).astype(np.float32),
            "rgb": rng.integers(0, 255, (20, 2)).astype(np.uint8),
        },
        "labels": np.tile([0, 1, 2, 0], 5),
        "groups": GROUPS.copy(),
        "datasets": np.full(20, "db"),
        "annotations": [f"au {i}" for i in range(20)],
    }


def a_fold(index: int = 2) -> Fold:
    data = a_set()
    return make_folds("loso", groups=GROUPS, datasets=data["datasets"], labels=data["labels"])[index]


def a_view(**changes: Any) -> TrainView:
    return TrainView.of(**(a_set() | changes), task=TASK, fold=a_fold())


def columns(view: TrainView) -> dict[str, np.ndarray]:
    return {**view.arrays, "labels": view.labels, "groups": view.groups, "datasets": view.datasets}


def test_a_view_holds_the_training_clips() -> None:
    data, fold, view = a_set(), a_fold(), a_view()
    assert len(view) == 16
    assert (view.fold, view.task) == ("db/s2", TASK)
    np.testing.assert_array_equal(view.arrays["flow"], data["arrays"]["flow"][fold.train])
    assert view.arrays["rgb"].dtype == np.uint8
    assert "db/s2" not in view.groups
    assert view.annotations[8] == "au 12"


def test_a_view_shares_no_memory_and_leads_back_to_nothing() -> None:
    data = a_set()
    view = TrainView.of(**data, task=TASK, fold=a_fold())
    originals = [*data["arrays"].values(), data["labels"], data["groups"], data["datasets"]]
    for array in columns(view).values():
        assert type(array) is np.ndarray
        assert array.base is None
        assert not any(np.shares_memory(array, original) for original in originals)


def test_poisoned_held_out_clips_do_not_reach_a_view() -> None:
    data, fold = a_set(), a_fold()
    before = {name: array.copy() for name, array in columns(a_view()).items()}
    view = TrainView.of(**data, task=TASK, fold=fold)
    data["arrays"]["flow"][fold.held_out] = np.nan
    data["labels"][fold.held_out] = 99
    data["annotations"][fold.held_out[0]] = "poison"
    later = TrainView.of(**data, task=TASK, fold=fold)
    for name, array in before.items():
        np.testing.assert_array_equal(columns(view)[name], array)
        np.testing.assert_array_equal(columns(later)[name], array)
    assert later.annotations == view.annotations


def test_a_view_from_memory_mapped_files_is_plain_memory(tmp_path: Path) -> None:
    np.save(tmp_path / "flow.npy", a_set()["arrays"]["flow"])
    mapped = np.load(tmp_path / "flow.npy", mmap_mode="r")
    view, gate = a_view(arrays={"flow": mapped}), HeldOut.of({"flow": mapped}, a_fold())
    for array in (view.arrays["flow"], gate.open(Fitted(None, "db/s2"))["flow"]):
        assert type(array) is np.ndarray
        assert array.base is None


def test_a_view_cannot_be_changed() -> None:
    view = a_view()
    for array in columns(view).values():
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]
    with pytest.raises(TypeError):
        view.arrays["more"] = np.zeros(16)  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        view.labels = np.zeros(16)  # type: ignore[misc, assignment]


def test_a_view_made_directly_leaves_the_arrays_of_the_caller_alone() -> None:
    data = a_set()
    view = TrainView(**data, task=TASK, fold="f")
    assert data["labels"].flags.writeable
    assert data["arrays"]["flow"].flags.writeable
    assert not np.shares_memory(view.arrays["flow"], data["arrays"]["flow"])


def test_a_view_travels_to_another_process() -> None:
    class_task = ("negative", "positive", "surprise")
    view = a_view()
    for other in (pickle.loads(pickle.dumps(view)), copy.deepcopy(view)):
        assert other.fold == view.fold
        assert other.task.classes == class_task
        for name, array in columns(view).items():
            np.testing.assert_array_equal(columns(other)[name], array)
            assert not columns(other)[name].flags.writeable


def test_an_inconsistent_view_is_refused_with_every_problem() -> None:
    with pytest.raises(InputError) as caught:
        a_view(groups=GROUPS[:-1], arrays={"flow": np.zeros((19, 2)), "scalar": np.array(1.0)})
    for words in ("flow: 19 rows for 20", "groups: 19 rows for 20", "scalar: 0 rows"):
        assert words in str(caught.value)
    with pytest.raises(InputError, match="labels reach from 0 to 3, but there are 3 classes"):
        a_view(labels=np.tile([0, 1, 2, 3], 5))
    with pytest.raises(InputError, match="labels reach from -1"):
        a_view(labels=np.tile([0, 1, 2, -1], 5))


def test_inner_folds_split_the_training_subjects() -> None:
    view = a_view()
    pairs = view.inner_folds(4, seed=0)
    assert len(pairs) == 4
    assert sorted(s for _, val in pairs for s in set(val.groups)) == sorted(set(view.groups))
    for train, val in pairs:
        assert not set(train.groups) & set(val.groups)
        assert len(train) + len(val) == len(view)
        assert val.annotations[0] not in train.annotations
        assert not np.shares_memory(train.arrays["flow"], view.arrays["flow"])
    assert len(view.inner_folds(99, seed=0)) == 4
    assert pairs[0][0].fold == "db/s2 > inner 1, training"


def test_inner_folds_depend_on_the_seed_only() -> None:
    def validated(seed: int) -> list[list[str]]:
        return [sorted(set(val.groups.tolist())) for _, val in a_view().inner_folds(2, seed)]

    assert validated(1) == validated(1)
    assert len({str(validated(seed)) for seed in range(10)}) > 1


def test_inner_folds_keep_the_only_bearer_of_a_class_in_training() -> None:
    labels = np.where(GROUPS == "db/s0", 2, np.tile([0, 1], 10))
    view = a_view(labels=labels)
    pairs = view.inner_folds(4, seed=3)
    assert len(pairs) == 3
    for train, val in pairs:
        assert set(train.labels.tolist()) == {0, 1, 2}
        assert "db/s0" not in val.groups


def test_inner_folds_that_cannot_be_are_refused() -> None:
    fold = make_folds("loso", groups=["a", "b"], datasets=["d", "d"], labels=[0, 0])[0]
    view = TrainView.of({}, [0, 0], ["a", "b"], ["d", "d"], ("", ""), TASK, fold)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="cannot be split by subject"):
        view.inner_folds(2, seed=0)


def test_the_gate_opens_once_after_training_and_says_when() -> None:
    data, fold = a_set(), a_fold()
    gate = HeldOut.of(data["arrays"], fold)
    assert (len(gate), gate.opened_at) == (4, None)
    assert "closed" in repr(gate)
    fitted = fit(Fake(), a_view())
    inputs = gate.open(fitted)
    assert fitted.recogniser.seen is not None
    assert gate.opened_at is not None
    assert gate.opened_at >= fitted.fitted_at
    assert set(inputs) == {"flow", "rgb"}
    np.testing.assert_array_equal(inputs["flow"], data["arrays"]["flow"][fold.held_out])
    assert not inputs["flow"].flags.writeable
    assert not np.shares_memory(inputs["flow"], data["arrays"]["flow"])
    with pytest.raises(LeakError, match="second time"):
        gate.open(fitted)


def test_the_gate_stays_closed_before_training() -> None:
    gate = HeldOut.of(a_set()["arrays"], a_fold())
    with pytest.raises(LeakError, match="before training had returned"):
        gate.open(Fake())  # type: ignore[arg-type]
    assert gate.opened_at is None


def test_the_gate_stays_closed_for_another_fold_and_for_inner_training() -> None:
    gate = HeldOut.of(a_set()["arrays"], a_fold())
    other = TrainView.of(**a_set(), task=TASK, fold=a_fold(3))
    inner = a_view().inner_folds(2, seed=0)[0][0]
    for view in (other, inner):
        with pytest.raises(LeakError, match="another fold"):
            gate.open(fit(Fake(), view))
    assert len(gate.open(fit(Fake(), a_view()))) == 2


def test_a_training_that_fails_gives_no_proof() -> None:
    class Breaks:
        def fit(self, view: TrainView) -> None:
            raise RuntimeError("diverged")

    with pytest.raises(RuntimeError, match="diverged"):
        fit(Breaks(), a_view())
