"""Two branches: neither sees what the other is for; encoders come from a file, key by key."""

from __future__ import annotations

import pytest
import torch

from mien.clips import tasks
from mien.models import registry
from mien.models.ma2mi import Ma2miSmall, SmallPlan
from mien.models.two_branch import TwoBranchModule

TASK = tasks.get("megc-3")


def _module(**options: object) -> TwoBranchModule:
    return Ma2miSmall(SmallPlan.parse({"width": 8, **options}, model="ma2mi-small")).build(TASK).eval()


def _clips() -> torch.Tensor:
    return torch.randint(0, 255, (2, 3, 5, 32, 32), dtype=torch.uint8)


def test_without_motion_the_action_branch_says_the_same_of_everybody() -> None:
    module, seen = _module(), []
    module.action.register_forward_hook(lambda _, given, out: seen.append((given[0], out)))
    still = _clips()[:, :, :1].expand(-1, -1, 5, -1, -1)
    module(still)
    given, out = seen[0]
    assert (given == 0).all()
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
