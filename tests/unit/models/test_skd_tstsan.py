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
    SkdModule,
    SkdOptions,
    SkdTstsan,
    channels,
    distillation,
    focal,
    hint_distance,
    moved,
)


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
    assert sum(n for name, n in sizes.items() if name.endswith("attention.conv.weight")) == 39
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


def test_grey_and_flow_move_together() -> None:
    grey, flow = torch.zeros(1, 2, 128, 128), torch.zeros(1, 4, 48, 48)
    grey[:, :, 64, 64], flow[:, :, 24, 24] = 1, 1
    noise = {"flip": torch.zeros(1), "shift": torch.tensor([[8.0, -16.0]])}  # 3 and -6 px of 48
    new_grey, new_flow = moved(grey, flow, noise)
    assert new_grey[0, 0].flatten().argmax() == 80 * 128 + 56
    assert new_flow[0, 1].flatten().argmax() == 30 * 48 + 21


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
