"""How sequences enter: frames, crops, flips that keep the physics of flow, fixed scales."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mien.models.clip_images import draw_augmentation, flow_values, mirror, rgb_values, rotated, seen, side

RNG = np.random.default_rng(0)
FLOW = torch.from_numpy(RNG.normal(0, 2, (5, 2, 6, 12, 12)).astype(np.float32))
RGB = torch.from_numpy(RNG.integers(0, 256, (5, 3, 6, 12, 12), dtype=np.uint8))


def test_flipping_twice_gives_the_original_and_negates_u_once() -> None:
    clips = {"rgb": RGB, "flow": FLOW}
    once, twice = mirror(clips), mirror(mirror(clips))
    assert all(torch.equal(twice[name], clips[name]) for name in clips)
    assert torch.equal(once["flow"][:, 0], -FLOW[:, 0].flip(-1))
    assert torch.equal(once["flow"][:, 1], FLOW[:, 1].flip(-1))
    assert torch.equal(once["rgb"], RGB.flip(-1))


def test_a_drawn_flip_is_the_mirror_image() -> None:
    noise = {"flip": torch.tensor([1.0, 0, 1, 0, 1])}
    found = flow_values(seen(FLOW, 0, 1, noise), 3, noise)
    still = flow_values(FLOW, 3, {})
    mirrored = flow_values(mirror({"flow": FLOW})["flow"], 3, {})
    for i, flipped in enumerate(noise["flip"]):
        assert torch.equal(found[i], mirrored[i] if flipped else still[i])


@given(st.integers(8, 200), st.floats(0.5, 1))
def test_the_crop_has_the_parity_of_the_side(stored: int, crop: float) -> None:
    kept = side(stored, crop)
    assert (stored - kept) % 2 == 0 and abs(kept - crop * stored) <= 1


def test_the_published_crop() -> None:
    assert (side(128, 0.875), side(64, 0.875)) == (112, 56)


def test_at_test_the_centre_and_evenly_spread_frames_are_seen() -> None:
    found = seen(FLOW, 3, 2 / 3, {})
    assert torch.equal(found, FLOW[:, :, [0, 2, 5]][..., 2:10, 2:10])
    assert torch.equal(seen(FLOW, 0, 1, {}), FLOW)


@pytest.mark.parametrize("seed", range(5))
def test_drawn_crops_and_frames_are_parts_of_their_own_clip(seed: int) -> None:
    where = torch.arange(6 * 12 * 12).reshape(1, 1, 6, 12, 12).expand(5, -1, -1, -1, -1)
    generator = torch.Generator().manual_seed(seed)
    noise = draw_augmentation(5, flip=0, crop=0.7, frames=3, brightness=0, generator=generator)
    clips = torch.arange(5)[:, None, None, None, None] * 10_000 + where
    found = seen(clips, 3, 0.7, noise)
    assert found.shape == (5, 1, 3, side(12, 0.7), side(12, 0.7))
    assert torch.equal(found // 10_000, torch.arange(5)[:, None, None, None, None].expand_as(found))
    place = found % 10_000
    row, column = place % 144 // 12, place % 12
    assert (row.diff(dim=3) == 1).all() and (column.diff(dim=4) == 1).all()
    moments = place // 144
    even = torch.tensor([0, 2.5, 5])
    assert ((moments[:, 0, :, 0, 0] - even).abs() <= 0.25 * 2.5 + 0.5).all()


def test_frames_are_jittered_only_where_the_clip_holds_more() -> None:
    noise = {"time": torch.full((5, 6), 0.999)}
    assert torch.equal(seen(FLOW, 6, 1, noise), FLOW)
    assert not torch.equal(seen(FLOW, 3, 1, {"time": noise["time"][:, :3]}), seen(FLOW, 3, 1, {}))


def test_flow_has_one_scale_for_all_clips_and_stays_zero_where_nothing_moves() -> None:
    flow = torch.zeros(2, 2, 1, 1, 2)
    flow[0, 0, 0, 0, 0], flow[1, 1, 0, 0, 1] = 1.5, -30
    found = flow_values(flow, 3, {})
    assert found[0, 0, 0, 0, 0] == 0.5 and found[1, 1, 0, 0, 1] == -1 and found.abs().sum() == 1.5


def test_colours_are_normalised_and_light_changes_rgb_alone() -> None:
    noise = {"brightness": torch.tensor([0.8, 1, 1, 1.2, 1])}
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.25, 0.5)
    found = rgb_values(RGB, mean, std, noise)
    wanted = (RGB[0, 1].float() / 255 * 0.8 - 0.5) / 0.25
    torch.testing.assert_close(found[0, 1], wanted)
    assert found[3, 0].max() <= (1 - 0.4) / 0.2 + 1e-6
    assert torch.equal(flow_values(FLOW, 3, noise), flow_values(FLOW, 3, {}))


def test_differences_are_zero_where_nothing_changes_and_keep_the_scale() -> None:
    scale = ((0.5, 0.5, 0.5), (0.25, 0.5, 1.0))
    found = rgb_values(RGB, *scale, {}, difference=True)
    frames = rgb_values(RGB, *scale, {})
    assert (found[:, :, 0] == 0).all()
    torch.testing.assert_close(found, frames - frames[:, :, :1])


def test_only_what_is_used_is_drawn() -> None:
    generator = torch.Generator().manual_seed(0)
    assert draw_augmentation(4, flip=0, crop=1, frames=0, brightness=0, generator=generator) == {}
    drawn = draw_augmentation(4, flip=0.5, crop=0.9, frames=8, brightness=0.2, generator=generator)
    assert {name: tuple(t.shape) for name, t in drawn.items()} == {
        "flip": (4,),
        "crop": (4, 2),
        "time": (4, 8),
        "brightness": (4,),
    }
    assert ((drawn["brightness"] - 1).abs() <= 0.2).all()
    # The onset, against which motion is told, is never moved.
    assert not drawn["time"][:, 0].any() and drawn["time"][:, 1:].all()


def test_clips_are_turned_by_their_own_angle_and_flow_with_them() -> None:
    x = torch.zeros(2, 2, 1, 9, 9)
    x[:, :, 0, 4, 6] = torch.tensor([1.0, 0.0])  # right of the centre, moving right
    none, quarter = rotated(x, torch.tensor([0.0, 90.0]), vectors=True)
    torch.testing.assert_close(none, x[0])
    wanted = torch.zeros(2, 1, 9, 9)
    wanted[1, 0, 6, 4] = 1.0  # below the centre, moving down
    torch.testing.assert_close(quarter, wanted, atol=1e-5, rtol=0)
    colours = rotated(x, torch.tensor([0.0, 90.0]))[1]
    assert colours[0, 0, 6, 4] == pytest.approx(1, abs=1e-5) and colours[1].abs().max() < 1e-5


def test_a_turn_keeps_shapes_on_images_that_are_no_squares() -> None:
    """A disc stays one: turning takes the sides' ratio into account."""
    rows, columns = torch.meshgrid(torch.arange(24) - 11.5, torch.arange(40) - 19.5, indexing="ij")
    disc = (rows**2 + columns**2 < 64).float()[None, None, None]
    turned = rotated(disc, torch.tensor([30.0]))
    assert (turned - disc).abs().mean() < 0.02
