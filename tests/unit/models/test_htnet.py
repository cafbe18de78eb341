"""HTNet: its published size and faults, and that the corrected form has neither."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mien.clips import tasks
from mien.errors import InputError
from mien.models.base import FLOW
from mien.models.htnet import (
    FORMS,
    Aggregate,
    Attention,
    Block,
    Htnet,
    HtnetModule,
    HtnetOptions,
    Level,
    tiled,
)

CLIPS = np.random.default_rng(0).normal(size=(4, 3, 28, 28)).astype(np.float32)


def _small(form: str) -> Htnet:
    return Htnet(HtnetOptions(form=form, width=12, depth=2))  # type: ignore[arg-type]


def test_the_published_size_is_139_6_million_of_which_22_2_make_queries_and_keys() -> None:
    with torch.device("meta"):
        module = HtnetModule(3, FORMS["published"], 256, 10)
    sizes = {name: p.numel() for name, p in module.named_parameters()}
    assert sum(sizes.values()) == 139_582_982
    assert sum(n for name, n in sizes.items() if "query_key" in name) == 22_195_200


@pytest.mark.parametrize("form", list(FORMS))
def test_only_the_corrected_form_learns_where_to_look(form: str) -> None:
    network = _small(form)
    module = network.build(tasks.get("megc-3"))
    module(network.tensors({FLOW: CLIPS})).square().sum().backward()
    gradients = [p.grad for name, p in module.named_parameters() if "query_key" in name]
    assert len(gradients) == 6
    for gradient in gradients:
        assert gradient is not None and bool(gradient.any()) == (form == "corrected")


@pytest.mark.parametrize(("block", "n_seen"), [(1, 1), (2, 4), (4, 16)])
def test_a_token_sees_those_of_its_block_and_no_other(block: int, n_seen: int) -> None:
    torch.manual_seed(0)
    level = Level(12, 3, depth=2, side=4, block=block)
    x = torch.randn(1, 4, 4, 12, requires_grad=True)
    # Row 1, column 2: in blocks of two, those of rows 0 and 1, columns 2 and 3.
    level(x)[0, 1, 2].square().sum().backward()
    assert x.grad is not None
    seen = x.grad[0].abs().sum(dim=-1) > 0
    assert int(seen.sum()) == n_seen
    if block == 2:
        assert seen[0:2, 2:4].all()


def test_attention_is_that_of_torch() -> None:
    torch.manual_seed(0)
    own, other = Attention(12, 3), nn.MultiheadAttention(12, 3, batch_first=True)
    with torch.no_grad():
        other.in_proj_weight.copy_(torch.cat([own.query_key.weight, own.value.weight]))
        other.in_proj_bias.zero_()
        other.out_proj.weight.copy_(own.out.weight)
        other.out_proj.bias.copy_(own.out.bias)
    x = torch.randn(5, 4, 12)
    torch.testing.assert_close(own(x), other(x, x, x, need_weights=False)[0])


def test_a_block_is_that_of_torch() -> None:
    torch.manual_seed(0)
    own = Block(12, 3)
    other = nn.TransformerEncoderLayer(
        12, 3, dim_feedforward=48, dropout=0, activation="gelu", batch_first=True, norm_first=True
    )
    attention, mlp = own.attention, own.mlp
    with torch.no_grad():
        for norm, theirs in ((own.first, other.norm1), (own.second, other.norm2)):
            theirs.weight.copy_(norm.weight.normal_())
            theirs.bias.copy_(norm.bias.normal_())
        other.self_attn.in_proj_weight.copy_(torch.cat([attention.query_key.weight, attention.value.weight]))
        other.self_attn.in_proj_bias.zero_()
        for layer, theirs in (
            (attention.out, other.self_attn.out_proj),
            (mlp[0], other.linear1),
            (mlp[2], other.linear2),
        ):
            theirs.weight.copy_(layer.weight)
            theirs.bias.copy_(layer.bias)
    x = torch.randn(5, 4, 12)
    torch.testing.assert_close(own(x), other(x))


def test_between_levels_stand_a_convolution_a_layer_norm_and_a_pooling() -> None:
    torch.manual_seed(0)
    own = Aggregate(6)
    with torch.no_grad():
        own.norm.weight.normal_()
        own.norm.bias.normal_()
    x = torch.randn(3, 4, 4, 6)
    h = F.conv2d(x.permute(0, 3, 1, 2), own.conv.weight, own.conv.bias, padding=1)
    h = F.layer_norm(h.permute(0, 2, 3, 1), (12,), own.norm.weight, own.norm.bias).permute(0, 3, 1, 2)
    expected = F.max_pool2d(h, kernel_size=3, stride=2, padding=1).permute(0, 2, 3, 1)
    assert own(x).shape == (3, 2, 2, 12)
    torch.testing.assert_close(own(x), expected)


def test_the_plan_and_the_maps_are_those_of_the_published_program() -> None:
    plan = HtnetOptions()
    assert (plan.epochs, plan.batch_size, plan.learning_rate) == (800, 256, 5e-5)
    assert (plan.optimiser, plan.schedule, plan.weight_decay) == ("adam", "constant", 0.0)
    assert (plan.form, plan.width, plan.depth) == ("published", 256, 10)
    module = _small("published").build(tasks.get("megc-3"))
    assert [len(level.layers) for level in module.levels] == [2, 2, 2]
    assert [level.layers[0].attention.heads for level in module.levels] == [3, 6, 12]
    # A map of 4 x 4 tokens, halved twice; one token per block at every level.
    assert [level.n_blocks for level in module.levels] == [4, 2, 1]
    assert [level.block for level in module.levels] == [1, 1, 1]


def test_patches_are_cut_where_the_form_says() -> None:
    rows, columns = torch.meshgrid(torch.arange(28), torch.arange(28), indexing="ij")
    image = (100 * rows + columns).float()[None, None]
    published = tiled(image, FORMS["published"].centres, 14)[0, 0]
    assert published.shape == (28, 28)
    # The right eye of the constants is at x 21, y 10; the program takes rows 14 to 27 and columns 3 to 16.
    assert published[0, 14] == 1403 and published[13, 27] == 2716
    # And the left corner of the mouth, at x 10, y 21, comes from the upper right: rows 3 to 16, columns 14 to 27.
    assert published[14, 0] == 314
    corrected = tiled(image, FORMS["corrected"].centres, 16)[0, 0]
    assert corrected.shape == (32, 32)
    corners = [int(corrected[i, j]) for i in (0, 16) for j in (0, 16)]
    assert corners == [0, 12, 1201, 1211], "left eye, right eye, left and right corner of the mouth"


def test_published_pixels_are_0_to_255_and_corrected_flow_is_still_at_0() -> None:
    moving = np.zeros((1, 3, 28, 28), np.float32)
    moving[:, :, 4:12, 4:12] = [[[[2.0]], [[-1.0]], [[0.5]]]]
    published = _small("published").tensors({FLOW: moving})
    assert published.amin() == 0 and published.amax() == 255
    corrected = _small("corrected").tensors({FLOW: moving})
    assert corrected.median() == 0
    torch.testing.assert_close(corrected.amin(dim=(0, 2, 3)), torch.tensor([0.0, -1.0, 0.0]))
    torch.testing.assert_close(corrected.amax(dim=(0, 2, 3)), torch.tensor([1.0, 0.0, 1.0]))


@pytest.mark.parametrize("form", list(FORMS))
def test_pixels_without_a_value_are_refused(form: str) -> None:
    spoilt = CLIPS.copy()
    spoilt[2, 0, 5, 5] = np.nan
    with pytest.raises(InputError, match="NaN"):
        _small(form).tensors({FLOW: spoilt})


def test_only_small_networks_are_stacked() -> None:
    assert _small("corrected").stackable
    assert not Htnet(HtnetOptions()).stackable
