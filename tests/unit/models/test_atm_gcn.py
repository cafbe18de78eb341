"""ATM-GCN on clips: still clips, repeated frames, what augmentation does, both kinds of motion."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mien.clips import tasks
from mien.errors import InputError
from mien.models import registry
from mien.models.atm_gcn import NEEDS, AtmGcn, AtmGcnModule, AtmGcnOptions, distinct
from mien.models.clip_images import seen
from mien.models.vit import STD
from mien.prepare import recipe

THREE = tasks.get("megc-3")
TINY = {"width": 4, "features": 16, "layers": 2, "frames": 6}


def _network(**options: object) -> AtmGcn:
    network = registry.create("atm-gcn", TINY | options)
    assert isinstance(network, AtmGcn)
    return network


def _module(**options: object) -> AtmGcnModule:
    """A module whose batch normalisation has seen motion: before, all motions give nearly the same vector."""
    torch.manual_seed(0)
    module = _network(**options).build(THREE)
    for part in module.encoder.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.momentum = 1.0
    module.encoder(torch.randn(8, 2 if options.get("motion") == "flow" else 3, 32, 32))
    return module.eval()


def _clips(n: int = 2, frames: int = 6, side: int = 32) -> torch.Tensor:
    """Clips (n, 3, frames, side, side) of noise, of another contrast in every frame."""
    generator = torch.Generator().manual_seed(2)
    noise = torch.randint(0, 256, (n, 3, frames, side, side), generator=generator)
    strength = torch.rand(n, 1, frames, 1, 1, generator=generator)
    return (noise * strength).to(torch.uint8)


def test_the_default_has_the_parameters_of_its_specification() -> None:
    network = registry.create("atm-gcn")
    assert isinstance(network, AtmGcn)
    count = sum(p.numel() for p in network.build(THREE).parameters())
    assert count == pytest.approx(2.97e6, rel=0.05) and count == 2_971_869


def test_the_plan_is_that_of_the_specification() -> None:
    plan = AtmGcnOptions()
    assert (plan.optimiser, plan.learning_rate, plan.weight_decay) == ("adamw", 5e-4, 0.05)
    assert (plan.schedule, plan.warmup_epochs, plan.epochs, plan.batch_size) == ("cosine", 5, 60, 16)
    assert (plan.clip_norm, plan.balance, plan.dropout) == (1, 1, 0.3)
    assert (plan.frames, plan.features, plan.layers, plan.memory) == (16, 256, 2, "learned")
    assert (plan.flip, plan.rotation_deg, plan.frame_drop) == (0.5, 4, 0.2)


@pytest.mark.parametrize(("name", "frames", "size_px"), [("aie-cmcl", 16, 112), ("aie-cmcl-small", 8, 64)])
def test_the_recipes_of_the_page_give_what_it_reads_and_the_onset_first(
    name: str, frames: int, size_px: int
) -> None:
    made = recipe.load(name)
    assert made.clip_shapes["rgb"] == (3, frames, size_px, size_px)
    assert all(needs.unmet(made.clip_shapes) is None for needs in NEEDS.values())
    assert made.time.sampling == "nearest" and made.flow.reference == "onset"
    assert made.face.register_frames


@pytest.mark.parametrize(
    "options",
    [
        {"memory": "all"},
        {"memory": "none"},
        {"position": False},
        {"frames": 2},
        {"subtract_median": True},
        {"motion": "flow"},
    ],
)
def test_each_ablation_of_the_page_gives_another_answer_or_reads_another_array(
    options: dict[str, object],
) -> None:
    name = str(options.get("motion", "rgb"))
    whole, other = _module(), _module(**options)
    x = {"rgb": _clips(), "flow": torch.randn(2, 2, 6, 32, 32)}
    found = other({name: x[name]})
    assert found.shape == (2, 3) and found.isfinite().all()
    assert not torch.allclose(found, whole({"rgb": x["rgb"]}), atol=1e-5)


def test_motion_is_the_frame_minus_the_onset_in_floats() -> None:
    """Bytes would wrap around: a darker frame has negative motion."""
    clip = torch.full((1, 3, 3, 32, 32), 100, dtype=torch.uint8)
    clip[:, :, 1], clip[:, :, 2] = 90, 151
    found = _module(frames=3).motions(clip, {})
    assert found.shape == (1, 3, 2, 32, 32)
    for channel, std in enumerate(STD):
        torch.testing.assert_close(found[0, channel, 0], torch.full((32, 32), -10 / 255 / std))
        torch.testing.assert_close(found[0, channel, 1], torch.full((32, 32), 51 / 255 / std))


def test_drifting_light_is_taken_away_on_wish() -> None:
    clip = _clips(1, 2).clamp(0, 200)
    brighter = clip.clone()
    brighter[:, :, 1] += 20
    plain, steady = (_module(frames=2, subtract_median=wish) for wish in (False, True))
    torch.testing.assert_close(steady.motions(brighter, {}), steady.motions(clip, {}), atol=1e-5, rtol=1e-5)
    assert (plain.motions(brighter, {}) - plain.motions(clip, {})).min() > 0.2


def test_a_still_clip_has_no_motion_equal_nodes_and_a_finite_answer() -> None:
    still = _clips()[:, :, :1].expand(2, 3, 6, 32, 32)
    module = _module()
    assert (module.motions(still, {}) == 0).all()
    vectors = module.encoder(module.motions(still, {}).transpose(1, 2).flatten(0, 1))
    torch.testing.assert_close(vectors, vectors[:1].expand_as(vectors))
    found = module({"rgb": still})
    assert found.isfinite().all()
    torch.testing.assert_close(found[0], found[1])


def test_a_shift_of_one_pixel_is_motion_so_clips_have_to_be_aligned() -> None:
    """What `mien prepare` does before: one transform per clip, and each frame registered to the onset."""
    clip = torch.randint(0, 256, (1, 3, 1, 32, 32), dtype=torch.uint8).expand(1, 3, 2, 32, 32).clone()
    clip[:, :, 1] = clip[:, :, 1].roll(1, dims=-1)
    module = _module(frames=2)
    assert module.motions(clip, {}).abs().mean() > 0.5


def test_repeated_frames_count_once() -> None:
    """A clip with fewer frames than are seen is stored with repetitions: they would weigh twice."""
    clips = _clips(1)
    clips[:, :, 3] = clips[:, :, 2]
    assert distinct(clips).tolist() == [[True, True, False, True, True]]
    module = _module(position=False)
    longer = torch.cat([clips, clips[:, :, -1:]], dim=2)
    longer_module = _module(position=False, frames=7)
    torch.testing.assert_close(longer_module({"rgb": longer}), module({"rgb": clips}), atol=1e-5, rtol=1e-5)


def test_dropped_frames_are_not_seen() -> None:
    module, clips = _module(crop=1), _clips()
    drop = torch.zeros(2, 5, dtype=torch.bool)
    drop[:, 2] = True
    other = clips.clone()
    other[:, :, 3] = 255 - other[:, :, 3]
    first, second = (module({"rgb": x}, noise={"drop": drop}) for x in (clips, other))
    torch.testing.assert_close(first, second)
    assert not torch.allclose(module({"rgb": clips}), module({"rgb": other}), atol=1e-4)
    # With all frames dropped, the first after the onset still counts.
    assert module({"rgb": clips}, noise={"drop": torch.ones(2, 5, dtype=torch.bool)}).isfinite().all()


def test_position_tells_the_order_of_the_frames() -> None:
    clips = _clips(1)
    backwards = torch.cat([clips[:, :, :1], clips[:, :, 1:].flip(2)], dim=2)
    # Backwards the chain has the same neighbours: only the code of the position tells.
    with_code, without = _module(), _module(position=False)
    assert not torch.allclose(with_code({"rgb": clips}), with_code({"rgb": backwards}), atol=1e-5)
    torch.testing.assert_close(without({"rgb": clips}), without({"rgb": backwards}), atol=1e-5, rtol=1e-5)


def test_the_onset_stays_the_first_frame_when_the_others_are_jittered() -> None:
    """All motion is told against it; the clip holds more frames than are seen, so there is room to move."""
    network = _network(frames=4)
    clips = torch.arange(13, dtype=torch.uint8)[None, None, :, None, None].expand(50, 3, 13, 32, 32)
    drawn = network.draw(50, torch.Generator().manual_seed(0))
    moments = seen(clips, 4, 1, {"time": drawn["time"]})[:, 0, :, 0, 0].long()
    assert (moments[:, 0] == 0).all()
    moved = moments[:, 1:] - torch.tensor([4, 8, 12])
    assert moved.abs().max() == 1 and all((moved[:, i] != 0).any() for i in range(3))


def test_draws_turn_drop_and_stay_in_range() -> None:
    network = _network(rotation_deg=4, frame_drop=0.2)
    drawn = network.draw(500, torch.Generator().manual_seed(0))
    assert drawn["turn"].abs().max() <= 4 and drawn["turn"].abs().max() > 3.5
    assert drawn["drop"].shape == (500, 5)
    assert 0.05 < drawn["drop"].float().mean() < 0.15
    assert drawn["keep_0"].shape == (500, 6, 16) and drawn["keep_last"].shape == (500, 32)
    assert set(
        _network(rotation_deg=0, frame_drop=0, dropout=0, flip=0, crop=1).draw(3, torch.Generator())
    ) == {"time"}


@pytest.mark.parametrize("motion", ["rgb", "flow"])
def test_mirrored_clips_are_averaged_at_test(motion: str) -> None:
    network = _network(motion=motion)
    x = network.tensors({"rgb": _clips().numpy(), "flow": np.ones((2, 2, 6, 32, 32), np.float32)})
    assert list(x) == [motion]
    seen, mirrored = network.views(x)
    assert torch.equal(mirrored[motion].flip(-1)[:, -1], seen[motion][:, -1])
    assert network.needs.at_least[motion][0] == (3 if motion == "rgb" else 2)
    assert len(_network(test_flip=False).views(x)) == 1


def test_flow_from_the_onset_is_motion_on_a_fixed_scale() -> None:
    flow = torch.zeros(1, 2, 3, 32, 32)
    flow[:, :, 1], flow[:, :, 2] = 0.5, 9
    found = _module(motion="flow", frames=3, flow_scale_px=2).motions(flow, {})
    assert found[0, :, 0].unique().tolist() == [0.25] and found[0, :, 1].unique().tolist() == [1]


def test_arrays_of_another_kind_are_refused() -> None:
    with pytest.raises(InputError, match="another type"):
        _network().tensors({"rgb": _clips().float().numpy()})
    spoilt = np.full((1, 2, 6, 32, 32), np.nan, np.float32)
    with pytest.raises(InputError, match="NaN or infinity"):
        _network(motion="flow").tensors({"flow": spoilt})
