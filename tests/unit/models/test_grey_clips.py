"""Grey clips: luma, frames by TIM, magnification, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.color import rgb2yuv

from mien.errors import InputError, UsageError
from mien.models.grey_clips import GreyOptions, grey_clip, grey_needs

CLIP = np.random.default_rng(0).integers(0, 256, (3, 12, 20, 20)).astype(np.uint8)


def test_grey_is_luma() -> None:
    found = grey_clip(CLIP, GreyOptions(frames=0))
    expected = rgb2yuv(CLIP.transpose(1, 2, 3, 0))[..., 0] * 255
    np.testing.assert_allclose(found, expected, atol=0.05)


def test_tim_makes_the_number_of_frames_and_keeps_the_ends() -> None:
    all_frames, ten = (grey_clip(CLIP, GreyOptions(frames=n)) for n in (12, 10))
    np.testing.assert_array_equal(all_frames, grey_clip(CLIP, GreyOptions(frames=0)))
    assert len(ten) == 10 and ten.min() >= 0 and ten.max() <= 255
    np.testing.assert_allclose(ten[[0, -1]], all_frames[[0, -1]], atol=1e-3)


def test_magnification_makes_a_slow_change_larger_and_leaves_a_fast_one() -> None:
    y, _ = np.mgrid[:64, :64]
    time = np.arange(12)
    for cycles, gain in ((1, 3.0), (5, 1.0)):
        wave = 120 + 30 * np.sin(
            2 * np.pi * (y[None] / 32 + 0.02 * np.sin(2 * np.pi * cycles * time / 12)[:, None, None])
        )
        clip = np.repeat(np.rint(wave).astype(np.uint8)[None], 3, axis=0)
        plain, large = (grey_clip(clip, GreyOptions(frames=0, alpha=a, cycles=2)) for a in (0, 2))
        inside = np.s_[:, 16:-16]
        assert large[inside].std(axis=0).mean() / plain[inside].std(axis=0).mean() == pytest.approx(
            gain, rel=0.25
        )


def test_needs_are_two_frames_where_tim_makes_the_rest() -> None:
    assert grey_needs(GreyOptions(frames=10), frames=9, side=7).at_least == {"rgb": (3, 2, 7, 7)}
    assert grey_needs(GreyOptions(frames=0), frames=9, side=7).at_least == {"rgb": (3, 9, 7, 7)}
    with pytest.raises(UsageError, match="too few"):
        grey_needs(GreyOptions(frames=8), frames=9, side=7)


def test_pictures_that_are_no_bytes_are_refused() -> None:
    with pytest.raises(InputError, match="another type"):
        grey_clip(CLIP.astype(np.float32), GreyOptions())
