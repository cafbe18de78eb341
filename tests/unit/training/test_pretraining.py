"""Pre-training: it beats copying by using the motion, repeats itself, and tells whom it saw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from mien.errors import UsageError
from mien.models.future_frames import FutureFrames, FuturePlan, latent_error
from mien.models.key_frames import normalised
from mien.models.ma2mi import Ma2miSmall, SmallPlan
from mien.models.pretrained import read_card
from mien.prepare.prepared import ArrayToWrite, PreparedSet
from mien.training import pretraining
from mien.training.frame_pairs import frame_pairs
from mien.training.pretraining import UNLABELLED, copy_test, pretrain
from moving_faces import moving_faces

QUICK = {"most_motion_px": 30.0, "gap_s": 0.1, "batch_size": 4, "pairs": 4, "warmup_epochs": 0}
SMALL = {"width": "4"}


def _plan(**settings: object) -> FuturePlan:
    return FuturePlan.parse({**QUICK, **settings}, model="x")


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> PreparedSet:
    return moving_faces(tmp_path_factory.mktemp("faces") / "set")


def test_it_foresees_the_future_of_people_it_has_not_seen_by_their_motion(tmp_path: Path) -> None:
    many = moving_faces(tmp_path / "set", people=6, clips_each=8)
    plan = _plan(epochs=20, batch_size=8, learning_rate=2e-3, rotation_deg=0, shift=0, flip=0, momentum=1)
    found = pretrain("ma2mi-small", {"width": "8"}, plan, [many], tmp_path / "w.safetensors").copy_test
    assert found.gain > 0.05
    assert found.gain > found.without_action + 0.03
    assert found.spread > 0.5


@pytest.mark.parametrize("seed", [0, 1])
def test_copying_is_beaten_within_three_epochs(tmp_path: Path, seed: int) -> None:
    many = moving_faces(tmp_path / "set", people=6, clips_each=8)
    plan = _plan(epochs=3, batch_size=2, pairs=16, learning_rate=1e-2, rotation_deg=0, shift=0, flip=0)
    found = pretrain("ma2mi-small", {"width": "8"}, plan, [many], tmp_path / "w.safetensors", seed=seed)
    assert found.copy_test.gain > 0.05
    assert found.copy_test.gain > found.copy_test.without_action


def _spoilt(faces: PreparedSet, subject: str, folder: Path) -> PreparedSet:
    """The set with the clips of one person played backwards."""
    rgb = np.array(faces.arrays["rgb"])
    theirs = np.asarray(faces.table.groups) == subject
    rgb[theirs] = rgb[theirs, :, ::-1]
    spec = faces.specs["rgb"]
    array = ArrayToWrite(rgb, spec.channels, spec.unit, spec.source)
    return PreparedSet.write(
        folder, name="spoilt", table=faces.table, arrays={"rgb": array}, recipe=dict(faces.recipe)
    )


def test_people_left_aside_are_judged_and_not_trained_on(faces: PreparedSet, tmp_path: Path) -> None:
    groups = np.asarray(faces.table.groups)
    aside = pretraining._aside(groups, 0.1, 0)
    (judged,) = set(groups[aside].tolist())
    other = groups[~aside][0]
    plan = _plan(epochs=1)
    clean, same, changed = (tmp_path / f"{name}.safetensors" for name in ("clean", "same", "changed"))
    first = pretrain("ma2mi-small", SMALL, plan, [faces], clean)
    second = pretrain("ma2mi-small", SMALL, plan, [_spoilt(faces, judged, tmp_path / "a")], same)
    pretrain("ma2mi-small", SMALL, plan, [_spoilt(faces, other, tmp_path / "b")], changed)
    tensors, theirs, others = (load_file(file) for file in (clean, same, changed))
    assert all(torch.equal(tensors[name], theirs[name]) for name in tensors)
    assert not all(torch.equal(tensors[name], others[name]) for name in tensors)
    assert first.copy_test != second.copy_test


def test_one_person_under_two_names_is_left_aside_whole() -> None:
    groups = np.array([f"{name}/{number:03d}" for name in ("samm", "samm_lv") for number in range(6)])
    aside = pretraining._aside(groups, 0.3, 0)
    assert aside.sum() == 4
    assert (aside[:6] == aside[6:]).all()
    assert not pretraining._aside(groups[[0, 6]], 0.3, 0).any()


def test_the_copy_test_is_what_it_says(faces: PreparedSet) -> None:
    pretext = FutureFrames(_plan(pairs=1), Ma2miSmall(SmallPlan(width=4)))
    torch.manual_seed(0)
    module = pretext.build(UNLABELLED)
    torch.nn.init.normal_(module.change.weight, std=0.1)
    clips = frame_pairs([faces], pretext.plan).take(np.arange(16) < 3)
    found = copy_test(pretext, module, clips, torch.device("cpu"))
    error, copying = [], []
    with torch.no_grad():
        for frames, pairs, n in zip(clips["rgb"], clips["pairs"], clips["n_pairs"], strict=True):
            i, j = pairs[int(0.5 * n)]
            both = normalised(torch.from_numpy(frames[None][:, :, [i, j]]).float() / 255)
            present, target = (module.target(both[:, :, k]) for k in (0, 1))
            seen = module(
                {
                    "rgb": torch.from_numpy(frames[None]),
                    "pairs": torch.tensor([[[i, j]]]),
                    "n_pairs": torch.tensor([1]),
                }
            )
            copying.append(latent_error(present, target).item())
            error.append(latent_error(seen.predicted, target).item())
    assert found.copying == pytest.approx(np.mean(copying), rel=1e-4)
    assert found.error == pytest.approx(np.mean(error), rel=1e-4)
    assert found.gain == pytest.approx(1 - np.mean(error) / np.mean(copying), rel=1e-3)
    assert found.n_pairs == 3


def test_the_same_call_gives_the_same_bytes_and_another_seed_others(
    faces: PreparedSet, tmp_path: Path
) -> None:
    files = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        files.append(tmp_path / f"{name}.safetensors")
        pretrain("ma2mi-small", SMALL, _plan(epochs=1), [faces], files[-1], seed=seed)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].read_bytes() != files[2].read_bytes()


class _Stopped(Exception):
    pass


def test_interrupted_it_goes_on_with_the_same_bytes(faces: PreparedSet, tmp_path: Path) -> None:
    def stop(done: int, total: int, text: str) -> None:
        if "copying" in text and done == 2:
            raise _Stopped

    plan = _plan(epochs=3)
    pretrain("ma2mi-small", SMALL, plan, [faces], tmp_path / "whole.safetensors")
    cut = tmp_path / "cut.safetensors"
    with pytest.raises(_Stopped):
        pretrain("ma2mi-small", SMALL, plan, [faces], cut, progress=stop)
    assert not cut.exists()
    with pytest.raises(UsageError, match="another training"):
        pretrain("ma2mi-small", SMALL, _plan(epochs=4), [faces], cut)
    told: list[int] = []
    pretrain(
        "ma2mi-small",
        SMALL,
        plan,
        [faces],
        cut,
        progress=lambda n, _, text: told.append(n) if "copying" in text else None,
    )
    assert told == [3]
    assert cut.read_bytes() == (tmp_path / "whole.safetensors").read_bytes()
    assert {path.suffix for path in tmp_path.iterdir()} == {".safetensors"}


def test_the_file_holds_the_encoders_alone_and_says_whom_they_saw(faces: PreparedSet, tmp_path: Path) -> None:
    out = tmp_path / "w.safetensors"
    made = pretrain(
        "ma2mi-small",
        SMALL,
        _plan(epochs=1),
        [faces],
        out,
        without=["ckplus/S004"],
        command="mien pretrain x",
    )
    names = {name.split(".")[0] for name in load_file(out)}
    assert names == {"action", "position"}
    card = read_card(out)
    assert card == made and card.command == "mien pretrain x"
    assert card.sets[0].subjects == ("ckplus/S001", "ckplus/S002", "ckplus/S003")
    assert card.sets[0].data_hash == faces.data_hash and card.framing.size_px == 32
    assert card.network_options == {"width": 4}


def test_a_finished_file_is_kept_and_another_one_is_never_replaced(
    faces: PreparedSet, tmp_path: Path
) -> None:
    out = tmp_path / "w.safetensors"
    made = pretrain("ma2mi-small", SMALL, _plan(epochs=1), [faces], out)
    at = out.stat().st_mtime_ns
    assert pretrain("ma2mi-small", SMALL, _plan(epochs=1), [faces], out) == made
    assert out.stat().st_mtime_ns == at
    with pytest.raises(UsageError, match="other pre-trained weights"):
        pretrain("ma2mi-small", SMALL, _plan(epochs=2), [faces], out)


def test_mmnet_can_be_pre_trained_the_same_way(faces: PreparedSet, tmp_path: Path) -> None:
    options = {"side_px": "32", "depth": "1"}
    plan = _plan(epochs=1, pairs=1)
    card = pretrain("mmnet", options, plan, [faces], tmp_path / "w.safetensors", without=["ckplus/S001"])
    assert card.network_options == {"side_px": 32, "depth": 1, "mlp_ratio": 4}


def test_other_networks_are_not_pre_trained(faces: PreparedSet, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not pre-trained on clips"):
        pretrain("ststnet", {}, _plan(), [faces], tmp_path / "w.safetensors")
