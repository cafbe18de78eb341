"""SKD-TSTSAN: its size, the order of its channels, its losses, and what training alone sees."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mien.clips import tasks
from mien.errors import InputError
from mien.models.base import Batch
from mien.models.skd_tstsan import (
    GREY,
    HALVES,
    Auxiliary,
    SkdModule,
    SkdOptions,
    SkdTstsan,
    channels,
    distillation,
    focal,
    hint_distance,
    moved,
)
from mien.prepare import recipe


def _clips(n: int = 3) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        GREY: torch.randint(0, 256, (n, 2, 128, 128), generator=generator, dtype=torch.uint8),
        HALVES: torch.randn(n, 4, 48, 48, generator=generator),
    }


def _batch(n: int, n_classes: int = 5) -> Batch:
    label = torch.arange(n) % n_classes
    return Batch({}, {"label": label, "weight": 1.0 + label}, {})


def test_has_2946214_parameters_of_which_1610632_predict() -> None:
    module = SkdModule(5, SkdOptions())
    sizes = {name: p.numel() for name, p in module.named_parameters()}
    assert sum(sizes.values()) == 2_946_214
    attention = {name: n for name, n in sizes.items() if name.endswith("attention.conv.weight")}
    assert sum(attention.values()) == 39
    encoders = sum(n for name, n in sizes.items() if ".encode." in name or ".magnify." in name)
    middle = sum(n for name, n in sizes.items() if name.startswith("auxiliary.") and name not in attention)
    assert (encoders, middle) == (566_320, 1_335_562)
    assert sum(sizes.values()) - 39 - encoders - middle == 1_044_293
    module.eval()(_clips(1))["final"].sum().backward()
    used = [name for name, p in module.named_parameters() if p.grad is not None]
    assert sum(sizes[name] for name in used) == 1_610_632


def test_the_middle_heads_are_there_in_training_alone() -> None:
    module = SkdModule(5, SkdOptions(width=16))
    features = {"final feature", "early feature", "late feature"}
    found = module.train()(_clips())
    assert set(found) == {"final", "early", "late", *features}
    assert all(found[name].shape == (3, 96) for name in features)
    assert set(module.eval()(_clips())) == {"final", "final feature"}


def test_the_apex_is_compared_with_the_onset_and_the_flow_of_each_half_with_nothing() -> None:
    module, clips = SkdModule(5, SkdOptions(width=16)).eval(), _clips(2)
    given: dict[str, tuple[torch.Tensor | None, torch.Tensor]] = {}
    for kind, stream in module.streams.items():
        stream.register_forward_pre_hook(lambda _, pair, known=kind: given.update({known: pair}))
    module(clips)
    image = module.images(clips, None)
    for kind, onset, apex in (("local", slice(18, 34), slice(2, 18)), ("global", slice(1, 2), slice(0, 1))):
        reference, present = given[kind]
        assert reference is not None and torch.equal(reference, image[:, onset])
        assert torch.equal(present, image[:, apex])
    reference, segments = given["temporal"]
    assert reference is None
    assert torch.equal(segments[0::2], image[:, 34:36]) and torch.equal(segments[1::2], image[:, 36:])


def test_the_middle_heads_begin_behind_the_first_and_the_second_pooling() -> None:
    module = SkdModule(5, SkdOptions(width=16)).train()
    sizes: list[tuple[int, ...]] = []
    for depth in ("early", "late"):
        head = module.auxiliary[depth]
        assert isinstance(head, Auxiliary)
        head.branches["local"].register_forward_hook(lambda _, __, out: sizes.append(tuple(out.shape[1:])))
    module(_clips())
    assert sizes == [(32, 10, 10), (32, 5, 5)]


def test_values_are_dropped_behind_the_features_that_hints_compare() -> None:
    module = SkdModule(5, SkdOptions(width=16)).train()
    plain = module(_clips())
    nothing = module(
        _clips(), noise={f"keep_{name}": torch.zeros(3, 96) for name in ("final", "early", "late")}
    )
    for name in ("final", "early", "late"):
        assert torch.equal(nothing[f"{name} feature"], plain[f"{name} feature"])
        assert torch.equal(nothing[name], nothing[name][:1].expand(3, 5))
        assert not torch.allclose(plain[name], nothing[name], atol=1e-4)


def test_nothing_is_made_on_a_device_of_its_own() -> None:
    """The published program makes its zero reference on CUDA; a device without data refuses tensors of another."""
    network = SkdTstsan(SkdOptions(width=16))
    with torch.device("meta"):
        module = SkdModule(5, network.plan).train()
    clips, drawn = _clips(), network.draw(3, torch.Generator().manual_seed(0))
    clips, noise = ({name: t.to("meta") for name, t in given.items()} for given in (clips, drawn))
    batch = _batch(3)
    targets = {name: t.to("meta") for name, t in batch.targets.items()}
    losses = network.loss(module(clips, noise=noise), Batch({}, targets, {}))
    assert {term.device.type for term in losses.values()} == {"meta"}
    assert module.eval()(clips)["final"].device.type == "meta"


def test_training_is_the_published_one_but_for_what_the_page_says() -> None:
    plan = SkdOptions()
    assert (plan.optimiser, plan.learning_rate, plan.beta2, plan.weight_decay) == ("adam", 1e-3, 0.99, 5e-4)
    assert (plan.batch_size, plan.balance, plan.alpha, plan.flow_form) == (16, 1.0, 2.0, "min-max")
    assert (plan.epochs, plan.schedule, plan.flip, plan.shift_px) == (250, "cosine", 0.5, 4.0)


def test_the_recipe_gives_what_the_network_reads() -> None:
    made = recipe.load("skd")
    assert SkdTstsan.needs.unmet(made.clip_shapes) is None
    assert made.flow.method == "tvl1" and {array.scaling for array in made.arrays} == {"px"}


def test_the_order_of_the_38_channels() -> None:
    number = torch.arange(16.0).reshape(4, 4).repeat_interleave(32, 0).repeat_interleave(32, 1)
    onset, apex = number, number + 100
    flow = torch.arange(4.0)[None, :, None, None].expand(1, 4, 48, 48)
    found = channels(torch.stack([onset, apex])[None], flow)[0]
    assert found.shape == (38, 48, 48)
    assert found[0].mean() > 100 > found[1].mean()
    for row in range(4):
        for column in range(4):
            place = 4 * row + column
            assert (found[2 + place].round(decimals=3) == 100 + place).all()
            assert (found[18 + place].round(decimals=3) == place).all()
    assert [float(plane.mean()) for plane in found[34:]] == [0, 1, 2, 3]


def test_every_image_is_scaled_whole_before_it_is_cut_into_blocks() -> None:
    number = torch.arange(16).reshape(4, 4).repeat_interleave(32, 0).repeat_interleave(32, 1)
    onset, apex = number + 40, 3 * number + 200
    flow = torch.linspace(-0.1, 0.2, 48 * 48).reshape(48, 48)
    clip = {
        GREY: torch.stack([onset, apex])[None].to(torch.uint8),
        HALVES: torch.stack([flow, 9 * flow, 0 * flow, flow + 5])[None],
    }
    found = SkdModule(5, SkdOptions(width=16)).images(clip, None)[0]
    for place in range(16):
        for first in (2, 18):
            wanted = torch.full((48, 48), place / 15)
            torch.testing.assert_close(found[first + place], wanted, atol=1e-5, rtol=0)
    scaled = torch.linspace(0, 1, 48 * 48).reshape(48, 48)
    for channel in (34, 35, 37):
        torch.testing.assert_close(found[channel], scaled, atol=1e-4, rtol=0)
    assert not found[36].any()


@pytest.mark.parametrize("flow_form", ["min-max", "fixed"])
def test_a_mirrored_clip_has_its_block_columns_swapped_and_u_turned(flow_form: str) -> None:
    module = SkdModule(5, SkdOptions(width=16, flow_form=flow_form))  # type: ignore[arg-type]
    clips = _clips(2)
    clips[HALVES][:, 2:] = 0.0  # the apex is the offset: nothing moves, mirrored or not
    noise = {"flip": torch.tensor([1.0, 0.0]), "shift": torch.zeros(2, 2)}
    plain, new = module.images(clips, None), module.images(clips, noise)
    close = {"atol": 1e-4, "rtol": 0.0}
    torch.testing.assert_close(new[1], plain[1], **close)
    for row in range(4):
        for column in range(4):
            a, b = 2 + 4 * row + column, 2 + 4 * row + 3 - column
            torch.testing.assert_close(new[0, a], plain[0, b].flip(-1), **close)
    torch.testing.assert_close(new[0, 34], 1 - plain[0, 34].flip(-1), **close)
    torch.testing.assert_close(new[0, 35], plain[0, 35].flip(-1), **close)
    torch.testing.assert_close(new[0, 36:], plain[0, 36:], **close)


def test_u_is_turned_in_both_halves_of_a_mirrored_clip() -> None:
    clips = _clips(1)
    noise = {"flip": torch.ones(1), "shift": torch.zeros(1, 2)}
    turned = moved(clips[GREY].float(), clips[HALVES], noise)[1]
    sign = torch.tensor([-1.0, 1.0, -1.0, 1.0])[:, None, None]
    torch.testing.assert_close(turned, clips[HALVES].flip(-1) * sign, atol=1e-4, rtol=0)


def test_grey_and_flow_move_together() -> None:
    grey, flow = torch.zeros(1, 2, 128, 128), torch.zeros(1, 4, 48, 48)
    grey[:, :, 64, 64], flow[:, :, 24, 24] = 1, 1
    noise = {"flip": torch.zeros(1), "shift": torch.tensor([[8.0, -16.0]])}  # 3 and -6 px of 48
    new_grey, new_flow = moved(grey, flow, noise)
    assert new_grey[0, 0].flatten().argmax() == 80 * 128 + 56
    assert new_flow[0, 1].flatten().argmax() == 30 * 48 + 21


def test_draws_drop_a_fifth_of_each_feature_and_move_and_mirror_within_bounds() -> None:
    drawn = SkdTstsan(SkdOptions()).draw(200, torch.Generator().manual_seed(0))
    kept = [drawn[f"keep_{name}"] for name in ("final", "early", "late")]
    for mask in kept:
        assert mask.shape == (200, 384) and mask.unique().tolist() == [0, 1.25]
        assert abs(mask.mean() - 1) < 0.02
    assert not torch.equal(kept[0], kept[1])
    assert drawn["shift"].shape == (200, 2) and 3.8 < drawn["shift"].abs().max() <= 4
    assert drawn["shift"].min() < 0 and 0.4 < drawn["flip"].mean() < 0.6
    plain = SkdTstsan(SkdOptions(flip=0, shift_px=0)).draw(2, torch.Generator().manual_seed(0))
    assert set(plain) == {"keep_final", "keep_early", "keep_late"}


def test_focal_loss_is_the_published_one() -> None:
    torch.manual_seed(0)
    logits, batch = torch.randn(7, 5), _batch(7)
    log_prob = F.log_softmax(logits, dim=1)
    expected = F.nll_loss(
        (1 - log_prob.exp()) ** 2 * log_prob, batch.targets["label"], torch.arange(1.0, 6.0)
    )
    torch.testing.assert_close(focal(logits, batch), expected)


def test_distillation_is_0_for_the_same_logits_and_teaches_one_way() -> None:
    torch.manual_seed(0)
    pupil, teacher = torch.randn(2, 6, 5).requires_grad_().unbind()
    pupil.retain_grad()
    teacher.retain_grad()
    assert abs(float(distillation(teacher, teacher, _batch(6)).detach())) < 1e-6
    loss = distillation(pupil, teacher, _batch(6))
    expected = 9 * F.kl_div(F.log_softmax(pupil / 3, 1), F.softmax(teacher / 3, 1), reduction="batchmean")
    torch.testing.assert_close(loss, expected)
    loss.backward()
    assert pupil.grad is not None and teacher.grad is None


def test_hints_count_where_either_feature_is_positive_and_teach_one_way() -> None:
    feature = torch.tensor([[1.0, -1.0, -1.0, 2.0]], requires_grad=True)
    teacher = torch.tensor([[0.0, 1.0, -3.0, 2.0]], requires_grad=True)
    loss = hint_distance(feature, teacher, _batch(1))
    assert loss == 1 + 4
    loss.backward()
    assert feature.grad is not None and feature.grad[0].tolist() == [2, -4, 0, 0]
    assert teacher.grad is None


def test_the_terms_add_up_to_the_published_sum() -> None:
    torch.manual_seed(0)
    network = SkdTstsan(SkdOptions(width=16))
    outputs = network.build(tasks.get("casme2-5")).train()(_clips(4))
    batch = _batch(4)
    total = sum(network.loss(outputs, batch).values())
    z, z1, z2 = (outputs[name] for name in ("final", "early", "late"))
    hints = sum(
        (
            (outputs[f"{name} feature"] - outputs["final feature"]).square()
            * ((outputs[f"{name} feature"] > 0) | (outputs["final feature"] > 0))
        ).sum()
        for name in ("early", "late")
    )
    soft = distillation(z1, z, batch) + distillation(z2, z, batch)
    expected = focal(z, batch) + 0.9 * (focal(z1, batch) + focal(z2, batch)) + 0.1 * soft
    # b = 1e-6 on the sum over a batch of 16; here the mean over the clips, times 16.
    torch.testing.assert_close(total, expected + 1e-6 * 16 / 4 * hints)


@pytest.mark.parametrize("streams", ["local", "global", "temporal"])
def test_each_stream_works_alone(streams: str) -> None:
    network = SkdTstsan(SkdOptions(width=16, streams=streams))  # type: ignore[arg-type]
    module = network.build(tasks.get("casme2-5")).train()
    noise = network.draw(2, torch.Generator().manual_seed(0))
    assert module(_clips(2), noise=noise)["final"].shape == (2, 5)


@pytest.mark.parametrize("left_out", ["magnify", "temporal_shift", "attention"])
def test_each_part_can_be_left_out(left_out: str) -> None:
    task = tasks.get("casme2-5")
    torch.manual_seed(0)
    whole = SkdTstsan(SkdOptions(width=16)).build(task).eval()
    less = SkdTstsan(SkdOptions(width=16, **{left_out: False})).build(task).eval()  # type: ignore[arg-type]
    less.load_state_dict({n: t for n, t in whole.state_dict().items() if n in less.state_dict()})
    assert not torch.allclose(less(_clips(2))["final"], whole(_clips(2))["final"], atol=1e-5)


def test_still_is_half_on_a_fixed_scale_and_magnitude_is_kept() -> None:
    module = SkdModule(5, SkdOptions(width=16, flow_form="fixed", flow_limit_px=2))
    clips = _clips(1)
    clips[HALVES] = torch.zeros(1, 4, 48, 48)
    clips[HALVES][0, 1, 0, 0], clips[HALVES][0, 2, 0, 0] = 1, -5
    flow = module.images(clips, None)[0, 34:]
    assert (flow[0] == 0.5).all()
    assert flow[1, 0, 0] == 0.75 and flow[2, 0, 0] == 0


def test_what_cannot_be_read_is_refused() -> None:
    arrays = {name: tensor.numpy() for name, tensor in _clips(2).items()}
    spoilt = arrays[HALVES].copy()
    spoilt[1, 2, 3, 4] = np.nan
    with pytest.raises(InputError, match="NaN"):
        SkdTstsan(SkdOptions()).tensors({**arrays, HALVES: spoilt})
    scaled = {**arrays, HALVES: np.zeros((2, 4, 48, 48), np.uint8)}
    SkdTstsan(SkdOptions()).tensors(scaled)
    with pytest.raises(InputError, match="fixed scale"):
        SkdTstsan(SkdOptions(flow_form="fixed")).tensors(scaled)
