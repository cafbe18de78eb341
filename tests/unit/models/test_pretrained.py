"""Files of pre-trained encoders: read back whole, and refused where a held-out person was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from mien.errors import InputError, UsageError
from mien.models.ma2mi import Ma2miSmall, SmallPlan
from mien.models.pretrained import (
    CopyTest,
    Framing,
    PretrainingCard,
    SeenSet,
    admit,
    load_into,
    read_card,
    write,
)
from mien.prepare.prepared import PreparedSet

FACE = {"size_px": 128, "shown_per_interocular": 1.6}


def _card(
    subjects: tuple[str, ...], *, made_up: bool = False, face: dict[str, Any] | None = None
) -> PretrainingCard:
    seen = SeenSet(
        name="macros", data_hash="0", made_up=made_up, kind="macro", n_clips=1, n_pairs=1, subjects=subjects
    )
    return PretrainingCard(
        network="ma2mi-small",
        network_options={"width": 8},
        settings={},
        seed=0,
        framing=Framing(face=face, size_px=32),
        sets=(seen,),
        left_out=(),
        copy_test=CopyTest(error=1, copying=2, gain=0.5, without_action=0, spread=1, n_pairs=1),
        asked="x",
        versions={},
        command="mien pretrain",
    )


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def make(*subjects: str, **card: Any) -> Path:
        path = tmp_path / "macro.safetensors"
        write(path, _card(subjects, **card), Ma2miSmall(SmallPlan(width=8)).encoders().named)
        return path

    return make


def test_every_tensor_is_read_back(file: Callable[..., Path]) -> None:
    path = file("ckplus/S001")
    encoders = Ma2miSmall(SmallPlan(width=8)).encoders()
    load_into(path, encoders.named)
    stored = load_file(path)
    for part, module in encoders.named.items():
        for name, value in module.state_dict().items():
            assert torch.equal(stored.pop(f"{part}.{name}"), value)
    assert not stored


def test_other_encoders_are_refused_not_loaded_in_part(file: Callable[..., Path], tmp_path: Path) -> None:
    path = file()
    with pytest.raises(InputError, match="not those of this network"):
        load_into(path, Ma2miSmall(SmallPlan(width=16)).encoders().named)
    with pytest.raises(InputError, match="no use for"):
        load_into(path, {"action": Ma2miSmall(SmallPlan(width=8)).encoders().action})
    with pytest.raises(InputError, match=r"no tensor other\."):
        load_into(path, {"other": torch.nn.Linear(1, 1)})


def test_files_that_do_not_say_whom_they_saw_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({"action.x": torch.zeros(1)}, path)
    with pytest.raises(InputError, match="nothing says on whom"):
        read_card(path)
    with pytest.raises(UsageError, match="no such"):
        read_card(tmp_path / "absent.safetensors")
    save_file({"x": torch.zeros(1)}, path, {"mien-pretrained": "{}"})
    with pytest.raises(InputError, match="card of the weights"):
        read_card(path)


def _source(small_set: PreparedSet, face: dict[str, Any] | None, *, made_up: bool = False) -> PreparedSet:
    recipe = {"step": "tests", "made_up": made_up} | ({} if face is None else {"face": face})
    return replace(small_set, recipe=recipe)


def _side(small_set: PreparedSet) -> int:
    return int(small_set.arrays["onset_apex_flow"].shape[-1])


def test_a_held_out_person_who_was_seen_is_refused(small_set: PreparedSet, tmp_path: Path) -> None:
    everybody = set(small_set.table.groups.tolist())
    somebody = min(everybody)
    encoders = Ma2miSmall(SmallPlan(width=8)).encoders().named
    path = tmp_path / "w.safetensors"
    card = _card((somebody, "ckplus/S001"))
    framing = Framing(face=None, size_px=_side(small_set))
    write(path, card.model_copy(update={"framing": framing}), encoders)
    source = [_source(small_set, None)]
    with pytest.raises(InputError, match=f"1 of {len(everybody)} held-out subjects.*{somebody}"):
        admit(path, "onset_apex_flow", source, everybody)
    admit(path, "onset_apex_flow", source, everybody - {somebody})
    # The person of that name in a twin is another one.
    admit(path, "onset_apex_flow", [_source(small_set, None, made_up=True)], everybody)


def test_faces_cut_out_in_another_way_are_refused(small_set: PreparedSet, tmp_path: Path) -> None:
    path, encoders = tmp_path / "w.safetensors", Ma2miSmall(SmallPlan(width=8)).encoders().named
    framing = Framing(face=FACE, size_px=_side(small_set))
    write(path, _card(("ckplus/S001",)).model_copy(update={"framing": framing}), encoders)
    admit(path, "onset_apex_flow", [_source(small_set, FACE)], [])
    for other in (None, {**FACE, "shown_per_interocular": 2.2}):
        with pytest.raises(InputError, match="another way"):
            admit(path, "onset_apex_flow", [_source(small_set, other)], [])
    write(
        path, _card(("ckplus/S001",)).model_copy(update={"framing": Framing(face=FACE, size_px=5)}), encoders
    )
    with pytest.raises(InputError, match="5 px"):
        admit(path, "onset_apex_flow", [_source(small_set, FACE)], [])


@pytest.mark.parametrize(("judged", "seen"), [("samm", "samm_lv"), ("samm_lv", "samm")])
def test_a_person_seen_under_the_name_of_another_database_is_refused(
    judged: str, seen: str, small_set: PreparedSet, tmp_path: Path
) -> None:
    frame = small_set.table.frame.copy()
    frame["dataset"] = judged
    source = _source(replace(small_set, table=type(small_set.table)(frame)), None)
    somebody = str(source.table.subjects[0])
    path = tmp_path / "w.safetensors"
    card = _card((f"{seen}/{somebody}",))
    framing = Framing(face=None, size_px=_side(small_set))
    write(path, card.model_copy(update={"framing": framing}), Ma2miSmall(SmallPlan(width=8)).encoders().named)
    with pytest.raises(InputError, match=f"such as samm/{somebody}"):
        admit(path, "onset_apex_flow", [source], source.table.groups.tolist())


def test_the_card_knows_whether_others_were_judged() -> None:
    def card(aside: float, *subjects: str) -> PretrainingCard:
        return _card(subjects).model_copy(update={"settings": {"aside": aside}})

    assert card(0.1, "samm/006", "samm/007").told_of_others
    assert not card(0.0, "samm/006", "samm/007").told_of_others
    assert not card(0.1, "samm/006", "samm_lv/006").told_of_others
