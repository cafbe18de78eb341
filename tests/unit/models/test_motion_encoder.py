"""MMNet's convolutions: sizes, and what the attention does."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from mien.models.motion_encoder import AttentionBlock, MotionEncoder


def _count(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_parameters_are_those_of_the_published_code() -> None:
    encoder = MotionEncoder((180, 128), (128, 128, 256, 512), attends=True)
    assert _count(encoder.stem[:2]) == 5220
    assert _count(encoder) - 5220 == 2523664


def test_maps_have_a_sixteenth_of_the_side() -> None:
    for levelled in (False, True):
        encoder = MotionEncoder((8,), (4, 8, 8, 16), attends=True, levelled=levelled)
        assert encoder(torch.rand(2, 3, 48, 64)).shape == (2, 16, 3, 4)


def test_a_block_weighs_its_output_with_a_map_made_of_its_own_and_of_the_one_before() -> None:
    block = AttentionBlock(4, 8, 2, attends=True).eval()
    x, before = torch.rand(2, 4, 8, 8), torch.rand(2, 1, 8, 8)
    h, look = block(x, before)
    plain = F.relu(block.body(x) + block.shortcut(x))
    assert block.look is not None
    alone = torch.sigmoid(block.look(torch.stack([plain.mean(1), plain.amax(1)], dim=1)))
    expected = alone * F.max_pool2d(before, 3, 2, 1)
    torch.testing.assert_close(look, expected)
    torch.testing.assert_close(h, plain * expected)


def test_without_attention_a_block_is_a_residual_block() -> None:
    block = AttentionBlock(4, 4, 1, attends=False).eval()
    x = torch.rand(1, 4, 5, 5)
    h, look = block(x, None)
    assert look is None
    torch.testing.assert_close(h, F.relu(block.body(x) + x))
