"""Which frames a network is shown, and that both are changed alike."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mien.errors import InputError
from mien.models.key_frames import (
    APEX,
    MEAN,
    OFFSET,
    ONSET,
    STD,
    changed,
    draw_changes,
    draw_frames,
    shown,
    stored,
)


def _frames(n: int = 2, side: int = 8) -> torch.Tensor:
    """Key frames whose colour is 10 times the number of the frame, on a slope."""
    slope = torch.arange(side).view(1, 1, 1, 1, side)
    level = 10 * torch.arange(5).view(1, 1, 5, 1, 1)
    return (slope + level).expand(n, 3, 5, side, side).to(torch.uint8).contiguous()


def test_without_noise_onset_and_apex_are_shown_on_the_scale_of_imagenet() -> None:
    first, second = shown(_frames(), {})
    expected = (torch.arange(8) / 255 - MEAN[1]) / STD[1]
    torch.testing.assert_close(first[0, 1, 3], expected)
    torch.testing.assert_close((second - first)[0, 2], torch.full((8, 8), 30 / 255 / STD[2]))


def test_the_frames_that_are_drawn_are_shown() -> None:
    first, second = shown(_frames(), {"first": torch.tensor([4, 1]), "second": torch.tensor([2, 3])})
    change = (second - first)[:, 0, 0, 0] * STD[0] * 255
    torch.testing.assert_close(change, torch.tensor([-20.0, 20.0]))


def test_a_mirror_image_is_exact_and_both_frames_are_changed_alike() -> None:
    light = torch.rand(1, 3, 2, 8, 8)
    noise = {"flip": torch.ones(1), "angle": torch.zeros(1), "shift": torch.zeros(1, 2)}
    torch.testing.assert_close(changed(light, noise), light.flip(-1), atol=1e-5, rtol=0)
    same = light[:, :, :1].expand_as(light)
    drawn = draw_changes(
        1, flip=0.5, rotation_deg=20, shift=0.2, brightness=0.3, generator=torch.Generator().manual_seed(1)
    )
    turned = changed(same, drawn)
    assert torch.equal(turned[:, :, 0], turned[:, :, 1]) and not torch.allclose(turned, same)


def test_a_shift_is_a_share_of_the_side() -> None:
    light = torch.zeros(1, 3, 1, 8, 8)
    light[..., 4, 4] = 1
    noise = {"flip": torch.zeros(1), "angle": torch.zeros(1), "shift": torch.tensor([[0.25, 0.0]])}
    assert changed(light, noise)[0, 0, 0].argmax() == 4 * 8 + 2


def test_draws() -> None:
    generator = torch.Generator().manual_seed(0)
    drawn = draw_frames(4000, jitter=True, from_offset=0.25, generator=generator)
    shares = [(drawn["first"] == k).float().mean().item() for k in (ONSET, 1, OFFSET)]
    assert shares == pytest.approx([0.375, 0.375, 0.25], abs=0.03)
    assert (drawn["second"] == APEX).float().mean().item() == pytest.approx(0.5, abs=0.03)
    plain = draw_frames(50, jitter=False, from_offset=0, generator=generator)
    assert (plain["first"] == ONSET).all() and (plain["second"] == APEX).all()
    assert draw_changes(3, flip=0, rotation_deg=0, shift=0, brightness=0, generator=generator) == {}


def test_only_bytes_are_colours() -> None:
    with pytest.raises(InputError, match="another type"):
        stored("key_frames", np.zeros((1, 3, 5, 4, 4), np.float32))
