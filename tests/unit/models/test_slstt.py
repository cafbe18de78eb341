"""SLSTT: what learns, what is frozen and kept, how frames are joined; the facts of its specification."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from mien.clips import tasks
from mien.errors import InputError, UsageError
from mien.models import registry, slstt
from mien.models.flow_drawing import draw
from mien.models.slstt import SEEN, Slstt, SlsttNetwork, SlsttOptions, frozen_encoder
from mien.models.vit import SIZES, VisionTransformer, colours
from mien.motion.interpolation import fill_weights
from mien.motion.settings import Farneback, settings_of
from mien.prepare import recipe
from mien.prepare.timing import Annotation, plan_frames
from mien.training.material import learning_rate

FIVE = tasks.get("casme2-5")
TINY = {"vit": "ti16", "size_px": 32, "hidden": 16, "layers": 1}


@pytest.fixture(autouse=True)
def _one_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cache of each test's own, on disk and in memory."""
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))
    frozen_encoder.cache_clear()
    yield
    frozen_encoder.cache_clear()


def _network(name: str, **options: object) -> SlsttNetwork:
    network = registry.create(name, options)
    assert isinstance(network, SlsttNetwork)
    return network


def _flow(n: int = 2, frames: int = 4) -> dict[str, np.ndarray]:
    return {"flow": np.random.default_rng(0).normal(size=(n, 2, frames, 32, 32)).astype(np.float32)}


def _count(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_the_parameters_are_those_of_the_published_network() -> None:
    """93.05 million, of which 6.96 learn: norm 1,536, LSTM 6,828,032, head 132,613 for five classes."""
    with torch.device("meta"):
        module = _network("slstt").build(FIVE)
        mean = _network("slstt", aggregation="mean").build(FIVE)
        encoder = VisionTransformer(384, 16, *SIZES["b16"])
    counts = {name: _count(part) for name, part in module.aggregator.named_children()}
    assert counts == {"norm": 1_536, "recurrent": 6_828_032, "head": 132_613}
    # The transformer's last norm is counted once: the copy in the module is the one that learns.
    whole = _count(encoder) + _count(module) - counts["norm"]
    assert whole == 93_051_141 and round(whole / 1e6, 2) == 93.05
    assert _count(mean.aggregator.head) == 3_845


def test_training_is_that_of_the_published_code() -> None:
    plan = SlsttOptions()
    assert (plan.vit, plan.size_px, plan.drawing, plan.aggregation) == ("b16", 384, "hsv", "lstm")
    assert (plan.optimiser, plan.weight_decay, plan.batch_size, plan.epochs) == ("sgd", 1e-4, 2, 40)
    assert [learning_rate(plan, epoch) for epoch in (0, 29, 30, 39)] == pytest.approx(
        [0.01] * 2 + [0.001] * 2
    )
    # Neither class weights, nor augmentation, nor dropout.
    assert (plan.balance, plan.flip, plan.dropout) == (0, 0, 0)


def test_the_recipe_gives_farnebacks_flow_from_the_onset_with_the_published_settings() -> None:
    made = recipe.load("slstt")
    assert Slstt.needs.unmet(made.clip_shapes) is None and made.clip_shapes["flow"][:2] == (2, 11)
    assert made.flow.reference == "onset"
    assert settings_of(made.flow.method) == Farneback(
        pyramid_scale=0.5, levels=3, window_px=15, iterations=3, polynomial_px=5, polynomial_sigma_px=1.2
    )


@pytest.mark.parametrize("apex", [11, 12, 16, 17, 30])
@pytest.mark.parametrize("behind", [0, 1, 5, 6, 20])
def test_the_recipe_sees_eleven_images_of_the_published_window(apex: int, behind: int) -> None:
    onset, offset = 10, apex + behind
    plan = plan_frames(range(1, 61), Annotation(onset, apex, offset), recipe.load("slstt"))
    start = max(apex - 5, onset + 1)
    assert plan.sampled == tuple(range(start, min(start + 10, offset) + 1))
    assert apex in plan.sampled and len(fill_weights(len(plan.sampled), 11)) == 11


def test_what_is_kept_of_a_clip_are_the_class_tokens_of_its_images_before_the_last_norm() -> None:
    network = _network("slstt", **TINY)
    flow = _flow(1)["flow"]
    encoder = network.frozen()[0]
    with torch.no_grad():
        torch.nn.init.zeros_(encoder.norm.weight)
        images = colours(torch.from_numpy(draw(flow[0], 32, "hsv", 1.0)))
        expected = torch.stack([encoder(image[None])[0] for image in images])
    torch.testing.assert_close(network.tensors({"flow": flow})[SEEN][0], expected, atol=1e-5, rtol=1e-4)
    assert expected.abs().max() > 0


def test_the_lstm_and_its_head_worked_out_by_hand() -> None:
    """Norm, three layers, their state after the last frame, two linear layers with a ReLU between."""
    torch.manual_seed(0)
    aggregator = _network("slstt", **TINY | {"layers": 3}).build(FIVE).aggregator
    tokens = torch.randn(2, 11, 192)
    norm, head = aggregator.norm, aggregator.head
    torch.nn.init.normal_(norm.weight)
    h = F.layer_norm(tokens, (192,), norm.weight, norm.bias, eps=1e-6)
    _, (state, _) = aggregator.recurrent(h)
    middle = F.relu(F.linear(state[2], head[0].weight, head[0].bias))
    expected = F.linear(middle, head[2].weight, head[2].bias)
    assert head[0].weight.shape == (8, 16)
    torch.testing.assert_close(aggregator(tokens), expected)


def test_the_frozen_transformer_is_no_part_of_what_learns_and_never_changes() -> None:
    network = _network("slstt", **TINY)
    before = [p.clone() for p in network.frozen()[0].parameters()]
    module = network.build(FIVE)
    network.start(module)
    x = network.tensors(_flow())
    module(x).sum().backward()
    assert {name.split(".")[1] for name, _ in module.named_parameters()} == {"norm", "recurrent", "head"}
    assert all(p.grad is not None and p.grad.any() for p in module.parameters())
    encoder = network.frozen()[0]
    assert not any(p.requires_grad for p in encoder.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, encoder.parameters(), strict=True))


