"""Two branches: neither sees what the other is for; encoders come from a file, and they alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load, load_file

from mien.clips import tasks
from mien.experiments.jobs import Job, run_job
from mien.experiments.setting import Setting
from mien.models import pretrained, registry
from mien.models.ma2mi import Ma2miSmall, SmallPlan
from mien.models.two_branch import TwoBranchModule

TASK = tasks.get("megc-3")


def _module(**options: object) -> TwoBranchModule:
    return Ma2miSmall(SmallPlan.parse({"width": 8, **options}, model="ma2mi-small")).build(TASK).eval()


def _clips() -> torch.Tensor:
    return torch.randint(0, 255, (2, 3, 5, 32, 32), dtype=torch.uint8)


def test_without_motion_the_action_branch_says_the_same_of_everybody() -> None:
    module, seen = _module(), []
    # Norms as training leaves them: fresh ones shift nothing, and the answer would be nothing whatever is wrong.
    for part in module.action.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(part.bias)
    module.action.register_forward_hook(lambda _, given, out: seen.append((given[0], out)))
    still = _clips()[:, :, :1].expand(-1, -1, 5, -1, -1)
    module(still)
    given, out = seen[0]
    assert (given == 0).all() and (out != 0).any()
    torch.testing.assert_close(out[0], out[1])


def test_the_position_branch_sees_the_onset_alone_and_the_action_branch_the_difference_alone() -> None:
    module, seen = _module(), {}
    module.action.register_forward_hook(lambda _, given, out: seen.update(action=given[0]))
    module.position.register_forward_hook(lambda _, given, out: seen.update(position=given[0]))
    clips = _clips() // 4
    module(clips)
    first = dict(seen)
    other = clips.clone()
    other[:, :, 1:] = 3
    module(other)
    assert torch.equal(seen["position"], first["position"])
    brighter = clips + 100
    module(brighter)
    torch.testing.assert_close(seen["action"], first["action"], atol=1e-5, rtol=0)
    assert not torch.allclose(seen["position"], first["position"])


@pytest.mark.parametrize("branch", ["action", "position"])
def test_one_branch_alone_can_be_classified(branch: str) -> None:
    module = _module(branches=branch)
    clips = _clips()
    other = clips.clone()
    other[:, :, 3] = clips[:, :, 3].flip(-1)
    assert torch.allclose(module(clips), module(other)) == (branch == "position")


def test_encoders_learn_at_their_share_of_the_rate() -> None:
    network = registry.create("ma2mi-small", {"encoder_rate": 0.2})
    assert isinstance(network, Ma2miSmall)
    assert network.rate("head.weight") == 1 and network.rate("action.stem.0.weight") == 0.2


def test_notes_say_that_the_start_is_random() -> None:
    network = registry.create("ma2mi-small")
    assert isinstance(network, Ma2miSmall)
    assert network.notes() == ["the encoders start from random weights"]


def _weights(folder: Path) -> tuple[Path, dict[str, torch.Tensor]]:
    """A file of encoders, and what is in it."""
    out = folder / "macro.safetensors"
    card = pretrained.PretrainingCard(
        network="ma2mi-small",
        network_options={"width": 8},
        settings={},
        seed=0,
        framing=pretrained.Framing(face=None, size_px=32),
        sets=(
            pretrained.SeenSet(
                name="macros",
                data_hash="0",
                made_up=False,
                kind="macro",
                n_clips=1,
                n_pairs=1,
                subjects=("ckplus/S001",),
            ),
        ),
        left_out=(),
        copy_test=pretrained.CopyTest(error=1, copying=2, gain=0.5, without_action=0, spread=1, n_pairs=1),
        asked="x",
        versions={},
        command="mien pretrain",
    )
    pretrained.write(out, card, Ma2miSmall(SmallPlan(width=8)).encoders().named)
    return out, load_file(out)


def test_training_starts_from_the_encoders_of_the_file(tmp_path: Path) -> None:
    out, given = _weights(tmp_path)
    network = registry.create("ma2mi-small", {"width": 8, "weights": str(out)})
    assert isinstance(network, Ma2miSmall)
    module = network.build(TASK)
    network.start(module)
    now = module.state_dict()
    assert all(torch.equal(now.pop(name), value) for name, value in given.items())
    assert set(now) == {"head.weight", "head.bias"}


def test_a_fine_tuned_network_keeps_encoders_and_classifier_alone(
    small_setting: Callable[..., Setting], tmp_path: Path
) -> None:
    """The predictor and the slow copy of the pre-training are gone."""
    out, given = _weights(tmp_path)
    setting = small_setting("ma2mi-small", width=8, epochs=1, learning_rate=1e-6, weights=out)
    tuned = run_job(setting, Job(0, 0), compiled=False).weights
    stored = {name.split(".", 1)[1]: value for name, value in load(tuned).items()}
    assert {name.split(".")[0] for name in stored} == {"action", "position", "head"}
    # At that rate nothing has gone far from the file.
    torch.testing.assert_close(
        stored["action.stem.0.weight"], given["action.stem.0.weight"], atol=1e-4, rtol=0
    )
