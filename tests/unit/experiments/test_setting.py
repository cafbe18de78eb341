"""From a configuration to arrays, labels and folds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.clips.table import ClipTable
from mien.errors import InputError, MienError, UsageError
from mien.experiments.setting import EvaluateConfig, resolve
from mien.prepare.importing import import_megc2019_flow
from mien.prepare.prepared import ArrayToWrite, PreparedSet


def _config(data: object, **more: object) -> EvaluateConfig:
    given = {"model": "lda-hoof", "data": str(data), "task": "megc-3", "device": "cpu"} | more
    return EvaluateConfig(**given)  # type: ignore[arg-type]


def test_folds_cover_the_kept_clips_once(small_set: PreparedSet) -> None:
    found = resolve(_config(small_set.path))
    setting, (data,), excluded = found.setting, found.data, found.excluded
    held = np.concatenate([fold.held_out for fold in setting.folds])
    assert sorted(held.tolist()) == list(range(len(setting.keys)))
    assert len(setting.keys) + len(excluded) == len(data)


def test_the_oracle_gets_action_units_and_leaves_uncoded_clips_out(shared_data: Path, tmp_path: Path) -> None:
    data = import_megc2019_flow(shared_data / "megc2019_flow", tmp_path / "set")
    found = resolve(_config(data.path, model="au-oracle"))
    setting, excluded = found.setting, found.excluded
    assert len(setting.keys) == 278 and len(excluded) == 164
    assert all("no AU coding" in reason for _, reason in excluded)
    assert set(setting.arrays) == {"action_units"}


def test_real_set_has_68_folds(shared_data: Path, tmp_path: Path) -> None:
    data = import_megc2019_flow(shared_data / "megc2019_flow", tmp_path / "set")
    found = resolve(_config(data.path, protocol="cde"))
    setting, excluded = found.setting, found.excluded
    assert len(setting.folds) == 68 and len(setting.keys) == 442 and not excluded


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"model": "ststnett"}, "no recogniser 'ststnett'"),
        ({"task": "megc-4"}, "no task 'megc-4'"),
        ({"protocol": "losso"}, "no protocol 'losso'"),
        ({"options": {"blocs": "3"}}, "no option 'blocs'"),
        ({"task": "casme2-5"}, "none of the clips"),
    ],
)
def test_wrong_names_are_told(wrong: dict[str, object], message: str, small_set: PreparedSet) -> None:
    with pytest.raises(MienError, match=message):
        resolve(_config(small_set.path, **wrong))


def test_a_set_without_the_array_is_refused(small_set: PreparedSet, tmp_path: Path) -> None:
    other = ArrayToWrite(np.zeros((len(small_set), 1, 4), np.float32), ("x",), "none", "made for this test")
    recipe: dict[str, object] = {}
    PreparedSet.write(
        tmp_path / "set", name="x", table=small_set.table, arrays={"landmarks": other}, recipe=recipe
    )
    with pytest.raises(InputError, match="it has landmarks; needed: onset_apex_flow"):
        resolve(_config(tmp_path / "set"))


def test_a_set_without_a_clip_for_the_task_says_why_each_was_left_out(
    small_set: PreparedSet, tmp_path: Path
) -> None:
    frame = small_set.table.frame
    frame["au"] = None
    array = ArrayToWrite(np.array(small_set.arrays["onset_apex_flow"]), ("u", "v", "strain"), "px", "test")
    recipe: dict[str, object] = {}
    PreparedSet.write(
        tmp_path / "set",
        name="x",
        table=type(small_set.table)(frame),
        arrays={"onset_apex_flow": array},
        recipe=recipe,
    )
    with pytest.raises(InputError, match=f"{len(frame)} left out: no AU coding"):
        resolve(_config(tmp_path / "set", model="au-oracle"))


def test_a_set_of_another_size_is_refused_by_networks(tmp_path: Path) -> None:
    from mien.prepare.synthetic import synthetic_flow

    data = synthetic_flow(tmp_path / "set", subjects=6, clips_per_subject=8, size=32, seed=1)
    with pytest.raises(InputError, match="3 x 32 x 32 per clip; needed: 3 x 28 x 28"):
        resolve(_config(data.path, model="ststnet"))
    assert resolve(_config(data.path, model="lda-hoof")).setting.arrays["onset_apex_flow"].shape[2:] == (
        32,
        32,
    )


def test_a_class_of_one_subject_only_is_refused(small_set: PreparedSet, tmp_path: Path) -> None:
    frame = small_set.table.frame
    frame["emotion"] = ["surprise" if s == frame["subject"][0] else "happiness" for s in frame["subject"]]
    table = type(small_set.table)(frame)
    array = ArrayToWrite(np.array(small_set.arrays["onset_apex_flow"]), ("u", "v", "strain"), "px", "test")
    recipe: dict[str, object] = {}
    PreparedSet.write(
        tmp_path / "set", name="x", table=table, arrays={"onset_apex_flow": array}, recipe=recipe
    )
    with pytest.raises(InputError) as caught:
        resolve(_config(tmp_path / "set"))
    assert "surprise" in str(caught.value)


def test_a_missing_gpu_is_told(small_set: PreparedSet) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(InputError, match="no CUDA device"):
        resolve(_config(small_set.path, device="cuda"))
    with pytest.raises(UsageError):
        resolve(_config(small_set.path, model="none"))


def test_a_transfer_trains_on_one_set_and_holds_out_all_of_another(
    small_set: PreparedSet, tmp_path: Path
) -> None:
    other = _of_others(small_set, tmp_path / "other")
    found = resolve(_config(small_set.path, protocol="transfer", train_on=str(other.path)))
    (fold,) = found.setting.folds
    assert all(group.startswith("synthetic/other-") for group in found.setting.groups[fold.train])
    assert found.setting.keys[fold.held_out].tolist() == small_set.table.keys.tolist()
    np.testing.assert_array_equal(
        found.setting.arrays["onset_apex_flow"][fold.held_out], small_set.arrays["onset_apex_flow"]
    )
    assert [source.name for source in found.trained_on] == ["other"]


def test_a_transfer_between_sets_of_the_same_people_is_refused(small_set: PreparedSet) -> None:
    with pytest.raises(InputError, match="same people"):
        resolve(_config(small_set.path, protocol="transfer", train_on=str(small_set.path)))


def test_a_twin_has_the_names_of_a_databases_subjects_but_other_people(
    small_set: PreparedSet, tmp_path: Path
) -> None:
    flow = ArrayToWrite(np.array(small_set.arrays["onset_apex_flow"]), ("u", "v", "strain"), "px", "test")
    real = PreparedSet.write(
        tmp_path / "real", name="real", table=small_set.table, arrays={"onset_apex_flow": flow}, recipe={}
    )
    found = resolve(_config(real.path, protocol="transfer", train_on=str(small_set.path)))
    assert found.trained_on[0].made_up and not found.data[0].made_up


def test_a_set_to_train_on_goes_with_the_transfer_alone(small_set: PreparedSet) -> None:
    with pytest.raises(UsageError, match="goes with protocol 'transfer'"):
        resolve(_config(small_set.path, train_on=str(small_set.path)))
    with pytest.raises(UsageError, match="needs a second set"):
        resolve(_config(small_set.path, protocol="transfer"))


def _of_others(data: PreparedSet, path: Path) -> PreparedSet:
    """The same clips, said to be of other people."""
    frame = data.table.frame
    table = ClipTable(frame.assign(subject="other-" + frame["subject"], key="other-" + frame["key"]))
    flow = ArrayToWrite(
        np.array(data.arrays["onset_apex_flow"]), ("u", "v", "strain"), "px", "made for this test"
    )
    return PreparedSet.write(path, name="other", table=table, arrays={"onset_apex_flow": flow}, recipe={})
