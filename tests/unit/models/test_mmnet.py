"""MMNet: parameters of the published code, its position branch, its schedule."""

from __future__ import annotations

import pytest
import torch

from mien.clips import tasks
from mien.errors import UsageError
from mien.models import registry
from mien.models.mmnet import Mmnet, MmnetPlan, PositionTransformer


def test_parameters() -> None:
    module = Mmnet(MmnetPlan()).build(tasks.get("casme2-5"))
    count = {name: sum(p.numel() for p in part.parameters()) for name, part in module.named_children()}
    assert count["action"] == 5220 + 2523664
    assert count["head"] == 501765
    assert sum(count.values()) == pytest.approx(9.44e6, abs=5e3)


def test_the_position_branch_sees_a_thumbnail_and_nothing_finer() -> None:
    branch = PositionTransformer(2, 1, 2, 0.0).eval()
    x = torch.rand(1, 3, 32, 32)
    blurred = torch.nn.functional.adaptive_avg_pool2d(x, 2).repeat_interleave(16, 2).repeat_interleave(16, 3)
    with torch.no_grad():
        assert branch(x).shape == (1, 512, 2, 2)
        torch.testing.assert_close(branch(x), branch(blurred), atol=1e-5, rtol=1e-5)
        assert not torch.allclose(branch(x), branch(x.flip(-1)), atol=1e-3)


def test_a_block_can_be_passed_by() -> None:
    branch = PositionTransformer(2, 1, 2, 0.5)
    x = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        out = branch(x, torch.tensor([[0.1], [0.9]]))
        tokens = branch.token(torch.nn.functional.adaptive_avg_pool2d(x, 2).flatten(2).transpose(1, 2))
        skipped = branch.norm(tokens + branch.place).transpose(1, 2).reshape(2, 512, 2, 2)
    torch.testing.assert_close(out[0], skipped[0])
    assert not torch.allclose(out[1], skipped[1])


def test_its_size_follows_from_the_side_of_the_pictures() -> None:
    network = Mmnet(MmnetPlan(side_px=64))
    assert network.needs.sizes == {"key_frames": (3, 5, 64, 64)}
    with pytest.raises(UsageError, match="value"):
        registry.create("mmnet", {"side_px": "60"})


def test_drop_path_is_drawn_where_it_is_asked_for() -> None:
    generator = torch.Generator().manual_seed(0)
    assert "path" not in Mmnet(MmnetPlan()).draw(4, generator)
    assert Mmnet(MmnetPlan(drop_path=0.3, depth=3)).draw(4, generator)["path"].shape == (4, 3)
