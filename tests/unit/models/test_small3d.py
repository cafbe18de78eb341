"""The small encoder: its smallest input, its size, and that a clip is encoded from itself alone."""

from __future__ import annotations

import torch

from mien.models.small3d import Small3d


def test_features_of_the_smallest_and_of_larger_clips() -> None:
    encoder = Small3d(2, 8)
    for size in ((4, 16, 16), (8, 56, 56), (9, 17, 30)):
        assert encoder(torch.randn(2, 2, *size)).shape == (2, encoder.n_features) == (2, 64)


def test_parameters() -> None:
    # Convolutions of 3x75, 16x27, 32x27 and 64x27 weights per filter, and two numbers per filter for the norm.
    wanted = 16 * 3 * 75 + 32 * 16 * 27 + 64 * 32 * 27 + 128 * 64 * 27 + 2 * (16 + 32 + 64 + 128)
    assert sum(p.numel() for p in Small3d(3, 16).parameters()) == wanted == 294_384


def test_other_clips_of_the_batch_change_nothing_in_training_and_there_is_no_state() -> None:
    torch.manual_seed(0)
    encoder = Small3d(2, 8).train()
    x = torch.randn(3, 2, 4, 16, 16)
    other = x.clone()
    other[1:] *= 100
    torch.testing.assert_close(encoder(x)[0], encoder(other)[0])
    assert list(encoder.buffers()) == []
