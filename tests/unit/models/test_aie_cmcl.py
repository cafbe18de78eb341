"""The heads that all forms of AIE-CMCL share: fusion of streams, scores, the shared space."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mien.models.aie_cmcl import AieCmclModule, AieCmclOptions
from mien.models.base import Batch


class _Streams(AieCmclModule):
    """Streams whose encoders are linear layers on parts of a vector."""

    def encode(self, x: Tensor, noise: dict[str, Tensor], valid: Tensor | None) -> list[Tensor]:
        return [encoder(x) for encoder in self.streams.values()]


class _Encoder(nn.Linear):
    n_features = 6


def _module(fusion: str, names: tuple[str, ...] = ("rgb", "flow")) -> _Streams:
    torch.manual_seed(0)
    options = AieCmclOptions(features=16, shared=8)
    return _Streams({name: _Encoder(5, 6) for name in names}, 3, 10, options, fusion)  # type: ignore[arg-type]


X = torch.randn(4, 5, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("fusion", ["concat", "sum", "late"])
def test_every_fusion_gives_scores_and_a_unit_embedding(fusion: str) -> None:
    outputs = _module(fusion)(X)
    assert outputs.logits.shape == (4, 3) and outputs.visual.shape == (4, 8)
    torch.testing.assert_close(outputs.visual.norm(dim=1), torch.ones(4))
    assert len(outputs.scores) == (2 if fusion == "late" else 1)
    assert all(p.grad is None for p in _module(fusion).parameters())


def test_concat_reads_both_streams_side_by_side_and_sum_adds_them() -> None:
    for fusion in ("concat", "sum"):
        module = _module(fusion)
        h = [encoder(X) for encoder in module.streams.values()]
        joined = torch.cat(h, dim=1) if fusion == "concat" else h[0] + h[1]
        wanted = module.classifier(torch.relu(module.fusion(joined)))
        torch.testing.assert_close(module(X).logits, wanted)


def test_late_fusion_averages_the_probabilities_of_the_streams() -> None:
    outputs = _module("late")(X)
    each = [torch.softmax(scores, dim=1) for scores in outputs.scores]
    torch.testing.assert_close(torch.softmax(outputs.logits, dim=1), (each[0] + each[1]) / 2)


def test_late_fusion_trains_each_stream_by_its_own_scores() -> None:
    """Its loss is the mean of the streams' losses, not the loss of their mean."""
    from mien.models.aie_cmcl_clips import AieCmclSmall, SmallOptions

    network = AieCmclSmall(SmallOptions(fusion="late", weight=0, smoothing=0))
    outputs = _module("late")(X)
    label = torch.tensor([0, 1, 2, 0])
    batch = Batch(X, {"label": label, "weight": torch.ones(4)}, {})
    each = [nn.functional.cross_entropy(scores, label) for scores in outputs.scores]
    wanted = (each[0] + each[1]) / 2
    torch.testing.assert_close(network.loss(outputs, batch)["classification"], wanted)
    assert float(wanted.detach()) > float(nn.functional.nll_loss(outputs.logits, label).detach())


def test_one_stream_is_the_same_under_every_fusion() -> None:
    found = [_module(fusion, ("flow",))(X).logits for fusion in ("concat", "sum")]
    assert torch.equal(found[0], found[1])
    late = _module("late", ("flow",))(X).logits
    torch.testing.assert_close(torch.softmax(late, 1), torch.softmax(found[0], 1))