def test_features_are_computed_once_for_all_folds_seeds_and_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    plain = slstt.draw

    def counting(flow: np.ndarray, *given: Any) -> np.ndarray:
        drawn.append(len(flow))
        return plain(flow, *given)

    monkeypatch.setattr(slstt, "draw", counting)
    first = _network("slstt", **TINY).tensors(_flow(3))
    assert first[SEEN].shape == (3, 4, 192) and len(drawn) == 3
    again = _network("slstt", **TINY, aggregation="mean").tensors(_flow(3))
    assert len(drawn) == 3 and torch.equal(first[SEEN], again[SEEN])
    _network("slstt", **TINY, drawing="fixed").tensors(_flow(3))
    assert len(drawn) == 6
    # Whatever else changes what is seen is looked at anew.
    for other in ({"drawing": "fixed", "limit": 0.5}, {"vit": "s16"}, {"size_px": 48}):
        before = len(drawn)
        _network("slstt", **TINY | other).tensors(_flow(3))
        assert len(drawn) == before + 3
    monkeypatch.setattr(slstt, "LOOK_VERSION", 2)
    _network("slstt", **TINY).tensors(_flow(3))
    assert len(drawn) == before + 6


def test_a_clips_features_do_not_depend_on_other_clips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = _network("slstt", **TINY)
    together = network.tensors(_flow(3))[SEEN]
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "other"))
    alone = network.tensors({"flow": _flow(3)["flow"][1:2]})[SEEN]
    assert torch.equal(alone[0], together[1])


@pytest.mark.parametrize(
    ("aggregation", "same"), [("lstm", False), ("gru", False), ("mean", True), ("max", True)]
)
def test_the_order_of_the_frames_matters_to_the_lstm_and_not_to_the_mean(
    aggregation: str, same: bool
) -> None:
    torch.manual_seed(0)
    module = _network("slstt", **TINY, aggregation=aggregation).build(FIVE).eval()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    x = torch.randn(2, 11, 192)
    shuffled = x[:, torch.randperm(11)]
    assert torch.allclose(module({SEEN: x}), module({SEEN: shuffled}), atol=1e-4) == same


def test_the_mean_of_the_frames_logits_starts_at_zero() -> None:
    module = _network("slstt", **TINY, aggregation="mean").build(FIVE)
    x = torch.randn(2, 11, 192)
    assert (module({SEEN: x}) == 0).all()
    torch.nn.init.normal_(module.aggregator.head.weight)
    each = torch.stack([module({SEEN: x[:, t : t + 1]}) for t in range(11)])
    torch.testing.assert_close(module({SEEN: x}), each.mean(dim=0), atol=1e-5, rtol=1e-4)


def test_weights_come_from_a_file_and_the_run_says_which(tmp_path: Path) -> None:
    torch.manual_seed(7)
    published = VisionTransformer(32, 16, *SIZES["ti16"])
    torch.nn.init.normal_(published.norm.weight)
    path = tmp_path / "vit.safetensors"
    save_file(published.state_dict(), path)
    network = _network("slstt", **TINY, weights=path)
    network.check(FIVE)
    assert torch.equal(network.frozen()[0].pos_embed, published.pos_embed)
    (note,) = network.notes()
    assert "150 of 150 tensors from vit.safetensors" in note and "random" not in note
    module = network.build(FIVE)
    network.start(module)
    assert torch.equal(module.aggregator.norm.weight, published.norm.weight)
    other = _network("slstt", **TINY)
    assert "random weights" in other.notes()[0]
    assert not torch.equal(other.tensors(_flow())[SEEN], network.tensors(_flow())[SEEN])


def test_a_file_that_is_pickled_or_missing_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    for name, words in (("vit.pth", "pickled"), ("none.safetensors", "no such weights file")):
        with pytest.raises(UsageError, match=words):
            _network("slstt", **TINY, weights=tmp_path / name).check(FIVE)


def test_random_weights_are_the_same_in_every_process_whatever_the_runs_seed() -> None:
    torch.manual_seed(1)
    first = frozen_encoder("ti16", 32, None)[1]
    frozen_encoder.cache_clear()
    torch.manual_seed(2)
    assert frozen_encoder("ti16", 32, None)[1] == first


@pytest.mark.parametrize("frames", [1, 5, 21])
def test_any_number_of_frames_is_read(frames: int) -> None:
    for name, options in (("slstt", TINY), ("slstt-small", {"width": 8, "heads": 2, "depth": 1})):
        network = _network(name, **options)
        found: Tensor = network.build(FIVE).eval()(network.tensors(_flow(2, frames)))
        assert found.shape == (2, 5) and found.isfinite().all()


@pytest.mark.parametrize(("name", "options"), [("slstt", TINY), ("slstt-small", {})])
def test_flow_that_is_not_finite_is_refused(name: str, options: dict[str, object]) -> None:
    arrays = _flow()
    arrays["flow"][1, 0, 0, 3, 3] = np.inf
    with pytest.raises(InputError, match="NaN or infinity"):
        _network(name, **options).tensors(arrays)


def test_clips_are_not_mirrored_unless_asked_for() -> None:
    assert list(_network("slstt", **TINY).tensors(_flow())) == [SEEN]
