"""The pretext: what flows where, and that it starts as a copy."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mien.models.base import Batch
from mien.models.future_frames import FutureFrames, FuturePlan, latent_error
from mien.models.ma2mi import Ma2miSmall, SmallPlan
from mien.training.pretraining import UNLABELLED


def _pretext(**settings: object) -> FutureFrames:
    return FutureFrames(FuturePlan.parse(settings, model="x"), Ma2miSmall(SmallPlan(width=8)))


def _clips(n: int = 3) -> dict[str, torch.Tensor]:
    """Clips of 4 frames, frame t all of colour 20 t; all pairs one apart, then padding."""
    level = 20 * torch.arange(4, dtype=torch.uint8).view(1, 1, 4, 1, 1)
    rgb = level.expand(n, 3, 4, 32, 32).contiguous()
    rgb[:, :, :, :16] += 3
    pairs = torch.tensor([[0, 1], [1, 3], [2, 3], [0, 0]]).expand(n, -1, -1)
    return {"rgb": rgb, "pairs": pairs, "n_pairs": torch.full((n,), 3)}


def test_the_error_is_two_minus_twice_the_cosine() -> None:
    one, other = torch.rand(2, 5, 3, 3), torch.rand(2, 5, 3, 3)
    expected = (2 - 2 * F.cosine_similarity(one, other, dim=1)).mean(dim=(1, 2))
    torch.testing.assert_close(latent_error(one, other), expected)


def test_at_first_the_prediction_is_the_present() -> None:
    pretext = _pretext(pairs=2)
    module = pretext.build(UNLABELLED)
    seen = module(_clips())
    assert seen.predicted.shape == (6, 64, 2, 2) and torch.equal(seen.predicted, seen.present)
    terms = pretext.loss(seen, Batch(_clips(), {}, {}))
    assert terms["of copying"].item() == pytest.approx(1, abs=1e-5)


def test_only_pairs_that_count_are_drawn() -> None:
    module = _pretext(pairs=3).build(UNLABELLED).eval()
    seen: list[torch.Tensor] = []
    module.action.register_forward_hook(lambda _, given, out: seen.append(given[0]))
    module(_clips(1))
    module(_clips(1), {"which": torch.tensor([[0.0, 0.5, 0.9999]])})
    for given in seen:
        change = (given[:, 0, 0, 0] * 0.229 * 255).round().int().tolist()
        assert change == [20, 40, 20, 0]  # three pairs, and the one without motion


def test_no_gradient_reaches_the_target_and_it_follows_slowly() -> None:
    pretext = _pretext(pairs=2, momentum=0.75)
    module = pretext.build(UNLABELLED).train()
    weight = "blocks.3.body.0.weight"
    before = module.target.get_parameter(weight).clone()
    torch.nn.init.ones_(module.change.weight)
    with torch.no_grad():
        module.position.get_parameter(weight).add_(1)
    terms = pretext.loss(module(_clips()), Batch(_clips(), {}, {}))
    torch.stack(list(terms.values())).sum().backward()
    assert all(p.grad is None for p in module.target.parameters())
    assert all(p.grad is not None for p in module.position.parameters())
    assert all(p.grad is not None for p in module.action.parameters())
    torch.testing.assert_close(module.target.get_parameter(weight), before + 0.25)


def test_told_of_no_motion_it_cannot_tell_motions_apart() -> None:
    module = _pretext(pairs=1).build(UNLABELLED).eval()
    torch.nn.init.normal_(module.change.weight)
    clips = _clips(1)
    short, long = ({"which": torch.tensor([[w]])} for w in (0.0, 0.0))
    other = {**clips, "pairs": torch.tensor([[[0, 3]]]), "n_pairs": torch.tensor([1])}
    assert not torch.allclose(module(clips, short).predicted, module(other, long).predicted)
    blind = [module(x, noise, blind=True).predicted for x, noise in ((clips, short), (other, long))]
    torch.testing.assert_close(*blind)


def test_a_frame_paired_with_itself_is_penalised_for_what_the_action_branch_says_of_it() -> None:
    pretext = _pretext(pairs=2, static=0.5)
    with torch.no_grad():
        seen = pretext.build(UNLABELLED)(_clips())
    static = pretext.loss(seen, Batch(_clips(), {}, {}))["static"].item()
    assert static == pytest.approx(0.5 * float(seen.still.abs().mean() / seen.moving.abs().mean()))
    assert static > 0


def test_the_penalty_teaches_the_action_branch_alone_to_say_little_of_no_motion() -> None:
    pretext = _pretext(pairs=2, static=1.0)
    module, batch = pretext.build(UNLABELLED), Batch(_clips(), {}, {})
    seen = module(_clips())
    penalty = pretext.loss(seen, batch)["static"]
    (pull,) = torch.autograd.grad(penalty, seen.still, retain_graph=True)
    assert (pull * seen.still).sum() > 0
    penalty.backward()  # type: ignore[no-untyped-call]
    taught = {n.split(".")[0] for n, p in module.named_parameters() if p.grad is not None}
    assert taught == {"action"}
